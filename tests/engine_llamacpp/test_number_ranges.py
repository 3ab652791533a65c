"""The grammar of a bounded number lets through what is between the bounds, and nothing else."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot_server.engine.llamacpp.number_ranges import (
    MOST_DECIMALS,
    MOST_INTEGER,
    Bounds,
    integers_between,
    numbers_between,
)

INTEGERS = st.one_of(st.integers(-30, 30), st.integers(-3000, 3000), st.integers(-(10**17), 10**17))
NUMBERS = st.builds(
    Fraction, st.integers(-30_000, 30_000), st.sampled_from([1, 10, 100, 1000, 100_000])
)


def pattern(expressions: list[str]) -> re.Pattern[str]:
    """The grammar's alternatives, which have classes, counts and two literals, as a pattern."""
    written = (e.replace('"."', r"\.").replace('"-"', "-").replace(" ", "") for e in expressions)
    return re.compile("|".join(f"(?:{one})" for one in written) or "(?!)")


@given(INTEGERS, INTEGERS, INTEGERS)
def test_integers_are_those_between_the_bounds(one: int, other: int, value: int) -> None:
    low, high = min(one, other), max(one, other)
    allowed = pattern(integers_between(Bounds(Fraction(low), Fraction(high))))

    for number in (value, low, high, low - 1, high + 1, 0):
        is_between = low <= number <= high and abs(number) <= MOST_INTEGER
        assert bool(allowed.fullmatch(str(number))) == is_between, number
    assert not allowed.fullmatch("-0")
    assert not allowed.fullmatch(f"0{high}")


BOUNDS = st.builds(
    lambda edges, is_open, has_open_end: Bounds(min(edges), max(edges), is_open, has_open_end),
    st.tuples(NUMBERS, NUMBERS),
    st.booleans(),
    st.booleans(),
)


@given(BOUNDS, st.integers(0, MOST_DECIMALS), st.data())
def test_numbers_are_those_between_the_bounds(
    bounds: Bounds, decimals: int, data: st.DataObject
) -> None:
    assert bounds.least is not None
    assert bounds.most is not None
    allowed = pattern(numbers_between(bounds))
    edges = [
        round(edge * 10**decimals) + step
        for edge in (bounds.least, bounds.most)
        for step in (-1, 0, 1)
    ]
    number = data.draw(st.one_of(st.sampled_from(edges), st.integers(-400_000, 400_000)))
    value, text = Fraction(number, 10**decimals), f"{abs(number):0{decimals + 1}}"
    written = f"{text[:-decimals]}.{text[-decimals:]}" if decimals else text
    above = value > bounds.least if bounds.is_least_excluded else value >= bounds.least
    below = value < bounds.most if bounds.is_most_excluded else value <= bounds.most

    assert bool(allowed.fullmatch("-" * (number < 0) + written)) == (above and below)


@pytest.mark.parametrize(
    "bounds", [Bounds(), Bounds(Fraction(0)), Bounds(Fraction(-(10**300)), Fraction(10**300))]
)
def test_wide_bounds_take_few_expressions(bounds: Bounds) -> None:
    assert len(integers_between(bounds)) <= 30
    assert len(numbers_between(bounds)) <= 130
