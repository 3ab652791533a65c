"""Checkable facts of a text: numbers, dates, times, prices, addresses, links.

A sentence is *supported* when each of its facts stands in one of the texts it
was written from. What is meant counts, not the spelling: “9h30” is “9:30 am”,
“1 200,50 €” is “€1,200.50”, “three” is 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from chatbot_server.retrieval.language.spelled import spelled_number
from chatbot_server.retrieval.language.text import fold

Kind = Literal[
    "link", "email", "phone", "street", "date", "day", "time", "price", "percent", "number"
]


@dataclass(frozen=True)
class Fact:
    """One fact; *value* is normalised so that equal facts compare equal."""

    kind: Kind
    value: str


_MONTHS = (
    "janvier january jan janv|fevrier february feb fevr|mars march mar|avril april apr avr|mai may|juin june jun"  # noqa: E501
    "|juillet july jul juil|aout august aug|septembre september sep sept|octobre october oct"
    "|novembre november nov|decembre december dec"
)
_MONTH = {name: n for n, names in enumerate(_MONTHS.split("|"), 1) for name in names.split()}
_DAYS = "lundi monday|mardi tuesday|mercredi wednesday|jeudi thursday|vendredi friday|samedi saturday|dimanche sunday"  # noqa: E501
_DAY = {name: n for n, names in enumerate(_DAYS.split("|"), 1) for name in names.split()}
# May, march and their like are words as well; alone they tell no month.
_MONTH_ALONE = {
    name: n
    for name, n in _MONTH.items()
    if len(name) > 5 or name in ("juin", "june", "july", "aout", "avril", "april")
}

# Whole runs of digits, and no endless ones of groups: else each digit begins a new search.
_NUMBER = r"(?<!\d)(?:\d{1,3}(?:[ .,’']\d{3}){1,6}(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?)"
_SYMBOLS = {
    "€": "eur",
    "eu": "eur",
    "$": "usd",
    "do": "usd",
    "us": "usd",
    "£": "gbp",
    "po": "gbp",
    "gb": "gbp",
    "¥": "jpy",
}
_CURRENCY = r"€|\$|£|¥|euros?\b|eur\b|dollars?\b|usd\b|gbp\b|chf\b|francs?\b|livres?\b|pounds?\b|cents?\b|centimes?\b"  # noqa: E501
_MONTH_NAME = "|".join(sorted(_MONTH, key=len, reverse=True))
_STREET = (
    r"rue|avenue|av\.|boulevard|bd|place|quai|chemin|impasse|allee|route|cours|square|faubourg"
)
_ROAD = r"street|st|road|rd|avenue|ave|boulevard|blvd|lane|drive|square|way|court"


# Of names without a scheme: “fin.Les” at a sentence's end is no address.
_DOMAINS = (
    "com|org|net|fr|eu|be|ch|ca|io|info|uk|de|gouv|edu|gov|lu|es|it|nl|pt|pl|at|us|co|biz|shop|store|site|online|app|dev|xyz"
    "|top|club|vip|live|link|click|blog|cloud|tech|ai|me|tv|ly|gl|gg|cc|ru|cn|jp|example|test"
)


def _link(match: re.Match[str]) -> str:
    bare = re.sub(r"^(?:(?:https?:)?//)?(?:www\.)?", "", match[0].rstrip(".,;:!?)’'\""))
    return bare.rstrip("/")


def _digits(match: re.Match[str]) -> str:
    return re.sub(r"\D", "", re.sub(r"^\+33\s?(?:\(0\))?|^0033", "0", match[0]))


def _named_date(match: re.Match[str]) -> str:
    day = match["day"] or match["day2"] or ""
    return f"{match['year'] or match['year2'] or ''}-{_MONTH[match['month'] or match['month2']]}-{int(day) if day else ''}"  # noqa: E501


def _written_date(match: re.Match[str]) -> str:
    if match["iso"]:
        year, month, day = match["iso"].split("-")
    else:
        day, month, year = re.split(r"[/.]", match["slashed"])
        year = "20" + year if len(year) == 2 else year
    return f"{year}-{int(month)}-{int(day)}"


def _time(match: re.Match[str]) -> str:
    hour = int(match["hour"] or match["hour2"])
    minute = int(match["minute"] or match["minute2"] or 0)
    half = (match["half"] or match["half2"] or "").replace(".", "").strip()
    if half == "pm" and hour < 12:
        hour += 12
    return f"{hour % 24 if half != 'am' or hour != 12 else 0}:{minute:02}"


def _value(text: str) -> str:
    text = re.sub(r"[ ’'](?=\d{3})", "", text)
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?", text):
        head, tail = re.fullmatch(r"(.*?)([.,]\d{1,2})?", text).groups()  # type: ignore[union-attr]
        text = re.sub(r"[.,]", "", head) + (tail or "")
    number = float(text.replace(",", "."))
    return f"{number:.10g}" if number < 1e15 else text


def _amount(match: re.Match[str]) -> str:
    return _value(match["before"] or match["after"])


def _price(match: re.Match[str]) -> str:
    """The amount and its currency, where that is no part of another one, as cents are."""
    sign = match["sign"] or match["name"]
    return f"{_value(match['before'] or match['after'])} {_SYMBOLS.get(sign[:2].strip(), sign[:2])}"


def _flat(match: re.Match[str]) -> str:
    return re.sub(r"[\s,]+", " ", match[0]).strip(" .")


# Tried in this order; what one pattern took, the next ones do not see.
_PATTERNS: tuple[tuple[Kind, re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    ("email", re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"), lambda match: match[0].rstrip(".")),
    (
        "link",
        re.compile(
            r"(?:https?:)?//[^\s<>\"«»]+|\bwww\.[^\s<>\"«»]+"
            rf"|\b(?:[a-z0-9-]{{1,63}}\.){{1,10}}(?:(?:{_DOMAINS})\b(?:/[^\s<>\"«»]*)?|[a-z]{{2,12}}/[^\s<>\"«»]+)"
        ),
        _link,
    ),
    ("phone", re.compile(r"(?<![\d.,])(?:\+\d{1,3}|0)[ .-]?(?:\(0\) ?)?(?:\d[ .-]?){7,11}\d(?!\d)"), _digits),  # noqa: E501
    (
        "street",
        re.compile(
            rf"\b\d{{1,4}} ?(?:bis|ter)?,? (?:{_STREET})(?: (?:de|du|des|la|le|les|d[’']|l[’'])+)*(?: ?[\w’'-]+){{1,2}}"  # noqa: E501
            rf"|\b\d{{1,4}},? (?:[a-z’'-]+ ){{1,3}}(?:{_ROAD})\b"
        ),
        _flat,
    ),
    (
        "date",
        re.compile(
            rf"(?:(?:\b(?P<day>\d{{1,2}})(?:er|st|nd|rd|th)?(?: of)? )?\b(?P<month>{_MONTH_NAME})\b\.?,? (?P<year>\d{{4}})\b)"  # noqa: E501
            rf"|(?:\b(?P<month2>{_MONTH_NAME})\b\.? (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,? (?P<year2>\d{{4}})\b)?)"  # noqa: E501
        ),
        _named_date,
    ),
    (
        "date",
        re.compile(
            rf"(?:\b(?P<day>\d{{1,2}})(?:er|st|nd|rd|th)?(?: of)? (?P<month>{_MONTH_NAME})\b)(?P<year>)(?P<day2>)(?P<month2>)(?P<year2>)"  # noqa: E501
        ),
        _named_date,
    ),
    (
        "date",
        re.compile(r"\b(?P<iso>\d{4}-\d{1,2}-\d{1,2})\b|\b(?P<slashed>\d{1,2}([/.])\d{1,2}\3(?:\d{4}|\d{2}))\b"),
        _written_date,
    ),
    (
        "time",
        re.compile(
            r"\b(?P<hour>[01]?\d|2[0-4]) ?(?:h(?:eures?|rs?)?\b ?|:|h(?=\d))(?P<minute>[0-5]\d)?(?: ?(?P<half>[ap]\.?m\b\.?))?(?!\d)"  # noqa: E501
            r"|\b(?P<hour2>\d|1[0-2])(?:\.(?P<minute2>[0-5]\d))? ?(?P<half2>[ap]\.?m\b\.?)"
        ),
        _time,
    ),
    (
        "price",
        re.compile(
            rf"(?:(?P<sign>[€$£¥]) ?(?P<before>{_NUMBER}))|(?:(?P<after>{_NUMBER}) ?(?P<name>{_CURRENCY}))"  # noqa: E501
        ),
        _price,
    ),
    ("percent", re.compile(rf"(?P<before>{_NUMBER}) ?(?:%|pour ?cent|per ?cent)(?P<after>)"), _amount),  # noqa: E501
    ("number", re.compile(_NUMBER), lambda match: _value(match[0])),
)  # fmt: skip
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+){0,4}")


def facts(text: str) -> frozenset[Fact]:
    """Every fact that *text* states."""
    return frozenset(_scan(fold(text)))


def _scan(text: str) -> Iterator[Fact]:
    for kind, pattern, value in _PATTERNS:
        for match in pattern.finditer(text):
            try:
                yield Fact(kind, value(match))
            except (ValueError, OverflowError):  # digits of another script that int() refuses  # noqa: PERF203
                yield Fact(kind, match[0])
        text = pattern.sub(" · ", text)
    for match in _WORDS.finditer(text):
        yield from _spelled(match[0])


def _spelled(word: str) -> Iterator[Fact]:
    if (number := spelled_number(word)) is not None:
        yield Fact("number", str(number))
    if word in _MONTH_ALONE:
        yield Fact("date", f"-{_MONTH_ALONE[word]}-")
    singular = word[:-1] if word.endswith("s") and word[:-1] in _DAY else word
    if singular in _DAY:
        yield Fact("day", str(_DAY[singular]))


def unsupported(sentence: str, known: frozenset[Fact]) -> frozenset[Fact]:
    """The facts of *sentence* that do not stand among *known*."""
    return frozenset(fact for fact in facts(sentence) if not _stands(fact, known))


def gather(texts: Iterable[str]) -> frozenset[Fact]:
    """The facts of several texts together."""
    return frozenset().union(*map(facts, texts))


def _stands(fact: Fact, known: frozenset[Fact]) -> bool:
    if fact in known:
        return True
    if fact.kind == "date":
        return any(_same_date(fact.value, other.value) for other in known if other.kind == "date")
    if fact.kind == "time":  # “open from 9 to 18” may be told as “9:00”
        hour, minute = fact.value.split(":")
        return minute == "00" and Fact("number", hour) in known
    if fact.kind == "number":  # “18” of “18:00”, “2026” of a date, “10” of “10 €” or “10 %”
        return any(_part_of(fact.value, other) for other in known)
    if fact.kind == "link":  # the site's own address is told by any of its pages
        return any(
            other.value.startswith(fact.value + "/") or other.value.endswith("@" + fact.value)
            for other in known
            if other.kind in ("link", "email")
        )
    return False


def _same_date(told: str, known: str) -> bool:
    """A date may be told with less than is known, never with more or else."""
    return all(
        not mine or mine == theirs
        for mine, theirs in zip(told.split("-"), known.split("-"), strict=True)
    )


def _part_of(number: str, known: Fact) -> bool:
    if known.kind == "time":
        hour, minute = known.value.split(":")
        return number == hour and minute == "00"
    if known.kind == "date":
        return number in known.value.split("-")
    return known.kind in ("price", "percent") and number == known.value.split()[0]
