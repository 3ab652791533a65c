"""A date that a question names (“le 3 mars”, “12 May 2027”), and holidays that move each year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from chatbot_server.retrieval.language.facts import Fact
from chatbot_server.retrieval.language.time.year_days import FEAST_DAYS, PUBLIC_HOLIDAYS, Span

# Days after Easter Sunday: Good Friday, Easter itself and its Monday, Ascension, Whitsun.
HOLIDAYS_AFTER_EASTER = frozenset((-2, 0, 1, 39, 49, 50))
# The kinds of facts that name a day, or may: “le 3 ou le 4 mars”.
OF_DAYS = frozenset(("date", "day", "number"))
MONDAY, MAY, AUGUST = 0, 5, 8
DAYS_OF_WEEK = 7
WEEK = timedelta(days=DAYS_OF_WEEK)
FIXED_FEASTS = PUBLIC_HOLIDAYS | {first for first, last in FEAST_DAYS.values() if first == last}


@dataclass(frozen=True)
class NamedDate:
    """A day of a month; of a *year*, if one is named."""

    month: int
    day: int
    year: int | None = None

    def next_from(self, today: date) -> date | None:
        """The date that is meant on the day *today*: without a year, the next one.

        None if there is no such day.
        """
        for year in (self.year,) if self.year else (today.year, today.year + 1):
            try:
                day = date(year, self.month, self.day)
            except ValueError:
                continue
            if self.year or day >= today:
                return day
        return None


def span_of(day: date | NamedDate) -> Span:
    """*day* as days of the year."""
    return Span((day.month, day.day), (day.month, day.day), "")


def date_of(spans: Iterable[Span], facts: Iterable[Fact]) -> NamedDate | None:
    """The date that a text names, by its days of the year and its *facts*.

    None if it names a further day, or if the date is a feast or a public holiday every year.
    """
    of_text = [*spans]
    dates = [fact.value.split("-") for fact in facts if fact.kind in OF_DAYS]
    if len(of_text) != 1 or len(dates) != 1:
        return None
    span, (year, *rest) = of_text[0], dates[0]
    month, day = span.first
    if span.length > 1 or span.first in FIXED_FEASTS or rest != [f"{month}", f"{day}"]:
        return None
    return NamedDate(month, day, int(year) if year else None)


def is_movable_holiday(day: date) -> bool:
    """Whether *day* is a holiday in France or the United Kingdom on another date each year.

    The bank holidays are the first Monday of May, and the last ones of May and August.
    """
    if (day - easter(day.year)).days in HOLIDAYS_AFTER_EASTER:
        return True
    is_first = day.month == MAY and day.day <= DAYS_OF_WEEK
    is_last = day.month in (MAY, AUGUST) and (day + WEEK).month != day.month
    return day.weekday() == MONDAY and (is_first or is_last)


def easter(year: int) -> date:
    """Easter Sunday of a Gregorian *year*, by the algorithm of Meeus, Jones and Butcher."""
    cycle = year % 19
    century, rest = divmod(year, 100)
    corrections = century // 4 + (century - (century + 8) // 25 + 1) // 3
    moon = (19 * cycle + century - corrections + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % DAYS_OF_WEEK
    too_late = (cycle + 11 * moon + 22 * weekday) // 451
    return date(year, 3, 22) + timedelta(days=moon + weekday - DAYS_OF_WEEK * too_late)
