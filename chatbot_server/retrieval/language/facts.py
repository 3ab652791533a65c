"""Checkable facts of a text: numbers, dates, times, prices, addresses, links.

A sentence is *supported* when each of its facts stands in one of the texts it
was written from. What is meant counts, not the spelling: “9h30” is “9:30 am”,
“1 200,50 €” is “€1,200.50”, “three” is 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

from chatbot_server.retrieval.language.languages import (
    FIRST,
    LANGUAGES,
    Languages,
    Streets,
    Words,
    any_of,
)
from chatbot_server.retrieval.language.text import fold

Kind = Literal[
    "link", "email", "phone", "street", "date", "day", "time", "price", "percent", "number"
]
Match = re.Match[str]

SYMBOLS = {
    "€": "eur", "eur": "eur", "$": "usd", "usd": "usd", "£": "gbp", "gbp": "gbp", "¥": "jpy",
    "chf": "chf",
}  # fmt: skip
# Of names without a scheme: “fin.Les” at a sentence's end is no address.
_DOMAINS = (
    "com|org|net|fr|eu|be|ch|ca|io|info|uk|de|gouv|edu|gov|lu|es|it|nl|pt|pl|at|us|co|biz|shop"
    "|store|site|online|app|dev|xyz|top|club|vip|live|link|click|blog|cloud|tech|ai|me|tv|ly|gl"
    "|gg|cc|ru|cn|jp|example|test"
)

# Whole runs of digits, and no endless ones of groups: else each digit begins a new search.
_NUMBER = r"""
    (?<!\d) (?:
        \d{1,3} (?:[ .,’']\d{3}){1,6} (?:[.,]\d{1,2})? (?!\d)
      | \d+ (?:[.,]\d+)?
    )
"""
_EMAIL = r"[\w.+-]{1,64} @ [\w-]+ (?:\.[\w-]+)+"
_LINK = rf"""
    (?:https?:)? // [^\s<>"«»]+
  | \b www\. [^\s<>"«»]+
  | \b (?:[a-z0-9-]{{1,63}}\.){{1,10}}
    (?: (?:{_DOMAINS})\b (?: / [^\s<>"«»]* )? | [a-z]{{2,12}} / [^\s<>"«»]+ )
"""
_PHONE = r"(?<![\d.,]) (?: \+\d{1,3} | 0 ) [ .-]? (?: \(0\)[ ]? )? (?: \d[ .-]? ){7,11} \d (?!\d)"
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+){0,4}")
_DATE_IN_DIGITS = r"""
    \b (?P<year>\d{4}) - (?P<month>\d{1,2}) - (?P<day>\d{1,2}) \b
  | \b (?P<day2>\d{1,2}) ([/.]) (?P<month2>\d{1,2}) \5 (?P<year2>\d{4}|\d{2}) \b
"""


@dataclass(frozen=True)
class Fact:
    """One fact; *value* is normalised so that equal facts compare equal."""

    kind: Kind
    value: str


@dataclass(frozen=True)
class FactPattern:
    """How one kind of fact is written in folded text, and what a match says."""

    kind: Kind
    regex: re.Pattern[str]
    value: Callable[[Match], str]


def facts(text: str, languages: Languages = FIRST) -> frozenset[Fact]:
    """Every fact that *text* states."""
    return frozenset(_scan(fold(text), languages))


def gather(texts: Iterable[str], languages: Languages = FIRST) -> frozenset[Fact]:
    """The facts of several texts together."""
    return frozenset().union(*(facts(text, languages) for text in texts))


def unsupported(
    sentence: str, known: frozenset[Fact], languages: Languages = FIRST
) -> frozenset[Fact]:
    """The facts of *sentence* that do not stand among *known*."""
    return frozenset(fact for fact in facts(sentence, languages) if not _is_among(fact, known))


@cache
def fact_patterns(languages: Languages = FIRST) -> tuple[FactPattern, ...]:
    """In the order in which they are tried; what one took, the next ones do not see."""
    regexes: tuple[tuple[Kind, str, Callable[[Match], str]], ...] = (
        ("email", _EMAIL, lambda match: match[0].rstrip(".")),
        ("link", _LINK, _link),
        ("phone", _PHONE, partial(_phone, _calling_codes(languages))),
        (
            "street",
            _street_regex(languages),
            lambda match: re.sub(r"[\s,]+", " ", match[0]).strip(" ."),
        ),
        ("date", _date_regex(languages), partial(_date, _months(languages))),
        ("date", _day_and_month_regex(languages), partial(_date, _months(languages))),
        ("date", _DATE_IN_DIGITS, partial(_date, {})),
        ("time", _time_regex(languages), _time),
        ("price", _price_regex(languages), partial(_price, _currencies(languages))),
        ("percent", _percent_regex(languages), _amount),
        ("number", f"(?P<amount>{_NUMBER})", _amount),
    )
    return tuple(
        FactPattern(kind, re.compile(regex, re.VERBOSE), value) for kind, regex, value in regexes
    )


def states(kind: Kind, folded: str, languages: Languages = FIRST) -> bool:
    """Whether a folded text has a fact of *kind*."""
    return any(
        pattern.regex.search(folded) for pattern in fact_patterns(languages) if pattern.kind == kind
    )


def spelled_number(word: str, languages: Languages = FIRST) -> int | None:
    """The number that a folded word tells, compounds included; None: it tells none.

    “trente-cinq”, “quatre-vingt-dix”, “dozens”, “einundzwanzig”.
    """
    spelling = _spelling(languages)
    if (number := spelling.number(word)) is not None:
        return number
    parts = [part for part in spelling.joint.split(word) if part]
    values = [1 if part in spelling.ones else spelling.number(part) for part in parts]
    numbers = [value for value in values if value is not None]
    return _sum(numbers) if len(parts) > 1 and len(numbers) == len(parts) else None


@dataclass(frozen=True)
class _Spelling:
    """Numbers in words: those of one word, and how compounds are joined."""

    numbers: dict[str, int]
    ones: Words
    joint: re.Pattern[str]

    def number(self, word: str) -> int | None:
        return self.numbers.get(word, self.numbers.get(word.removesuffix("s")))


@cache
def _spelling(languages: Languages) -> _Spelling:
    numbers: dict[str, int] = {}
    ones: Words = frozenset()
    joints = {"-"}
    for language in map(LANGUAGES.__getitem__, languages):
        ones |= language.numbers.get(1, frozenset())
        for number, words in language.numbers.items():
            numbers |= dict.fromkeys(words, number) if number != 1 else {}
        joints |= {f"-{joint}-" for joint in language.number_joints}
        joints |= {language.number_joint_inside} if language.number_joint_inside else set()
    return _Spelling(numbers, ones, re.compile(any_of(joints)))


def _sum(values: list[int]) -> int:
    total = 0
    for value in values:
        if (value == 20 and total == 4) or (value >= 100 and 0 < total < value):
            total *= value  # quatre-vingt; deux-cents
        else:
            total += value
    return total


def _scan(text: str, languages: Languages) -> Iterator[Fact]:
    for pattern in fact_patterns(languages):
        for match in pattern.regex.finditer(text):
            try:
                yield Fact(pattern.kind, pattern.value(match))
            except (ValueError, OverflowError):  # digits of another script that int() refuses  # noqa: PERF203
                yield Fact(pattern.kind, match[0])
        text = pattern.regex.sub(" · ", text)
    days, months = _days(languages), _months_alone(languages)
    for match in _WORDS.finditer(text):
        word = match[0]
        if (number := spelled_number(word, languages)) is not None:
            yield Fact("number", str(number))
        if word in months:
            yield Fact("date", f"-{months[word]}-")
        if (day := days.get(word) or days.get(word.removesuffix("s"))) is not None:
            yield Fact("day", str(day))


def _words(languages: Languages, field: str) -> str:
    """A regular expression for one of the words that *languages* have under *field*."""
    return any_of(word for code in languages for word in getattr(LANGUAGES[code], field))


@cache
def _months(languages: Languages) -> dict[str, int]:
    return {
        form: number
        for code in languages
        for number, forms in enumerate(LANGUAGES[code].months, 1)
        for form in forms
    }


@cache
def _months_alone(languages: Languages) -> dict[str, int]:
    """Names that tell a month without a day or a year; “may” and “mar” do not."""
    return {
        forms[0]: number
        for language in map(LANGUAGES.__getitem__, languages)
        for number, forms in enumerate(language.months, 1)
        if forms[0] not in language.ambiguous_months
    }


@cache
def _days(languages: Languages) -> dict[str, int]:
    return {
        name: number
        for code in languages
        for number, names in enumerate(LANGUAGES[code].days, 1)
        for name in names
    }


def _currencies(languages: Languages) -> dict[str, str]:
    return SYMBOLS | {
        name: currency
        for code in languages
        for currency, names in LANGUAGES[code].currencies.items()
        for name in names
    }


def _date_regex(languages: Languages) -> str:
    """Day, month and year; month and day, perhaps with a year."""
    month, joints = any_of(_months(languages)), _words(languages, "date_joints")
    ordinals = _words(languages, "ordinals")
    return rf"""
        (?: \b (?P<day>\d{{1,2}}) {ordinals}? (?:[ ]{joints})? [ ] )?
        \b (?P<month>{month}) \b \.? ,? (?:[ ]{joints})? [ ] (?P<year>\d{{4}}) \b
      | \b (?P<month2>{month}) \b \.? [ ] (?P<day2>\d{{1,2}}) {ordinals}? \b (?!:)
        (?: ,? [ ] (?P<year2>\d{{4}}) \b )?
    """


def _day_and_month_regex(languages: Languages) -> str:
    month, joints = any_of(_months(languages)), _words(languages, "date_joints")
    ordinals = _words(languages, "ordinals")
    return rf"\b (?P<day>\d{{1,2}}) {ordinals}? (?:[ ]{joints})? [ ] (?P<month>{month}) \b"


def _time_regex(languages: Languages) -> str:
    hour, minute, half = r"[01]?\d|2[0-4]", r"[0-5]\d", r"[ap]\.?m\b\.?"
    return rf"""
        \b (?P<hour>{hour}) \. (?P<minute>{minute}) [ ]? {_words(languages, "clock_words")} \b
      | \b (?P<hour2>{hour}) [ ]?
        (?: {_words(languages, "hour_words")} \b [ ]? | h(?=\d) | :(?={minute}) )
        (?P<minute2>{minute})? (?: [ ]? (?P<half2>{half}) )? (?!\d)
      | \b (?P<hour3>\d|1[0-2]) (?: \. (?P<minute3>{minute}) )? [ ]? (?P<half3>{half})
    """


def _price_regex(languages: Languages) -> str:
    signs = "[€$£¥]"
    names = any_of(name for name in _currencies(languages) if name.isalpha())
    return rf"""
        (?P<currency>{signs}) [ ]? (?P<amount>{_NUMBER})
      | (?P<amount2>{_NUMBER}) [ ]? (?P<currency2> {signs} | {names} \b )
    """


def _percent_regex(languages: Languages) -> str:
    return rf"(?P<amount>{_NUMBER}) [ ]? (?: % | {_words(languages, 'percent')} )"


def _street_regex(languages: Languages) -> str:
    return "|".join(_address(LANGUAGES[code].streets) for code in languages)


def _address(streets: Streets) -> str:
    street = rf"{any_of(streets.words)} (?!\w)"
    number = r"\b \d{1,4}"
    articles = any_of(streets.articles).replace("'", "[’']")
    return {
        "number street name": rf"{number} [ ]? {any_of(streets.house_letters)}? ,? [ ] {street}"
        rf"(?: [ ] {articles} )* (?: [ ]? [\w’'-]+ ){{1,2}}",
        "number name street": rf"{number} ,? [ ] (?: [a-z’'-]+ [ ] ){{1,3}} {street}",
        "street name number": rf"\b {street} [ ] (?: [^\W\d][\w’'-]* ,? [ ] ){{1,4}} {number} \b",
        "street number": rf"\b [\w-]* {street} [ ] {number} (?: [ ]? [a-z] )? \b",
    }[streets.order]


def _calling_codes(languages: Languages) -> str:
    return _words(languages, "calling_codes")


def _group(match: Match, name: str) -> str:
    """What the first alternative that matched has under *name*: ``day``, ``day2`` …"""
    groups = match.groupdict()
    return next((groups[key] for key in (name, f"{name}2", f"{name}3") if groups.get(key)), "")


def _link(match: Match) -> str:
    bare = re.sub(r"^(?:(?:https?:)?//)?(?:www\.)?", "", match[0].rstrip(".,;:!?)’'\""))
    return bare.rstrip("/")


def _phone(calling_codes: str, match: Match) -> str:
    national = re.sub(rf"^\+{calling_codes}\s?(?:\(0\))?|^00{calling_codes}", "0", match[0])
    return re.sub(r"\D", "", national)


def _street(match: Match) -> str:
    return re.sub(r"[\s,]+", " ", match[0]).strip(" .")


def _date(months: dict[str, int], match: Match) -> str:
    year, month, day = (_group(match, name) for name in ("year", "month", "day"))
    century = "20" if len(year) == 2 else ""
    return f"{century}{year}-{months.get(month) or int(month)}-{int(day) if day else ''}"


def _time(match: Match) -> str:
    hour = int(_group(match, "hour"))
    minute = int(_group(match, "minute") or 0)
    half = _group(match, "half").replace(".", "").strip()
    if half == "pm" and hour < 12:
        hour += 12
    return f"{hour % 24 if half != 'am' or hour != 12 else 0}:{minute:02}"


def _price(currencies: dict[str, str], match: Match) -> str:
    return f"{_amount(match)} {currencies[_group(match, 'currency')]}"


def _amount(match: Match) -> str:
    text = re.sub(r"[ ’'](?=\d{3})", "", _group(match, "amount"))
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?", text):
        head, tail = re.fullmatch(r"(.*?)([.,]\d{1,2})?", text).groups()  # type: ignore[union-attr]
        text = re.sub(r"[.,]", "", head) + (tail or "")
    number = float(text.replace(",", "."))
    return f"{number:.10g}" if number < 1e15 else text


def _is_among(fact: Fact, known: frozenset[Fact]) -> bool:
    if fact in known:
        return True
    if fact.kind == "date":
        return any(
            _is_same_date(fact.value, other.value) for other in known if other.kind == "date"
        )
    if fact.kind == "time":  # “open from 9 to 18” may be told as “9:00”
        hour, minute = fact.value.split(":")
        return minute == "00" and Fact("number", hour) in known
    if fact.kind == "number":  # “18” of “18:00”, “2026” of a date, “10” of “10 €” or “10 %”
        return any(_is_part_of(fact.value, other) for other in known)
    if fact.kind == "link":  # the site's own address is told by any of its pages
        return any(
            other.value.startswith(fact.value + "/") or other.value.endswith("@" + fact.value)
            for other in known
            if other.kind in ("link", "email")
        )
    return False


def _is_same_date(date: str, known: str) -> bool:
    """A date may be told with less than is known, never with more or else."""
    return all(
        not part or part == known_part
        for part, known_part in zip(date.split("-"), known.split("-"), strict=True)
    )


def _is_part_of(number: str, known: Fact) -> bool:
    if known.kind == "time":
        hour, minute = known.value.split(":")
        return number == hour and minute == "00"
    if known.kind == "date":
        return number in known.value.split("-")
    return known.kind in ("price", "percent") and number == known.value.split()[0]
