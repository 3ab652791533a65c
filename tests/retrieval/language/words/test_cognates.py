"""Words that two languages write nearly alike, and what they say of a section."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.language.words.cognates import Cognates


@pytest.mark.parametrize(
    ("word", "other", "are_alike"),
    [
        ("theoreme", "theorem", True),
        ("pourcentage", "pourcent", True),
        ("traite", "treaty", False),
        ("car", "carpet", False),
        ("port", "portuguese", False),
        ("1992", "1992", False),
    ],
)
def test_cognates_share_their_beginning(word: str, other: str, are_alike: bool) -> None:
    assert bool(Cognates([word]).among([other])) == are_alike


def test_a_text_in_another_language_holds_the_question_s_cognates() -> None:
    query = Query("Combien de kilomètres pour la pharmacie ?")
    text = "The pharmacist is three kilometers away."
    assert query.coverage(query.terms_of(text, "en")) > query.coverage(query.terms_of(text, "fr"))


def test_many_words_are_compared_in_no_time() -> None:
    words = [f"{'abcd' * 9}{chr(97 + at % 26)}" for at in range(60)]
    assert len(Cognates(words).among(words)) == 26
