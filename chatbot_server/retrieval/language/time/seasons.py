"""Parts of the year: “in summer”, “du 5 juillet au 29 août”, “hors vacances scolaires”."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from chatbot_server.retrieval.language.language_file import PartOfYear
from chatbot_server.retrieval.language.languages import (
    ALWAYS_USED,
    LANGUAGES,
    Languages,
    any_of,
)
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.time.year_days import months_in

# Of spring, summer, autumn and winter north of the equator.
_MONTHS_OF_SEASONS = ({3, 4, 5}, {6, 7, 8}, {9, 10, 11}, {12, 1, 2})
# Longer texts are neither headings nor questions about one part of the year.
LONGEST = 300
Part = int | PartOfYear


def parts_of_year(text: str, languages: Languages = ALWAYS_USED) -> frozenset[Part]:
    """The parts of the year that *text* names; a season is its months, from 1."""
    flat = fold(text[:LONGEST]).replace("’", "'")
    words = _year_words(languages)
    parts: set[Part] = {*months_in(flat, languages)}
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


_year_words = cache(_YearWords)
