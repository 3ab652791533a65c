"""The moment that a question is about: “today”, “ce soir”, “this weekend”."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Literal

from chatbot_server.retrieval.language.language_file import MomentName
from chatbot_server.retrieval.language.languages import (
    ALWAYS_USED,
    LANGUAGES,
    Languages,
    any_of,
    any_phrase,
)
from chatbot_server.retrieval.language.text import fold

_DAYS_AHEAD: dict[str, int] = {"tomorrow": 1, "after_tomorrow": 2}
_SATURDAY = 5
# Marks of lists, bold type and blanks before the first word of a sentence.
_BEFORE_WORDS = " \t\u00a0*_-–—•"


@dataclass(frozen=True)
class Moment:
    """A moment that a question names, as it is meant at the time *now*.

    Attributes:
        named_date: the date, if it is named by one.
    """

    name: MomentName | Literal["date"]
    now: datetime
    named_date: date | None = None

    @property
    def days(self) -> tuple[int, ...]:
        """The days of the week that are meant; Monday is 0."""
        if self.name == "weekend":
            return (_SATURDAY, _SATURDAY + 1)
        return (self.date.weekday(),)

    @property
    def date(self) -> date:
        """Its first day."""
        return self.named_date or (self.now + timedelta(days=_DAYS_AHEAD.get(self.name, 0))).date()


def find_moment(question: str, languages: Languages = ALWAYS_USED) -> tuple[MomentName | None, str]:
    """The moment that *question* names, and the question without it.

    Pages state the hours of every day, so that “today” is no word to search for.
    """
    flat = fold(question).replace("’", "'")
    text = question if len(flat) == len(question) else flat
    flat = _no_moment(languages).sub(lambda match: "#" * len(match[0]), flat)
    names: list[MomentName] = []
    for name, pattern in _patterns(languages).items():
        for match in reversed([*pattern.finditer(flat)]):
            names.append(name)
            text, flat = (each[: match.start()] + each[match.end() :] for each in (text, flat))
    return (names[0], " ".join(text.split())) if names else (None, question)


def asks_when(question: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *question* asks for a date."""
    phrases = any_phrase("asks_when", languages)
    return bool(re.search(rf"(?<!\w){phrases}(?!\w)", fold(question)))


def tells_posting(sentence: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *sentence* tells when a text was written: “Posted on 18 June 2026”."""
    phrases = any_phrase("posting_words", languages)
    return bool(re.match(rf"{phrases}(?!\w)", fold(sentence).lstrip(_BEFORE_WORDS)))


@cache
def _patterns(languages: Languages) -> dict[MomentName, re.Pattern[str]]:
    """Patterns of each moment, the more exact first."""
    order: tuple[MomentName, ...] = (
        "after_tomorrow", "tonight", "tomorrow", "weekend", "now", "today",
    )  # fmt: skip
    records = [LANGUAGES[code] for code in languages]
    phrases = {name: any_of(p for each in records for p in each.moments[name]) for name in order}
    return {name: re.compile(rf"(?<![\w-]){phrases[name]}(?![\w-])") for name in order}


@cache
def _no_moment(languages: Languages) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){any_phrase('no_moments', languages)}(?![\w-])")
