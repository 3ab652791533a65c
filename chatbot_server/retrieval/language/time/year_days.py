"""Days of the year: “Christmas”, “le 14 juillet”, “from 24 to 27 December”, “April to September”.

Years are passed over: pages state the same closing days every year, and visitors name none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from chatbot_server.retrieval.language.language_file import FeastDay
from chatbot_server.retrieval.language.languages import (
    LANGUAGES,
    Languages,
    any_of,
    month_numbers,
)
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.time.weekdays import (
    months_between,
    names_public_holidays,
)

# A month and a day of it.
Day = tuple[int, int]
# When feast days are; those that move, between their earliest and latest dates (Gregorian Easter:
# 22 March to 25 April).
FEAST_DAYS: dict[FeastDay, tuple[Day, Day]] = {
    "new_years_day": ((1, 1), (1, 1)),
    "new_year": ((12, 31), (1, 1)),
    "good_friday": ((3, 20), (4, 23)),
    "easter": ((3, 22), (4, 26)),
    "labour_day": ((5, 1), (5, 1)),
    "ascension": ((4, 30), (6, 3)),
    "whitsun": ((5, 10), (6, 14)),
    "bastille_day": ((7, 14), (7, 14)),
    "assumption": ((8, 15), (8, 15)),
    "halloween": ((10, 31), (10, 31)),
    "all_saints": ((11, 1), (11, 1)),
    "christmas_eve": ((12, 24), (12, 24)),
    "christmas_day": ((12, 25), (12, 25)),
    "christmas": ((12, 24), (12, 26)),
    "boxing_day": ((12, 26), (12, 26)),
    "year_end": ((12, 24), (1, 2)),
    "new_years_eve": ((12, 31), (12, 31)),
}
# Those that are public holidays in France or the United Kingdom, by name or by date.
PUBLIC_HOLIDAYS: frozenset[FeastDay | Day] = frozenset((
    "new_years_day", "good_friday", "easter", "labour_day", "ascension", "whitsun", "bastille_day",
    "assumption", "all_saints", "christmas_day", "christmas", "boxing_day",
    (1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25), (12, 26),
))  # fmt: skip
DAYS_OF_MONTH = 31
DAYS_OF_YEAR = 12 * DAYS_OF_MONTH
# Longer texts are no statements about days.
LONGEST = 2000
# What may stand between the first and the last day: “1 April 2027 to the”.
_LONGEST_BETWEEN = 20
_SHORT_NAME = 3
_WORD = re.compile(r"[^\W\d_]+")
_DASH = re.compile(r"[-–—]")
# Around the number of a day: “the 1st”, “le 1er”.
_BESIDE_NUMBERS = frozenset(("the", "le", "er", "st", "nd", "rd", "th"))


@dataclass(frozen=True)
class Span:
    """From a first to a last day, both included, over the end of the year if need be.

    Attributes:
        text: the folded words that state it.
        feast: the name of its days, if they are stated by their name.
    """

    first: Day
    last: Day
    text: str
    feast: FeastDay | None = None

    @property
    def length(self) -> int:
        """The number of its days, each month of 31."""
        return (_number(self.last) - _number(self.first)) % DAYS_OF_YEAR + 1

    @property
    def is_month(self) -> bool:
        """Whether it is a whole month."""
        return self.length == DAYS_OF_MONTH

    @property
    def is_public_holiday(self) -> bool:
        """Whether it is known as a public holiday, or as several of them."""
        days = {self.feast} if self.feast else {self.first, self.last}
        return days <= PUBLIC_HOLIDAYS

    @property
    def is_season(self) -> bool:
        """Whether it is longer than a month, so that its bounds tell about the rest of the year.

        A feast that moves is on one day of its span.
        """
        return self.feast is None and self.length > DAYS_OF_MONTH

    def meets(self, other: Span) -> bool:
        """Whether both have a day in common."""
        return self._holds(other.first) or other._holds(self.first)

    def includes(self, other: Span) -> bool:
        """Whether all days of *other* are among its own."""
        return self._holds(other.first) and self._holds(other.last) and self.length >= other.length

    def _holds(self, day: Day) -> bool:
        return (_number(day) - _number(self.first)) % DAYS_OF_YEAR < self.length


def spans_in(text: str, languages: Languages) -> list[Span]:
    """The days that *text* names, and those from the one to the other where it joins two."""
    flat = fold(text[:LONGEST]).replace("’", "'")
    words = _day_names(languages)
    matches = [match for match in words.days.finditer(flat) if words.is_in_calendar(match)]
    ranges = [
        Span(words.span(before).first, words.span(after).last, flat[before.start() : after.end()])
        for before, after in pairwise(matches)
        if words.joins(flat[before.end() : after.start()])
    ]
    return [*ranges, *(words.span(match) for match in matches if words.is_sure(match))]


def months_in(text: str, languages: Languages) -> frozenset[int]:
    """The months, from 1, of the days that *text* names by their dates, and those in between."""
    spans = [span for span in spans_in(text, languages) if span.feast is None]
    return frozenset().union(*(months_between(span.first[0], span.last[0]) for span in spans))


def month_names(spans: Iterable[Span], languages: Languages) -> frozenset[str]:
    """The folded names, in full, of the months that *spans* begin and end in."""
    months = {month for span in spans for month, _day in (span.first, span.last)}
    return frozenset(LANGUAGES[code].months[month - 1][0] for code in languages for month in months)


def without_days(text: str, languages: Languages) -> str:
    """*text* without the days of the year and of the week that it names."""
    flat = fold(text).replace("’", "'")
    text = text if len(flat) == len(text) else flat
    words = _day_names(languages)
    matches = [*words.days.finditer(flat), *words.weekdays.finditer(flat)]
    for match in sorted(matches, key=lambda match: -match.start()):
        text = text[: match.start()] + text[match.end() :]
    return text


def tells_about(spans: Sequence[Span], text: str, languages: Languages) -> list[Span]:
    """Those of *spans* that *text* tells about: by a day in common, or by a rule for such days.

    The bounds of a season tell about all of the year, and “closed on bank holidays” about those.
    """
    stated_spans = spans_in(text, languages) if spans else []
    is_about_holidays = bool(spans) and names_public_holidays(text, languages)
    return [
        span
        for span in spans
        if any(each.is_season or each.meets(span) for each in stated_spans)
        or (is_about_holidays and span.is_public_holiday)
    ]


def _number(day: Day) -> int:
    month, number = day
    return (month - 1) * DAYS_OF_MONTH + number - 1


class _DayNames:
    """How some languages name days of the year, in folded text.

    Attributes:
        days: a feast day; one or two days of a month; a month.
        weekdays: a day of the week.
    """

    def __init__(self, languages: Languages) -> None:
        records = [LANGUAGES[code] for code in languages]

        def words(field: str) -> frozenset[str]:
            return frozenset().union(*(getattr(record, field) for record in records))

        self._feasts = {
            phrase: name
            for record in records
            for name, phrases in record.feast_days.items()
            for phrase in phrases
        }
        self._months = month_numbers(languages)
        self._ambiguous = words("ambiguous_months")
        self._ranges = words("day_ranges")
        joint = any_of(words("day_ranges") | words("day_lists") | {*"-–—,&/"})
        of = any_of(words("date_joints"))
        month = rf"(?P<month{{0}}>{any_of(self._months)})(?!\w)\.?"
        number = rf"(?<![\d.,:/])(?P<{{0}}>\d{{{{1,2}}}}){any_of(words('ordinals'))}?"
        first, last = number.format("day"), number.format("last_day")
        first_after, last_after = number.format("day2"), number.format("last_day2")
        to = rf"\s?{joint}\s?(?:(?:the|le|les)\s)?"
        self.days = re.compile(
            rf"(?<!\w)(?:(?P<feast>{any_of(self._feasts)})(?!\w)"
            rf"|{first}(?:{to}{last})?(?:\s{of})?\s{month.format('')}"
            rf"|{month.format('2')}\s{first_after}(?:{to}{last_after})?(?!\w|[:.]\d|\s?[€£$%])"
            r"|(?P<day3>\d{1,2})/(?P<month_number>0\d|1[0-2])(?:/\d{2,4})?(?![\d/])"
            rf"|{month.format('3')})"
        )
        of_week = frozenset().union(*(day for record in records for day in record.days))
        self.weekdays = re.compile(rf"(?<!\w){any_of(of_week)}s?(?!\w)")

    def is_in_calendar(self, match: re.Match[str]) -> bool:
        """Whether the days of a *match* are numbers that days can have."""
        days = [value for name, value in match.groupdict().items() if "day" in name and value]
        return all(1 <= int(day) <= DAYS_OF_MONTH for day in days)

    def is_sure(self, match: re.Match[str]) -> bool:
        """Whether a *match* is no month alone whose name may be another word: “may”, “mar”."""
        name = match["month3"]
        return name is None or (len(name) > _SHORT_NAME and name not in self._ambiguous)

    def span(self, match: re.Match[str]) -> Span:
        """What a *match* of ``days`` names."""
        if match["feast"]:
            feast = self._feasts[match["feast"]]
            return Span(*FEAST_DAYS[feast], match[0], feast)
        name = match["month"] or match["month2"] or match["month3"]
        month = self._months[name] if name else int(match["month_number"])
        day = match["day"] or match["day2"] or match["day3"]
        last_day = match["last_day"] or match["last_day2"] or day or DAYS_OF_MONTH
        return Span((month, int(day or 1)), (month, int(last_day)), match[0])

    def joins(self, between: str) -> bool:
        """Whether the text *between* two days makes them the first and the last of several."""
        words = frozenset(_WORD.findall(between))
        if len(between) > _LONGEST_BETWEEN or words - self._ranges - _BESIDE_NUMBERS:
            return False
        return bool(words & self._ranges or _DASH.search(between))


_day_names = cache(_DayNames)
