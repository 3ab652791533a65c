"""Finds what is personal in visitors' texts, and hides it in what is stored.

E-mail addresses, telephone numbers, payment cards, bank accounts and numbers of social security.
Where a kind has check digits, only right ones count, so that the number of an order is kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, get_args

from chatbot_server.messages import say

# The keys of the labels that stand for them.
Kind = Literal["mask_email", "mask_iban", "mask_social", "mask_card", "mask_phone"]
LABELS: tuple[Kind, ...] = get_args(Kind)
# Hidden also from a person who is to reply: nobody can be reached by them.
NO_WAY_TO_REPLY: tuple[Kind, ...] = ("mask_iban", "mask_social", "mask_card")
MOST_CHARS = 100_000

# Between two digits or groups of them, in a text as of :func:`_plain`.
_GAP = r"[ ./_-]{0,2}"
_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%-]{1,64}(?: ?@ ?| ?[\[(] ?(?:at|arobase|@) ?[\])] ?)"
    r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}",
    re.IGNORECASE,
)
# Where one may begin, and what may belong to it; words behind it look alike.
_IBAN = re.compile(
    r"(?:(?<!\w)|(?<=iban))(?=([a-z]{2} ?\d{2}(?:[ .-]{0,2}[a-z0-9]){11,30}))", re.IGNORECASE
)
SHORTEST_IBAN, LONGEST_IBAN = 15, 34
# France; the United States; the United Kingdom.
_NIR = re.compile(
    rf"(?<!\d)[12]{_GAP}\d{{2}}{_GAP}\d{{2}}{_GAP}(?:\d{{2}}|2[ABab]){_GAP}\d{{3}}{_GAP}\d{{3}}"
    r"[ ./_-]{0,3}\d{2}(?!\d)"
)
_SSN = re.compile(r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
_NINO = re.compile(r"(?<!\w)[A-CEGHJ-PR-TW-Z]{2}[ -]?(?:\d{2}[ -]?){3}[A-D](?!\w)", re.IGNORECASE)
# As they are printed, whatever number follows; then of any length.
_CARD_GROUPS = re.compile(
    rf"(?<!\d)(?:[2-6]\d{{3}}(?:{_GAP}\d{{4}}){{3}}|3\d{{3}}{_GAP}\d{{6}}{_GAP}\d{{5}})(?!\d)"
)
_CARD = re.compile(rf"(?<!\d)(?:\d{_GAP}){{12,18}}\d(?!\d)")
# As France writes it; with its country or a zero before it; as North America writes it.
_PHONE_PAIRS = re.compile(r"(?<![\w.,+])0[1-9]([ ./_,-]{1,3})\d\d(?:\1\d\d){3}(?!\d)")
_PHONE = re.compile(
    r"(?<![\w.,+])(?<!\d )(?:(?:\+|00)\d{1,3}[ .-]?(?:\(0\) ?)?|0|\(0\d{1,4}\) ?)"
    rf"(?:\d{_GAP}){{7,12}}\d(?!\d)"
    r"|(?<![\w.,+-])(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}(?![\d-])"
    r"|(?<![\w.,+-])(?<!\d )[2-9]\d{2} [2-9]\d{2}[ -]\d{4}(?![\d-])(?! \d)"
)


@dataclass(frozen=True)
class Mask:
    """Patterns of the personal values in one text, and the labels that replace them."""

    labels: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, text: str, language: str, kinds: Collection[Kind] = ()) -> Mask:
        """The mask for *text*, with labels in *language*; for *kinds* only, if any are given."""
        values = {value: kind for value, kind in personal_values(text) if kind in (kinds or LABELS)}
        # The longest first: one may be a part of another.
        longest_first = sorted(values, key=len, reverse=True)
        return cls(
            tuple(
                (_spelled(value, values[value]), say(values[value], language))
                for value in longest_first
            )
        )

    def hide(self, text: str) -> str:
        """*text* with labels in place of the values, however their digits are grouped."""
        if not self.labels:
            return text
        parts, end = [], 0
        for match in self._pattern.finditer(_plain(text)):
            parts += [text[end : match.start()], self.labels[(match.lastindex or 1) - 1][1]]
            end = match.end()
        return "".join([*parts, text[end:]])

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        spellings = "|".join(f"({spelling})" for spelling, _label in self.labels)
        return re.compile(spellings, re.IGNORECASE)


NO_MASK = Mask()


def personal_values(text: str) -> Iterator[tuple[str, Kind]]:
    """Each value in *text* that is personal by its form, and its kind.

    Digits, blanks and dashes of any script are written as in ASCII.
    """
    rest = _plain(text[:MOST_CHARS])
    for kind, find in KINDS:
        parts, end = [], 0
        for start, value in find(rest):
            if start < end:
                continue
            yield value.strip(), kind
            parts += [rest[end:start], "\n"]
            end = start + len(value)
        rest = "".join([*parts, rest[end:]])


def _plain(text: str) -> str:
    """*text* with the digits, blanks, dashes and signs of ASCII, character for character."""
    text = text.replace("\t", " ").replace("·", ".")
    return text if text.isascii() else "".join(map(_plain_char, text))


@lru_cache(4096)
def _plain_char(char: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    category = unicodedata.category(char)
    if category in ("Zs", "Cf"):
        return " "
    if category == "Pd":
        return "-"
    simple = unicodedata.normalize("NFKC", char)
    return simple if len(simple) == 1 else char


def _spelled(value: str, kind: Kind) -> str:
    """A pattern for *value*: an address as written, a number with its digits grouped in any way."""
    if kind == "mask_email":
        return rf"(?<!\w){re.escape(value)}(?!\w)"
    plain = [char for char in value if char.isalnum()]
    before = r"(?<!\d)" if plain[0].isdecimal() else r"(?:(?<!\w)|(?<=iban))"
    behind = r"(?!\d)" if plain[-1].isdecimal() else r"(?!\w)"
    return rf"{before}[+(]?{'[ ./()_,-]{0,3}'.join(plain)}{behind}"


def _found_by(
    pattern: re.Pattern[str], holds: Callable[[str], bool] = bool
) -> Callable[[str], Iterator[tuple[int, str]]]:
    """Finds where *pattern* matches a text and the match *holds*, and the match."""

    def find(text: str) -> Iterator[tuple[int, str]]:
        return ((match.start(), match[0]) for match in pattern.finditer(text) if holds(match[0]))

    return find


def _ibans(text: str) -> Iterator[tuple[int, str]]:
    """Where an account's number begins, and the number, which a word may follow."""
    for match in _IBAN.finditer(text):
        ends = [at for at in range(match.start(1), match.end(1)) if text[at].isalnum()]
        for at in reversed(ends[SHORTEST_IBAN - 1 : LONGEST_IBAN]):
            value = text[match.start(1) : at + 1]
            if not text[at + 1 : at + 2].isalnum() and _is_iban(value):
                yield match.start(1), value
                break


def _is_luhn(text: str) -> bool:
    digits = [int(char) for char in reversed(text) if char.isdigit()]
    digit_sums = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return len(set(digits)) > 1 and (sum(digits[::2]) + sum(digit_sums)) % 10 == 0


def _is_iban(text: str) -> bool:
    plain = "".join(char for char in text.upper() if char.isalnum())
    try:
        number = int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4]))
    except ValueError:
        return False
    return 15 <= len(plain) <= 34 and number % 97 == 1


def _is_nir(text: str) -> bool:
    plain = "".join(char for char in text.upper() if char.isalnum())
    number = plain[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(plain[13:])


KINDS: tuple[tuple[Kind, Callable[[str], Iterator[tuple[int, str]]]], ...] = (
    ("mask_email", _found_by(_EMAIL)),
    ("mask_iban", _ibans),
    ("mask_social", _found_by(_NIR, _is_nir)),
    ("mask_social", _found_by(_SSN)),
    ("mask_social", _found_by(_NINO)),
    ("mask_card", _found_by(_CARD_GROUPS, _is_luhn)),
    ("mask_card", _found_by(_CARD, _is_luhn)),
    ("mask_phone", _found_by(_PHONE_PAIRS)),
    ("mask_phone", _found_by(_PHONE)),
)
