"""Reads the hours of each day of the week: “Monday to Friday 9am to 5pm, Saturday closed.”

Only what is certain is returned: the words of the page, for days that it names.
"""

from __future__ import annotations

import re
from functools import cache, partial
from itertools import pairwise

from chatbot_server.retrieval.language.facts import fact_patterns, facts
from chatbot_server.retrieval.language.languages import (
    ALWAYS_USED,
    LANGUAGES,
    Languages,
    any_of,
    any_phrase,
    month_numbers,
)
from chatbot_server.retrieval.language.markdown import ITEM
from chatbot_server.retrieval.language.text import fold

# A longer sentence is no line of opening hours.
LONGEST = 600
MINUTES_OF_DAY = 24 * 60
_EDGES = " \t\u00a0,;:.–—-•*("
_IN_CELL = re.compile(r":\s*\Z")
Interval = tuple[int, int]


class _DayWords:
    """Regular expressions for the days of some languages in folded text.

    Attributes:
        days: one of ``d0`` … ``d6``, ``every``, ``work`` or ``weekend``.
        range, list: come between two days or months that belong together.
        excepting: excludes the days that follow.
        trailing: introduces the next days.
    """

    def __init__(self, languages: Languages) -> None:
        records = [LANGUAGES[code] for code in languages]

        words = partial(any_phrase, languages=languages)
        groups = [
            rf"(?P<d{day}>{any_of(word for each in records for word in each.days[day])}s?"
            rf"|{any_of(word for each in records for word in each.short_days[day])}\b\.?"
            r"(?=\s*(?:[-–—/,&:]|\d|\w+\s+\w{2,4}\b)))"
            for day in range(7)
        ]
        groups += [rf"(?P<every>{words('every_day')})", rf"(?P<work>{words('working_days')})"]
        groups += [rf"(?P<weekend>{words('weekends')})"]
        self.days = re.compile(rf"(?<!\w)(?:{'|'.join(groups)})(?!\w)")
        day_list = rf"(?:\s|[,/&]|{words('day_lists')}(?!\w))*"
        self.range = re.compile(
            rf"\s*(?:[-–—]|{words('day_ranges')}(?!\w))\s*(?:{words('day_lists')}\s)?"
        )
        to = rf"(?:[-–—]|{words('day_ranges')}(?!\w))"
        self._compound = rf"(?<!\w)(?!{words('noon')}|{words('midnight')})[^\W\d_]{{2,}}-[^\W\d_]+"
        self._noon, self._midnight = (
            re.compile(
                rf"{self._compound}|(?<!\w){words(name)}(?=\s*{to})|(?P<to>{to}\s*){words(name)}(?!\w)"
            )
            for name in ("noon", "midnight")
        )
        self.list = re.compile(day_list)
        self.excepting = re.compile(rf"\s*(?:,\s*)?{words('excepting')}(?!\w){day_list}")
        self.trailing = re.compile(rf"(?:[\s,;]|(?<!\w){words('day_lists')}(?!\w))*\Z")
        closing = [each.opposites["open / closed"][1] for each in records]
        self.closed = re.compile(rf"(?<!\w){any_of(frozenset().union(*closing))}(?!\w)")
        self.month_numbers = month_numbers(languages)
        self.months = re.compile(rf"(?<!\w){any_of(self.month_numbers)}(?!\w)")
        self.seasons = re.compile(rf"(?<!\w){words('seasons')}(?!\w)")
        self.holidays = re.compile(rf"(?<!\w){words('public_holidays')}(?!\w)")
        self.special = re.compile(rf"(?<!\w){words('special_days')}(?!\w)")

    def groups(self, flat: str) -> list[tuple[frozenset[int], int, int]]:
        """Groups of days that are named together, with the positions of their words."""
        groups: list[tuple[frozenset[int], int, int]] = []
        last_day = 0
        for match in self.days.finditer(flat):
            days, between = _DAYS[match.lastgroup or ""], ""
            if groups:
                before, start, end = groups[-1]
                between = flat[end : match.start()]
            if groups and self.excepting.fullmatch(between):
                groups[-1] = (before - days, start, match.end())
            elif groups and self.range.fullmatch(between) and len(days) == 1:
                first, last = last_day, next(iter(days))
                span = [(first + step) % 7 for step in range((last - first) % 7 + 1)]
                groups[-1] = (before | frozenset(span), start, match.end())
            elif groups and self.list.fullmatch(between):
                groups[-1] = (before | days, start, match.end())
            else:
                groups.append((days, match.start(), match.end()))
            last_day = max(days)
        return groups

    def in_digits(self, flat: str) -> str:
        """*flat* with “12:00” for noon where a span of hours begins or ends with it, and “0:00” for
        midnight; “Midi : 12 h à 14 h” only names a meal."""

        def hour(digits: str, match: re.Match[str]) -> str:
            is_hour = match["to"] or not re.fullmatch(self._compound, match[0])
            return (match["to"] or "") + digits if is_hour else match[0]

        return self._midnight.sub(
            partial(hour, "0:00"), self._noon.sub(partial(hour, "12:00"), flat)
        )

    def end_of_hours(self, flat: str, start: int, stop: int) -> int:
        """Where the text about some days ends, without the words that introduce the next."""
        trailing = self.trailing.search(flat, start, stop)
        return trailing.start() if trailing else stop


_day_words = cache(_DayWords)


def hours_by_day(sentence: str, languages: Languages = ALWAYS_USED) -> dict[int, str]:
    """What *sentence* says about each day that it names, in its own words; Monday is 0.

    Empty if it states no hours, or if their days are uncertain.
    """
    item = ITEM.match(sentence)
    sentence = (sentence[item.end() :] if item else sentence).replace("**", "")
    flat = fold(sentence)
    if len(sentence) > LONGEST or len(flat) != len(sentence):
        return {}
    groups = _day_words(languages).groups(flat)
    if not groups:
        return {}
    starts = [start for _days, start, _end in groups] + [len(sentence)]
    behind = [
        (end, _day_words(languages).end_of_hours(flat, end, starts[at + 1]))
        for at, (_days, _start, end) in enumerate(groups)
    ]
    texts = [sentence[start:stop].strip(_EDGES) for start, stop in behind]
    if not all(_states_hours(text, languages) for text in texts):
        # “Closed on Sunday.”, “9am to 5pm Monday to Friday.”: all of it is about one day or range.
        if len(groups) > 1 or not _states_hours(sentence, languages):
            return {}
        texts = [sentence.strip(_EDGES)]
    by_day: dict[int, str] = {}
    widest_first = sorted(zip(groups, texts, strict=True), key=lambda pair: -len(pair[0][0]))
    for (days, _start, _end), text in widest_first:
        by_day |= dict.fromkeys(days, text)
    return by_day


def intervals(hours: str, languages: Languages = ALWAYS_USED) -> list[Interval] | None:
    """The opening intervals in *hours*, in minutes; empty if closed, None if uncertain."""
    words = _day_words(languages)
    flat, closing = words.in_digits(fold(hours)), words.closed
    patterns = [pattern for pattern in fact_patterns(languages) if pattern.kind == "time"]
    times = [
        60 * int(hour) + int(minute)
        for pattern in patterns
        for match in pattern.regex.finditer(flat)
        for hour, minute in [pattern.value(match).split(":")]
    ]
    if not times:
        return [] if closing.search(flat) else None
    if any(not _IN_CELL.search(flat, 0, match.start()) for match in closing.finditer(flat)):
        return None  # “11 h à 19 h ; fermé les jours de pluie”
    pairs = [*zip(times[::2], times[1::2], strict=False)]
    bounds = [(start, end if end > start else end + MINUTES_OF_DAY) for start, end in pairs]
    is_in_order = all(earlier[1] <= later[0] for earlier, later in pairwise(bounds))
    return bounds if len(times) % 2 == 0 and is_in_order else None


def is_seasonal(text: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *text* is about a part of the year only."""
    has_date = any(fact.kind == "date" for fact in facts(text, languages))
    return has_date or bool(_day_words(languages).seasons.search(fold(text)))


def months_between(first: int, last: int) -> frozenset[int]:
    """The months from *first* to *last*, both included, over the end of the year if need be."""
    return frozenset((first + step - 1) % 12 + 1 for step in range((last - first) % 12 + 1))


def months_of_heading(heading: str, languages: Languages = ALWAYS_USED) -> frozenset[int]:
    """The months that *heading* limits its section to; empty if it names none, or days of them."""
    words, flat = _day_words(languages), fold(heading)
    months: frozenset[int] = frozenset()
    end = last = 0
    for match in words.months.finditer(flat):
        month, between = words.month_numbers[match[0]], flat[end : match.start()]
        if months and words.range.fullmatch(between):
            months |= months_between(last, month)
        elif not months or words.list.fullmatch(between):
            months |= {month}
        else:
            return frozenset()
        end, last = match.end(), month
    return frozenset() if re.search(r"\d", flat) else months


def without_holidays(text: str, languages: Languages = ALWAYS_USED) -> str:
    """*text*, folded, without words for public holidays."""
    return _day_words(languages).holidays.sub(" ", fold(text))


def names_days(text: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *text* names days of the week, or all of them."""
    return bool(_day_words(languages).days.search(fold(text)))


def names_public_holidays(text: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *text* speaks of public holidays as such."""
    return bool(_day_words(languages).holidays.search(fold(text)))


def names_special_days(text: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *text* names days, other than public holidays, with other hours than usual."""
    return bool(_day_words(languages).special.search(fold(text)))


def _states_hours(text: str, languages: Languages) -> bool:
    """Whether *text* does, or each of its cells: “Shop: 9 to 5; café: 10 to 4”."""
    return intervals(text, languages) is not None or all(
        intervals(cell, languages) is not None for cell in text.split(";")
    )


_DAYS = {f"d{day}": frozenset({day}) for day in range(7)} | {
    "every": frozenset(range(7)),
    "work": frozenset(range(5)),
    "weekend": frozenset({5, 6}),
}
