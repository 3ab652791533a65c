"""The data files of the guard: one for each language, with words in the form that they meet."""

from __future__ import annotations

import pytest

from chatbot_server.conversation.model.guard_words import CONTRAST, DEMAND, JOINT, GuardWords
from chatbot_server.messages import LANGUAGES
from chatbot_server.resources import read_yaml_files
from chatbot_server.retrieval.language.text import fold

FILES = read_yaml_files("chatbot_server.conversation.model", "guard_words_of")
MEET_FOLDED_TEXT = (
    "comparisons",
    "private",
    "asks",
    "logs_in",
    "logs_in_at",
    "calls",
    "pays",
    "pays_how",
)


def test_every_language_of_the_server_has_a_file() -> None:
    assert set(FILES) >= set(LANGUAGES)


@pytest.mark.parametrize("language", FILES)
def test_words_are_written_as_they_are_met(language: str) -> None:
    words = GuardWords.model_validate(FILES[language])
    met = [word for field in MEET_FOLDED_TEXT for word in getattr(words, field)]
    assert [word for word in met if fold(word) != word] == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Please tell us your password.",
        "Envoyez-nous votre mot de passe.",
        "Envoyez-nous votre password.",
        "Connectez-vous ici.",
        "Call +44 900 1234567.",
        "Payez maintenant.",
    ],
)
def test_no_site_asks_for_this_through_a_chatbot(sentence: str) -> None:
    assert DEMAND.search(fold(sentence))


def test_clauses_are_parted_in_every_language() -> None:
    assert CONTRAST.split("we open on Monday whereas the café opens on Tuesday") == [
        "we open on Monday",
        "the café opens on Tuesday",
    ]
    assert CONTRAST.split("ouvert tous les jours sauf le lundi")[1] == "le lundi"
    assert JOINT.split("le café et le thé") == ["le café", "le thé"]
