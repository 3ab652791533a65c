"""Dates that are named without a year, and holidays that move."""

from __future__ import annotations

from datetime import date

import pytest

from chatbot_server.retrieval.language.facts import facts
from chatbot_server.retrieval.language.languages import ALWAYS_USED
from chatbot_server.retrieval.language.time.dates import (
    NamedDate,
    date_of,
    easter,
    is_movable_holiday,
)
from chatbot_server.retrieval.language.time.year_days import spans_in

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("ouvert le 3 mars ?", NamedDate(3, 3)),
        ("open on March 3rd 2028", NamedDate(3, 3, 2028)),
        ("du 3 au 5 mars", None),
        ("le 3 ou le 4 mars", None),
        ("on Saturday 6 March", None),
        ("in March", None),
        ("le 14 juillet", None),
        ("at Christmas", None),
        ("on 3/4", None),
    ],
)
def test_one_date_is_read_and_no_other_day(text: str, named: NamedDate | None) -> None:
    assert date_of(spans_in(text, ALWAYS_USED), facts(text)) == named


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        (NamedDate(12, 3), date(2026, 12, 3)),
        (NamedDate(11, 26), TODAY),
        (NamedDate(11, 25), date(2027, 11, 25)),
        (NamedDate(3, 3, 2025), date(2025, 3, 3)),
        (NamedDate(2, 29), None),
        (NamedDate(4, 31), None),
    ],
)
def test_without_a_year_the_next_one_is_meant(named: NamedDate, meant: date | None) -> None:
    assert named.next_from(TODAY) == meant


def test_easter_is_where_the_calendar_has_it() -> None:
    # Dates of the Gregorian calendar, the earliest and the latest possible ones among them.
    known = ["1818-03-22", "1943-04-25", "2000-04-23", "2024-03-31", "2027-03-28", "2038-04-25"]
    dates = [date.fromisoformat(day) for day in known]
    assert [easter(day.year) for day in dates] == dates


@pytest.mark.parametrize(
    "day", ["2027-03-26", "2027-03-29", "2027-05-06", "2027-05-17", "2027-05-03", "2027-08-30"]
)
def test_holidays_that_move_are_known(day: str) -> None:
    assert is_movable_holiday(date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2027-03-30", "2027-05-10", "2027-08-23", "2027-08-31"])
def test_other_days_are_no_holidays(day: str) -> None:
    assert not is_movable_holiday(date.fromisoformat(day))
