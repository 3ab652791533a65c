"""What rows of a table have in common: free space between their cells, and where these begin."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from chatbot_server.retrieval.read.files.lines import joined
from chatbot_server.retrieval.read.files.pdf.tables.ruled import Row

ALIGNED = 3.0
MIN_GUTTER = 2.0
LEADERS, FEWEST_LEADERS = ".…_· ", 4
Extent = tuple[float, float]


def gutters_left_by(row: Row, gutters: Sequence[Extent]) -> list[Extent]:
    """What *row* leaves free of *gutters*."""
    gaps = [(former.x1, piece.x0) for former, piece in pairwise(row)]
    free = [(-1e9, row[0].x0), *gaps, (row[-1].x1, 1e9)]
    pairs = [(max(a, c), min(b, d)) for a, b in gutters for c, d in free]
    return [(start, end) for start, end in pairs if end - start >= MIN_GUTTER]


def without_leaders(cell: str) -> str:
    """*cell* without the dots at its end, or its beginning, that lead to the next one."""
    for text in (cell.rstrip(LEADERS), cell.lstrip(LEADERS)):
        if len(cell) - len(text) >= FEWEST_LEADERS:
            cell = text
    return cell


def joined_cells(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Two lines of one row as one, cell by cell."""
    return [
        joined(old, new) if old and new else old or new
        for old, new in zip(upper, lower, strict=True)
    ]


def are_aligned(cells: Sequence[tuple[float, float]]) -> bool:
    """Whether most of *cells*, from left to right, begin, end or have their middle at one place."""
    places = (
        [start for start, _ in cells],
        [end for _, end in cells],
        [(start + end) / 2 for start, end in cells],
    )
    return any(2 * most_near(positions) > len(positions) for positions in places)


def most_near(values: Sequence[float]) -> int:
    """How many of *values* are near one of them, at most."""
    return max(
        (sum(abs(value - other) <= ALIGNED for value in values) for other in values), default=0
    )
