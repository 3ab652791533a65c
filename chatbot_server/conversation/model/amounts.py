"""Amounts that a sentence computes from those of the passages: “two nights are 120 €”."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from chatbot_server.retrieval.language.facts import Fact

LARGEST_COUNT = 31  # “for two weeks”: what an amount may be multiplied by


@dataclass(frozen=True)
class Amount:
    """The value of a price or a number, with its unit: “12.5 EUR”."""

    kind: str
    unit: str
    value: float

    def is_one_of(self, values: Iterable[float]) -> bool:
        """Whether it equals one of *values*, to the cent."""
        return any(abs(self.value - value) < 0.005 for value in values)


def is_count(fact: Fact) -> bool:
    """Whether *fact* is a number by which an amount may be multiplied."""
    amount = _amount_of(fact) if fact.kind == "number" else None
    return amount is not None and amount.value <= LARGEST_COUNT


def is_computed(fact: Fact, beside: Iterable[Fact], known: Iterable[Fact]) -> bool:
    """Whether *fact* is a sum or difference of *known* amounts, or a multiple of one.

    “Two nights are 120 €” multiplies a known price by a number *beside* it in the sentence.
    """
    amount = _amount_of(fact)
    if amount is None:
        return False
    known_values = {*_values_like(amount, known)}
    counts = {
        count.value
        for other in beside
        if is_count(other) and (count := _amount_of(other)) and count.value
    }
    products = {count * value for count in counts for value in known_values}
    return amount.is_one_of({*_sums_and_differences(sorted(known_values)), *products})


def sums_up(fact: Fact, others: frozenset[Fact]) -> bool:
    """Whether *fact* is the sum or difference of two *others* in its sentence."""
    amount = _amount_of(fact)
    if amount is None:
        return False
    return amount.is_one_of(_sums_and_differences([*_values_like(amount, others - {fact})]))


def _values_like(amount: Amount, known: Iterable[Fact]) -> Iterator[float]:
    """The values of the *known* facts that have the kind and the unit of *amount*."""
    for other in filter(None, map(_amount_of, known)):
        if (other.kind, other.unit) == (amount.kind, amount.unit):
            yield other.value


def _sums_and_differences(values: Sequence[float]) -> Iterator[float]:
    for first, second in combinations(values, 2):
        yield first + second
        yield abs(first - second)


def _amount_of(fact: Fact) -> Amount | None:
    """The amount of a price or a number; None if *fact* is neither."""
    value, _, unit = fact.value.partition(" ")
    if fact.kind not in ("price", "number"):
        return None
    try:
        return Amount(fact.kind, unit, float(value))
    except ValueError:
        return None
