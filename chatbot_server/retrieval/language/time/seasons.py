"""Parts of the year: “in summer”, “du 5 juillet au 29 août”, “hors vacances scolaires”."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from chatbot_server.retrieval.language.languages import (
    ALWAYS_USED,
    LANGUAGES,
    Languages,
    PartOfYear,
    any_of,
    month_numbers,
)
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.time.weekdays import months_between

# Of spring, summer, autumn and winter north of the equator.
_MONTHS_OF_SEASONS = ({3, 4, 5}, {6, 7, 8}, {9, 10, 11}, {12, 1, 2})
# Longer texts are neither headings nor questions about one part of the year.
LONGEST = 300
LONGEST_BETWEEN = 20
SHORT_NAME = 3
Part = int | PartOfYear
_WORD = re.compile(r"[^\W\d_]+")
_DASH = re.compile(r"[-–—]")
_DAY_BEFORE = re.compile(r"\d\w{0,2}\s+(?:of\s)?\Z")
# Around the number of a day: “the 1st”, “le 1er”.
_BESIDE_NUMBERS = {"the", "le", "er", "st", "nd", "rd", "th"}


def parts_of_year(text: str, languages: Languages = ALWAYS_USED) -> frozenset[Part]:
    """The parts of the year that *text* names; a season is its months, from 1."""
    flat = fold(text[:LONGEST]).replace("’", "'")
    words = _year_words(languages)
    parts: set[Part] = {*words.months_in(flat)}
    for months, pattern in zip(_MONTHS_OF_SEASONS, words.seasons, strict=True):
        if pattern.search(flat):
            parts |= months
    for name, pattern in words.parts.items():
        flat, count = pattern.subn(" ", flat)
        if count:
            parts.add(name)
    return frozenset(parts)


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){any_of(phrases)}(?![\w-])")


class _YearWords:
    """How some languages speak of the year.

    Attributes:
        seasons: spring, summer, autumn and winter.
        parts: the other parts, in the order of the languages' files.
        numbers: of each month, by its names; ``months`` matches these names.
        ambiguous: names that are no month by themselves.
    """

    def __init__(self, languages: Languages) -> None:
        records = [LANGUAGES[code] for code in languages]
        by_season = zip(*filter(None, (each.names_of_seasons for each in records)), strict=True)
        self.seasons = [_pattern(name for names in each for name in names) for each in by_season]
        by_part: dict[PartOfYear, list[str]] = {}
        for record in records:
            for part, phrases in record.parts_of_year.items():
                by_part.setdefault(part, []).extend(phrases)
        self.parts = {part: _pattern(phrases) for part, phrases in by_part.items()}
        self.numbers = month_numbers(languages)
        self.months = re.compile(rf"(?<!\w){any_of(self.numbers)}(?!\w)")
        self.ambiguous = frozenset().union(*(record.ambiguous_months for record in records))
        self._joints = frozenset().union(*(record.day_ranges for record in records))

    def months_in(self, flat: str) -> set[int]:
        """The months that a folded text names, and those between two that it joins."""
        months: set[int] = set()
        last = end = 0
        for match in self.months.finditer(flat):
            month, name = self.numbers[match[0]], match[0]
            is_sure = len(name) > SHORT_NAME and name not in self.ambiguous
            if last and self.is_range(flat[end : match.start()]):
                months |= months_between(last, month)
            elif is_sure or _DAY_BEFORE.search(flat, max(0, match.start() - 10), match.start()):
                months.add(month)
            last, end = month, match.end()
        return months

    def is_range(self, between: str) -> bool:
        """Whether the text *between* two months makes them the first and the last of several."""
        words = set(_WORD.findall(between))
        if len(between) > LONGEST_BETWEEN or words - self._joints - _BESIDE_NUMBERS:
            return False
        return bool(words & self._joints or _DASH.search(between))


_year_words = cache(_YearWords)
