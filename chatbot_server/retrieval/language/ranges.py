"""Ages and counts, and the limits that a text sets them: “under 10” includes a child of nine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from chatbot_server.retrieval.language.languages import LANGUAGES, Languages, any_of
from chatbot_server.retrieval.language.text import fold

_NUMBER = r"(?<!\d)\d{1,3}(?!\d)"
_WORD = re.compile(r"[^\W_]+")
_HIGHEST = 999
AGE = "age"  # the unit of ages; other units are things to count
OF_AGE = 18


@dataclass(frozen=True)
class Count:
    """An age, or a number of things, in a question; *words* are those that state it."""

    number: int
    unit: str
    words: frozenset[str]

    @property
    def is_of_child(self) -> bool:
        """Whether it is a child's age."""
        return self.unit == AGE and self.number < OF_AGE


@dataclass(frozen=True)
class _Range:
    first: int
    last: int
    unit: str

    def holds(self, count: Count) -> bool:
        return self.unit == count.unit and self.first <= count.number <= self.last


def counts_in(question: str, languages: Languages) -> list[Count]:
    """The ages and counts in *question*."""
    flat = fold(question)
    return [
        Count(int(match["number"]), unit, frozenset(_WORD.findall(match[0])))
        for unit, phrases in _limits(languages).items()
        for match in phrases.count.finditer(flat)
    ]


def with_unit_of_age(question: str, languages: Languages) -> str:
    """*question* with the unit of an age that is told without one: “my son is 12 years old, …”."""
    for code in languages:
        if years := LANGUAGES[code].ranges.years_of_age:
            question = _age_statement(code).sub(rf"\g<0> {years}", question)
    return question


@cache
def _age_statement(language: str) -> re.Pattern[str]:
    record = LANGUAGES[language]
    openings = any_of(record.question_openings)
    statements = any_of(record.ranges.age_statements).replace("'", "['’]")
    return re.compile(
        rf"(?<!\w){statements} (?:\w{{4,6}} )?{_NUMBER}(?![.,]\d)"
        rf"(?=[ ]?(?:[,.;:!?]|\Z|{openings}(?!\w)))",
        re.IGNORECASE,
    )


def lies_outside(counts: Iterable[Count], text: str, languages: Languages) -> bool:
    """Whether *text* has limits for one of *counts*, which all exclude it."""
    ranges = list(_ranges(fold(text), languages))
    return any(
        any(each.unit == count.unit for each in ranges)
        and not any(each.holds(count) for each in ranges)
        for count in counts
    )


def within(counts: Iterable[Count], text: str, languages: Languages) -> list[Count]:
    """Those of *counts* that limits in *text* include."""
    ranges = list(_ranges(fold(text), languages))
    return [count for count in counts if any(each.holds(count) for each in ranges)]


def limits_ages(text: str, languages: Languages) -> bool:
    """Whether *text* sets limits to ages: “under 10”, “ages 8 to 13”."""
    return any(each.unit == AGE for each in _ranges(fold(text), languages))


def _ranges(flat: str, languages: Languages) -> Iterator[_Range]:
    for unit, phrases in _limits(languages).items():
        flat = phrases.in_full(flat)
        if unit == AGE and phrases.every_age.search(flat):
            yield _Range(0, _HIGHEST, unit)
        for match in phrases.between.finditer(flat):
            first = 0 if match["other"] else int(match["first"])  # “6 months to 3 years”
            yield _Range(first, int(match["last"]), unit)
        for match in phrases.limit.finditer(flat):
            number = int(match["number"])
            if match["under"]:
                yield _Range(0, number - 1, unit)
            elif match["over"]:
                yield _Range(number + 1, _HIGHEST, unit)
            elif match["until"] or match["until_there"]:
                yield _Range(0, number, unit)
            elif match["from"] or match["from_there"]:
                yield _Range(number, _HIGHEST, unit)


class _Limits:
    """How some languages state limits of one unit.

    Attributes:
        count: a number of it; *between*: two limits; *limit*: one; *every_age*: none.
    """

    def __init__(self, languages: Languages, unit: str) -> None:
        records = [LANGUAGES[code].ranges for code in languages]

        def phrases(name: str) -> str:
            return any_of(phrase for record in records for phrase in getattr(record, name))

        units = any_of(word for record in records for word in record.units.get(unit, ()))
        unit_after = rf"[ -]?(?P<unit>{units})\b"
        self.count = re.compile(rf"(?P<number>{_NUMBER}){unit_after}")
        self.between = re.compile(
            rf"(?P<first>{_NUMBER})(?:[ -]?{units})?(?: (?P<other>[a-z]{{2,9}}))?"
            rf"(?: (?:{phrases('joints')}) | ?[-–/] ?)(?P<last>{_NUMBER}){unit_after}"
        )
        self.limit = re.compile(
            rf"(?:(?:(?P<under>{phrases('under')})|(?P<over>{phrases('over')})"
            rf"|(?P<until>{phrases('until')})|(?P<from>{phrases('from_there')}))[ -])?"
            rf"(?P<number>{_NUMBER}){unit_after}"
            rf"(?: (?:(?P<until_there>{phrases('and_below')})"
            rf"|(?P<from_there>{phrases('and_above')})))?"
        )
        self.every_age = re.compile(rf"\b(?:{phrases('every_age')})\b".replace("'", "['’]"))
        self._is_of_age = unit == AGE
        self._without_unit = re.compile(
            rf"\b{phrases('age_words')} "
            rf"(?P<range>{_NUMBER}(?:(?: (?:{phrases('joints')}) | ?[-–] ?){_NUMBER})?)"
            rf"(?![ -]?{units}\b)"
        )
        self._unit = next(word for record in records for word in record.units.get(unit, ()))

    def in_full(self, flat: str) -> str:
        """*flat* with a unit after ages that a word before them introduces: “aged 5 to 11”."""
        return self._without_unit.sub(rf"\g<range> {self._unit}", flat) if self._is_of_age else flat


@cache
def _limits(languages: Languages) -> dict[str, _Limits]:
    units = dict.fromkeys(unit for code in languages for unit in LANGUAGES[code].ranges.units)
    return {unit: _Limits(languages, unit) for unit in units}
