"""Grammars of the numbers between two bounds, digit by digit.

What they let through is always between the bounds, also once it was read as a double; it may be
less than a JSON Schema allows: no exponents, four decimals at most, and magnitudes as below.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

MOST_INTEGER = 10**15 - 1  # a double holds each integer up to 2 ** 53
MOST_DECIMALS = 4
MOST_WITH_DECIMALS = 10**9  # with four decimals, thirteen digits: a double tells them apart


class Bounds(NamedTuple):
    """The least and the greatest number; None: there is no such bound."""

    least: Fraction | None = None
    most: Fraction | None = None
    is_least_excluded: bool = False
    is_most_excluded: bool = False

    def scaled(self, scale: int, limit: int) -> tuple[int, int]:
        """The integers *n* between which n/scale is within the bounds, *limit* at most."""
        low, high = -limit, limit
        if self.least is not None:
            least = self.least * scale
            low = max(low, math.floor(least) + 1 if self.is_least_excluded else math.ceil(least))
        if self.most is not None:
            most = self.most * scale
            high = min(high, math.ceil(most) - 1 if self.is_most_excluded else math.floor(most))
        return low, high


def integers_between(bounds: Bounds) -> list[str]:
    """Expressions that are alternatives; none where there is no such integer."""
    return list(_signed(*bounds.scaled(1, MOST_INTEGER), 0))


def numbers_between(bounds: Bounds) -> list[str]:
    """Expressions that are alternatives; none where there is no such number."""
    expressions = integers_between(bounds)
    for decimals in range(1, MOST_DECIMALS + 1):
        scale = 10**decimals
        expressions += _signed(*bounds.scaled(scale, MOST_WITH_DECIMALS * scale), decimals)
    return expressions


def _signed(low: int, high: int, decimals: int) -> Iterator[str]:
    """The integers from *low* to *high*, their last *decimals* digits behind a point."""
    if low < 0:
        for digits in _unsigned(max(1, -high), -low, decimals):
            yield f'"-" {digits}'
    if high >= 0:
        yield from _unsigned(max(0, low), high, decimals)


def _unsigned(low: int, high: int, decimals: int) -> Iterator[str]:
    while low <= high:
        width = max(len(str(low)), decimals + 1)
        end = min(high, 10**width - 1)
        for classes in _of_one_width(str(low).zfill(width), str(end).zfill(width)):
            yield _written(classes, decimals)
        low = end + 1


def _of_one_width(low: str, high: str) -> Iterator[list[str]]:
    """The texts of digits from *low* to *high*, as alternatives of one class for each digit."""
    if not low:
        yield []
    elif set(low) == {"0"} and set(high) == {"9"}:
        yield ["[0-9]"] * len(low)
    elif low[0] == high[0]:
        yield from _behind(low[0], low[1:], high[1:])
    else:
        zeros, nines = "0" * (len(low) - 1), "9" * (len(low) - 1)
        first, last = int(low[0]), int(high[0])
        if low[1:] != zeros:
            yield from _behind(low[0], low[1:], nines)
            first += 1
        if high[1:] != nines:
            last -= 1
        if first <= last:
            yield [f"[{first}-{last}]", *["[0-9]"] * len(zeros)]
        if high[1:] != nines:
            yield from _behind(high[0], zeros, high[1:])


def _behind(digit: str, low: str, high: str) -> Iterator[list[str]]:
    for classes in _of_one_width(low, high):
        yield [f"[{digit}]", *classes]


def _written(classes: list[str], decimals: int) -> str:
    """The classes as an expression, with the point before the last *decimals* of them."""
    whole = len(classes) - decimals
    parts = [*_runs(classes[:whole]), *(['"."', *_runs(classes[whole:])] if decimals else [])]
    return " ".join(parts)


def _runs(classes: list[str]) -> Iterator[str]:
    """Equal classes in a row as one with its number."""
    for name, group in itertools.groupby(classes):
        length = len(list(group))
        yield name if length == 1 else f"{name}{{{length}}}"
