"""Rows of tables are told with their headings."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.language.facts import spelled_number
from chatbot_server.retrieval.language.tables import in_sentences

TABLE = "Before.\n| Day | From | To |\n|---|:--|--:|\n| Monday | 9 am | |\n| Sunday | | |\nAfter."


def test_each_row_is_told_with_its_headings() -> None:
    assert in_sentences(TABLE).split("\n") == [
        "Before.",
        "- Monday — From: 9 am",
        "- Sunday",
        "After.",
    ]


def test_french_has_a_blank_before_its_colons() -> None:
    assert "Monday — From\u00a0: 9 am" in in_sentences(TABLE, "fr")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("| A | B |\n| C | D |", "- A — B\n- C — D"),  # no headings
        ("|  | Price |\n|---|---|\n| Tea | 2 € | hot | |", "- Tea — Price: 2 €; hot"),
        ("| A |\n|---|", ""),
        (r"| a\|b | c |", r"- a\|b — c"),
        ("|", "|"),
        ("no | table", "no | table"),
        ("", ""),
    ],
)
def test_odd_tables_lose_nothing(rows: str, told: str) -> None:
    assert in_sentences(rows) == told


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("trente-cinq", 35),
        ("quatre-vingt-dix-sept", 97),
        ("vingt-et-un", 21),
        ("deux-cents", 200),
        ("thirty-five", 35),
        ("dozens", 12),
        ("centaine", 100),
        ("rendez-vous", None),
        ("un", None),
        ("", None),
    ],
)
def test_numbers_in_words_are_numbers(word: str, number: int | None) -> None:
    assert spelled_number(word) == number
