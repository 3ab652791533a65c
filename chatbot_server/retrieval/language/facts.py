"""Checkable facts of a text: numbers, dates, times, prices, addresses, links.

A sentence is *supported* if each of its facts is in one of the texts that it was written from.
The meaning counts, not the spelling: “9h30” is “9:30 am”, “1 200,50 €” is “€1,200.50”, “three”
is 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

from chatbot_server.retrieval.language.language_file import Words
from chatbot_server.retrieval.language.languages import (
    ALWAYS_USED,
    LANGUAGES,
    Languages,
    any_of,
    any_phrase,
    month_numbers,
)
from chatbot_server.retrieval.language.text import fold

Kind = Literal[
    "link", "email", "phone", "street", "date", "day", "time", "price", "percent", "number"
]
Match = re.Match[str]

SYMBOLS = {
    "€": "eur", "eur": "eur", "$": "usd", "usd": "usd", "£": "gbp", "gbp": "gbp", "¥": "jpy",
    "chf": "chf", "₱": "php", "php": "php", "₹": "inr", "inr": "inr", "₺": "try", "₽": "rub",
    "₩": "krw", "₪": "ils", "฿": "thb", "₫": "vnd", "₦": "ngn", "cad": "cad", "aud": "aud",
    "nzd": "nzd", "sek": "sek", "nok": "nok", "dkk": "dkk", "pln": "pln", "czk": "czk",
    "huf": "huf", "mad": "mad", "tnd": "tnd", "dzd": "dzd", "xof": "xof", "fcfa": "xof",
    "jpy": "jpy",
}  # fmt: skip
# Of addresses without a scheme: “fin.Les”, where a blank is missing after a sentence, is none.
_DOMAINS = (
    "com|org|net|fr|eu|be|ch|ca|io|info|uk|de|gouv|edu|gov|lu|es|it|nl|pt|pl|at|us|co|biz|shop"
    "|store|site|online|app|dev|xyz|top|club|vip|live|link|click|blog|cloud|tech|ai|me|tv|ly|gl"
    "|gg|cc|ru|cn|jp|example|test"
)

# All digits of a run, and a bounded number of groups: otherwise each digit begins a new search.
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
_BEFORE_HOST = re.compile(r"^(?:(?:https?:)?//)?(?:www\.)?")
_DATE_IN_DIGITS = r"""
    \b (?P<year>\d{4}) - (?P<month>\d{1,2}) - (?P<day>\d{1,2}) \b
  | \b (?P<day2>\d{1,2}) ([/.]) (?P<month2>\d{1,2}) \5 (?P<year2>\d{4}|\d{2}) \b
"""


@dataclass(frozen=True)
class Fact:
    """One fact; *value* is normalised so that equal facts compare equal."""

    kind: Kind
    value: str

    def is_among(self, known: frozenset[Fact]) -> bool:
        """Whether it is one of the *known* facts, or follows from one."""
        if self in known:
            return True
        if self.kind == "date":
            dates = (fact.value.split("-") for fact in known if fact.kind == "date")
            # A date may be given with less detail than is known, never with more.
            return any(
                all(part in ("", known_part) for part, known_part in pairs)
                for pairs in (zip(self.value.split("-"), date, strict=True) for date in dates)
            )
        if self.kind == "time":  # “open from 9 to 18” may become “9:00”
            hour, minute = self.value.split(":")
            return minute == "00" and Fact("number", hour) in known
        if self.kind == "number":
            return any(fact.has_number(self.value) for fact in known)
        if self.kind == "link":  # the address of any page contains the site's own
            links = (fact.value for fact in known if fact.kind in ("link", "email"))
            return any(
                link.startswith(f"{self.value}/") or link.endswith(f"@{self.value}")
                for link in links
            )
        return False

    def has_number(self, number: str) -> bool:
        """“18” of “18:00”, “2026” of a date, “10” of “10 €” or “10 %”."""
        if self.kind == "time":
            hour, minute = self.value.split(":")
            return number == hour and minute == "00"
        if self.kind == "date":
            return number in self.value.split("-")
        return self.kind in ("price", "percent") and number == self.value.split()[0]


@dataclass(frozen=True)
class FactPattern:
    """The pattern of one kind of fact in folded text, and the value of a match."""

    kind: Kind
    regex: re.Pattern[str]
    value: Callable[[Match], str]


def facts(text: str, languages: Languages = ALWAYS_USED) -> frozenset[Fact]:
    """Every fact that *text* states."""
    words_of_facts, rest = written_facts(fold(text), languages)
    stated_facts = set(words_of_facts)
    days, months = _fact_words(languages).days, _fact_words(languages).months_alone
    for word in _WORDS.findall(rest):
        if (number := spelled_number(word, languages)) is not None:
            stated_facts.add(Fact("number", str(number)))
        if word in months:
            stated_facts.add(Fact("date", f"-{months[word]}-"))
        if (day := days.get(word) or days.get(word.removesuffix("s"))) is not None:
            stated_facts.add(Fact("day", str(day)))
    return frozenset(stated_facts)


def is_fact(word: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether a *word* by itself states a fact, such as a day; “May” counts as a month, too."""
    # Beside a year, names of months are months even if they are also other words.
    return facts(f"{word} 2000", languages) != {Fact("number", "2000")}


def written_facts(folded: str, languages: Languages = ALWAYS_USED) -> tuple[dict[Fact, str], str]:
    """The facts that a folded text has in digits or signs, each with its words.

    The second value is the rest of the text.
    """
    rest, words_of_facts = folded, dict[Fact, str]()
    for pattern in fact_patterns(languages):
        has_match = False
        for match in pattern.regex.finditer(rest):
            has_match = True
            try:
                fact = Fact(pattern.kind, pattern.value(match))
            except (ValueError, OverflowError):  # digits of another script that int() refuses
                fact = Fact(pattern.kind, match[0])
            words_of_facts.setdefault(fact, match[0])
        if has_match:
            rest = pattern.regex.sub(" · ", rest)
    return words_of_facts, rest


def facts_of_all(texts: Iterable[str], languages: Languages = ALWAYS_USED) -> frozenset[Fact]:
    """The facts of several texts together."""
    return frozenset().union(*(facts(text, languages) for text in texts))


def unsupported(
    sentence: str, known: frozenset[Fact], languages: Languages = ALWAYS_USED
) -> frozenset[Fact]:
    """The facts of *sentence* that are not among *known*."""
    return frozenset(fact for fact in facts(sentence, languages) if not fact.is_among(known))


@cache
def fact_patterns(languages: Languages = ALWAYS_USED) -> tuple[FactPattern, ...]:
    """The patterns in the order in which they are tried; later ones do not see earlier matches."""
    words = _fact_words(languages)
    date = partial(_date, words.months)
    regexes: tuple[tuple[Kind, str, Callable[[Match], str]], ...] = (
        ("email", _EMAIL, lambda match: match[0].rstrip(".")),
        (
            "link",
            _LINK,
            lambda match: _BEFORE_HOST.sub("", match[0].rstrip(".,;:!?)’'\"")).rstrip("/"),
        ),
        ("phone", _PHONE, partial(_phone, words.any_phrase("calling_codes"))),
        ("street", words.street(), lambda match: re.sub(r"[\s,]+", " ", match[0]).strip(" .")),
        ("date", words.date(), date),
        ("date", words.day_and_month(), date),
        ("date", _DATE_IN_DIGITS, partial(_date, {})),
        ("time", words.time(), _time),
        (
            "price",
            words.price(),
            lambda match: f"{_amount(match)} {words.currencies[_group(match, 'currency')]}",
        ),
        (
            "percent",
            rf"(?P<amount>{_NUMBER}) [ ]? (?: % | {words.any_phrase('percent')} )",
            _amount,
        ),
        ("number", f"(?P<amount>{_NUMBER})", _amount),
    )
    return tuple(
        FactPattern(kind, re.compile(regex, re.VERBOSE), value) for kind, regex, value in regexes
    )


def states(kind: Kind, folded: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether a folded text has a fact of *kind*."""
    return any(
        pattern.regex.search(folded) for pattern in fact_patterns(languages) if pattern.kind == kind
    )


def spelled_number(word: str, languages: Languages = ALWAYS_USED) -> int | None:
    """The number that a folded word means, compounds included; None if it means none.

    “trente-cinq”, “quatre-vingt-dix”, “dozens”, “einundzwanzig”.
    """
    words = _fact_words(languages)
    if (number := words.number(word)) is not None:
        return number
    parts = [part for part in words.number_joint.split(word) if part]
    values = [1 if part in words.ones else words.number(part) for part in parts]
    if len(parts) < 2 or None in values:
        return None
    total = 0
    for value in filter(None, values):
        if (value == 20 and total == 4) or (value >= 100 and 0 < total < value):
            total *= value  # quatre-vingt; deux-cents
        else:
            total += value
    return total


class _FactWords:
    """The words that some languages have for facts, and regular expressions of them.

    Attributes:
        months_alone: names that mean a month without a day or a year; “may” and “mar” do not.
        ones: words for 1 in compounds.
        number_joint: what joins the parts of a compound.
    """

    def __init__(self, languages: Languages) -> None:
        self._languages = [LANGUAGES[code] for code in languages]
        self.any_phrase = partial(any_phrase, languages=languages)
        self.months = month_numbers(languages)
        self.months_alone: dict[str, int] = {}
        self.days: dict[str, int] = {}
        self.currencies = dict(SYMBOLS)
        self.ones: Words = frozenset()
        self._numbers: dict[str, int] = {}
        joints = {"-"}
        for language in self._languages:
            for number, forms in enumerate(language.months, 1):
                if forms[0] not in language.ambiguous_months:
                    self.months_alone[forms[0]] = number
            for number, names in enumerate(language.days, 1):
                self.days |= dict.fromkeys(names, number)
            for currency, names in language.currencies.items():
                self.currencies |= dict.fromkeys(names, currency)
            self.ones |= language.numbers.get(1, frozenset())
            for number, words in language.numbers.items():
                self._numbers |= dict.fromkeys(words, number) if number != 1 else {}
            joints |= {f"-{joint}-" for joint in language.number_joints}
            joints |= {language.number_joint_inside} if language.number_joint_inside else set()
        self.number_joint = re.compile(any_of(joints))

    def number(self, word: str) -> int | None:
        return self._numbers.get(word, self._numbers.get(word.removesuffix("s")))

    def date(self) -> str:
        """Day, month and year; month and day, perhaps with a year."""
        month, joints = any_of(self.months), self.any_phrase("date_joints")
        ordinals = self.any_phrase("ordinals")
        return rf"""
            (?: \b (?P<day>\d{{1,2}}) {ordinals}? (?:[ ]{joints})? [ ] )?
            \b (?P<month>{month}) \b \.? ,? (?:[ ]{joints})? [ ] (?P<year>\d{{4}}) \b
          | \b (?P<month2>{month}) \b \.? [ ] (?P<day2>\d{{1,2}}) {ordinals}? \b (?!:)
            (?: ,? [ ] (?P<year2>\d{{4}}) \b )?
        """

    def day_and_month(self) -> str:
        month, joints = any_of(self.months), self.any_phrase("date_joints")
        ordinals = self.any_phrase("ordinals")
        return rf"\b (?P<day>\d{{1,2}}) {ordinals}? (?:[ ]{joints})? [ ] (?P<month>{month}) \b"

    def time(self) -> str:
        hour, minute, half = r"[01]?\d|2[0-4]", r"[0-5]\d", r"[ap]\.?m\b\.?"
        return rf"""
            \b (?P<hour>{hour}) \. (?P<minute>{minute}) [ ]? {self.any_phrase("clock_words")} \b
          | \b (?P<hour2>{hour}) [ ]?
            (?: {self.any_phrase("hour_words")} \b [ ]? | h(?=\d) | :(?={minute}) )
            (?P<minute2>{minute})? (?: [ ]? (?P<half2>{half}) )? (?!\d)
          | \b (?P<hour3>\d|1[0-2]) (?: \. (?P<minute3>{minute}) )? [ ]? (?P<half3>{half})
        """

    def price(self) -> str:
        signs = "[€$£¥₱₹₺₽₩₪฿₫₦]"
        names = any_of(name for name in self.currencies if name.isalpha())
        return rf"""
            (?P<currency>{signs}) [ ]? (?P<amount>{_NUMBER})
          | \b (?P<currency3>php|inr|chf|cad|aud|nzd|eur|usd|gbp) [ ]? (?P<amount3>{_NUMBER})
          | (?P<amount2>{_NUMBER}) [ ]? (?P<currency2> {signs} | {names} \b )
        """

    def street(self) -> str:
        number, patterns = r"\b \d{1,4}", []
        for streets in (language.streets for language in self._languages):
            street = rf"{any_of(streets.words)} (?!\w)"
            letter, article = any_of(streets.house_letters), any_of(streets.articles)
            article = article.replace("'", "[’']")
            orders = {
                "number street name": rf"{number} [ ]? {letter}? ,? [ ] {street}"
                rf"(?: [ ] {article} )* (?: [ ]? [\w’'-]+ ){{1,2}}",
                "number name street": rf"{number} ,? [ ] (?: [a-z’'-]+ [ ] ){{1,3}} {street}",
                "street name number": rf"\b {street} [ ] (?: [^\W\d][\w’'-]* ,? [ ] ){{1,4}}"
                rf" {number} \b",
                "street number": rf"\b [\w-]* {street} [ ] {number} (?: [ ]? [a-z] )? \b",
            }
            patterns.append(orders[streets.order])
        return "|".join(patterns)


_fact_words = cache(_FactWords)


def _group(match: Match, name: str) -> str:
    """The group called *name*, or *name* with a number, that matched: ``day``, ``day2`` …"""
    groups = match.groupdict()
    return next((groups[key] for key in (name, f"{name}2", f"{name}3") if groups.get(key)), "")


def _phone(calling_codes: str, match: Match) -> str:
    national = re.sub(rf"^\+{calling_codes}\s?(?:\(0\))?|^00{calling_codes}", "0", match[0])
    return re.sub(r"\D", "", national)


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


def _amount(match: Match) -> str:
    text = re.sub(r"[ ’'](?=\d{3})", "", _group(match, "amount"))
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?", text):
        head, tail = re.fullmatch(r"(.*?)([.,]\d{1,2})?", text).groups()  # type: ignore[union-attr]
        text = re.sub(r"[.,]", "", head) + (tail or "")
    number = float(text.replace(",", "."))
    return f"{number:.10g}" if number < 1e15 else text
