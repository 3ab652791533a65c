"""The hours in which a person of a site answers, by weekday, as an owner writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from chatbot_server.errors import UsageError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WITHIN = ("off", "minutes", "hour", "day")
MOST_INTERVALS = 4  # of one day
LONGEST_DAY = 100
_TIME = r"(\d{1,2})\s?(?:[:.hH]\s?(\d{2})?)?"
_INTERVAL = re.compile(rf"\s*{_TIME}\s*[-–—]\s*{_TIME}\s*")
Interval = tuple[int, int]


def hours_of(texts: Sequence[str]) -> dict[str, str]:
    """*texts*, each a weekday and its hours like ``mon=9:00-12:00, 14:00-18:00``, by weekday.

    The last line of a day counts; a day without hours is left out.

    Raises:
        UsageError: says of which day what cannot be read.
    """
    days: dict[str, str] = {}
    for text in texts:
        day, _, hours = text.partition("=")
        day = day.strip().lower()
        if day not in DAYS:
            raise UsageError("person_day_wrong", field="person-hours", found=text[:40])
        try:
            intervals = _read(hours) if hours.strip() else []
        except ValueError:
            raise UsageError("person_hours_wrong", field=day, found=hours[:60].strip()) from None
        days[day] = ", ".join(f"{_clock(start)}-{_clock(end)}" for start, end in intervals)
    return {day: days[day] for day in DAYS if days.get(day)}


def intervals_of(hours: str) -> list[Interval]:
    """The intervals, in minutes of the day, of hours written by :func:`hours_of`."""
    return _read(hours) if hours else []


def lines_of(hours: Mapping[str, str]) -> dict[str, str]:
    """The hours of each day of the week; empty if nobody answers then."""
    return {day: hours.get(day, "") for day in DAYS}


def _read(hours: str) -> list[Interval]:
    """The intervals of one day in minutes.

    Raises:
        ValueError: there are no times, too many, or they are in the wrong order.
    """
    parts = re.split(r"[,;]", hours)
    if len(hours) > LONGEST_DAY or len(parts) > MOST_INTERVALS:
        raise ValueError(hours)
    intervals = []
    latest = -1
    for part in parts:
        match = _INTERVAL.fullmatch(part)
        if match is None:
            raise ValueError(part)
        start, end = _minute(match[1], match[2]), _minute(match[3], match[4])
        if not latest < start < end <= 24 * 60:
            raise ValueError(part)
        intervals.append((start, end))
        latest = end
    return intervals


def _minute(hour: str, rest: str | None) -> int:
    if int(rest or 0) > 59:
        raise ValueError(rest)
    return 60 * int(hour) + int(rest or 0)


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"
