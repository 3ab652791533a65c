"""Which days of the year a text names, and for which of them it tells something."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.language.languages import ALWAYS_USED, together
from chatbot_server.retrieval.language.time.year_days import (
    Day,
    spans_in,
    tells_about,
    without_days,
)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("We are shut from 24 to 27 December.", (12, 24), (12, 27)),
        ("fermé les 25 et 26 décembre", (12, 25), (12, 26)),
        ("Ouvert du 3 avril au 27 septembre 2027", (4, 3), (9, 27)),
        ("Du 1er au 25 août, relâche", (8, 1), (8, 25)),
        ("1 April 2027 to the 30th of September", (4, 1), (9, 30)),
        ("Fermeture du 20/12/2026 au 04/01/2027", (12, 20), (1, 4)),
        ("20 décembre – 5 janvier", (12, 20), (1, 5)),
        ("closed December 24-27", (12, 24), (12, 27)),
        ("November to March: Thursday to Sunday", (11, 1), (3, 31)),
        ("in October", (10, 1), (10, 31)),
        ("on New Year’s Day", (1, 1), (1, 1)),
        ("le 14 juillet", (7, 14), (7, 14)),
        ("de mars à mai", (3, 1), (5, 31)),
        ("am Heiligabend", (12, 24), (12, 24)),
        ("en Nochevieja", (12, 31), (12, 31)),
    ],
)
def test_days_are_read_from_the_first_to_the_last(text: str, first: Day, last: Day) -> None:
    span = spans_in(text, together(("de", "es")))[0]
    assert (span.first, span.last) == (first, last)


@pytest.mark.parametrize(
    "text", ["May I come?", "open 24/7", "Rooms 31 to 40", "40 December", "12 h à 14 h"]
)
def test_what_is_no_day_of_the_year_is_none(text: str) -> None:
    assert not spans_in(text, ALWAYS_USED)


@pytest.mark.parametrize(
    ("question", "text", "is_told"),
    [
        ("à Noël", "Les cabinets seront fermés les 25 et 26 décembre.", True),
        ("at Christmas", "We shut on 1 January.", False),
        ("on 14 July", "Open from 3 April to 27 September.", True),
        ("in October", "Open from 3 April to 27 September.", True),
        ("on New Year's Eve", "Closed from 24 December to 2 January.", True),
        ("le 2 janvier", "Fermeture du 20 décembre au 5 janvier", True),
        ("le 8 mai", "Fermé les jours fériés.", True),
        ("on Boxing Day", "Closed on bank holidays.", True),
        ("on 9 May", "Closed on bank holidays.", False),
        ("at Halloween", "Closed on bank holidays.", False),
        ("in August", "Closed from 3 to 9 September.", False),
        ("at Christmas", "Closed on Easter Sunday.", False),
    ],
)
def test_a_text_tells_about_days_that_it_has_in_common_or_has_a_rule_for(
    question: str, text: str, is_told: bool
) -> None:
    asked_for = spans_in(question, ALWAYS_USED)
    assert asked_for
    assert bool(tells_about(asked_for, text, ALWAYS_USED)) is is_told


def test_days_are_taken_out_of_a_question() -> None:
    question = "Are you open on Monday in December ?"
    assert without_days(question, ALWAYS_USED).split() == ["Are", "you", "open", "on", "in", "?"]
