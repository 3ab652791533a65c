"""Measured figures, as lines for people or JSON for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        name: what was measured; a key of the catalogue's ``bench_…`` sentences in the
            command, plain English in the scripts.
        unit: of *value*; empty for ratios.
        goal: what it should reach.
        most: whether *goal* is an upper bound.
    """

    name: str
    value: float
    unit: str = ""
    goal: float | None = None
    most: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.most else self.value >= self.goal

    def line(self, width: int, name: str | None = None) -> str:
        """As one line of a table."""
        number = f"{self.value:.0f}" if abs(self.value) >= 1000 else f"{self.value:.3g}"
        line = f"{name or self.name:<{width}} {number:>9} {self.unit:<9}"
        if self.goal is None:
            return line.rstrip()
        mark = "✓" if self.reached else "✗"
        return f"{line} {mark} {'≤' if self.most else '≥'} {self.goal:g}"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "value": round(self.value, 4), "reached": self.reached}
