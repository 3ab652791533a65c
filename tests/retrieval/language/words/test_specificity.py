"""How much a word tells by itself."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.language.words.specificity import specificity


@pytest.mark.parametrize(
    ("telling", "common", "language"),
    [
        ("acupuncture", "faire", "fr"),
        ("piscine", "pourriez", "fr"),
        ("paddleboards", "whether", "en"),
        ("2027", "two", "en"),
        ("zahnarzt", "sagen", "de"),
        ("piscina", "hacer", "es"),
    ],
)
def test_words_that_are_seldom_said_tell_more(telling: str, common: str, language: str) -> None:
    assert specificity(telling, language) > 0.7
    assert specificity(common, language) < 0.6


def test_what_everybody_says_tells_nothing_and_an_unknown_word_all() -> None:
    assert (specificity("the", "en"), specificity("xyzzy", "en")) == (0.0, 1.0)
    assert specificity("the", "xx") == 1.0
