"""Finds what is personal in visitors' texts, and hides it in what is stored.

E-mail addresses, telephone numbers, payment cards, bank accounts and numbers of social security.
Where a kind has check digits, only right ones count, so that the number of an order is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal, get_args

from chatbot_server.messages import say

# The keys of the labels that stand for them.
Kind = Literal["mask_email", "mask_iban", "mask_social", "mask_card", "mask_phone"]
LABELS: tuple[Kind, ...] = get_args(Kind)
# Hidden also from a person who is to reply: nobody can be reached by them.
NO_WAY_TO_REPLY: tuple[Kind, ...] = ("mask_iban", "mask_social", "mask_card")
MOST_CHARS = 100_000

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?!\w)")
# France; the United States; the United Kingdom.
_NIR = re.compile(
    r"(?<!\d)[12][ .]?\d{2}[ .]?\d{2}[ .]?(?:\d{2}|2[ABab])[ .]?\d{3}[ .]?\d{3}[ .]?\d{2}(?!\d)"
)
_SSN = re.compile(r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
_NINO = re.compile(r"(?<!\w)[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z]{2} ?(?:\d{2} ?){3}[A-Da-d](?!\w)")
_CARD = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")
# With its country or a zero before it, or as North America writes it.
_PHONE = re.compile(
    r"(?<![\w.,+])(?<!\d )(?:(?:\+|00)\d{1,3}[ .-]?(?:\(0\) ?)?|0|\(0\d{1,4}\) ?)"
    r"(?:\d[ ./-]?){7,12}\d(?!\d)"
    r"|(?<![\w.,+-])(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}(?![\d-])"
)


@dataclass(frozen=True)
class Mask:
    """The personal values in one text, and the labels that replace them."""

    labels: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, text: str, language: str, kinds: Collection[Kind] = ()) -> Mask:
        """The mask for *text*, with labels in *language*; for *kinds* only, if any are given."""
        values = {value: kind for value, kind in personal_values(text) if kind in (kinds or LABELS)}
        # The longest first: one may be a part of another.
        longest_first = sorted(values, key=len, reverse=True)
        return cls(tuple((value, say(values[value], language)) for value in longest_first))

    def hide(self, text: str) -> str:
        """*text* with labels in place of the values, however their digits are grouped."""
        if not self.labels:
            return text
        return self._pattern.sub(lambda match: self.labels[(match.lastindex or 1) - 1][1], text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        spellings = "|".join(f"({_spelled(value)})" for value, _label in self.labels)
        return re.compile(rf"(?<!\w)(?:{spellings})(?!\w)", re.IGNORECASE)


NO_MASK = Mask()


def personal_values(text: str) -> Iterator[tuple[str, Kind]]:
    """Each value in *text* that is personal by its form, as written, and its kind."""
    rest = text[:MOST_CHARS]
    for kind, pattern, holds in KINDS:
        values = [match[0] for match in pattern.finditer(rest) if holds(match[0])]
        yield from ((value.strip(), kind) for value in values)
        if values:
            rest = pattern.sub(partial(_without, frozenset(values)), rest)


def _without(values: frozenset[str], match: re.Match[str]) -> str:
    return " " if match[0] in values else match[0]


def _spelled(value: str) -> str:
    """A pattern for *value*: an address as written, a number with its digits grouped in any way."""
    if "@" in value:
        return re.escape(value)
    plain = [re.escape(char) for char in value if char.isalnum()]
    return r"[+(]?" + r"[ ./()-]{0,2}".join(plain)


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


def _always(_text: str) -> bool:
    return True


KINDS: tuple[tuple[Kind, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("mask_email", _EMAIL, _always),
    ("mask_iban", _IBAN, _is_iban),
    ("mask_social", _NIR, _is_nir),
    ("mask_social", _SSN, _always),
    ("mask_social", _NINO, _always),
    ("mask_card", _CARD, _is_luhn),
    ("mask_phone", _PHONE, _always),
)
