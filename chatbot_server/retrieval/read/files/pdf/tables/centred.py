"""Cells in the middle beside others of several lines: they belong to the first of these lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chatbot_server.retrieval.read.files.pdf.page.pieces import Piece
from chatbot_server.retrieval.read.files.pdf.tables.columns import ALIGNED, MIN_GUTTER
from chatbot_server.retrieval.read.files.pdf.tables.ruled import Row

# In points: lines of a cell are as far from each other, those of the next row farther.
SAME_PITCH = 1.0
# In heights of a letter: lines of one cell are nearer to each other, as browsers space them, too.
CELL_PITCH = 1.75


def with_cells_at_top(rows: Sequence[Row]) -> list[Row]:
    """*rows*, what stands in the middle beside two or three lines moved to the first of these."""
    result: list[Row] = []
    rest = list(rows)
    while rest:
        if beside_two_lines(rest):
            upper, middle, lower = rest[:3]
            rest[:3] = [moved(upper, middle), lower]
        elif cell := cell_of_three_lines(rest, result):
            upper, middle, lower = rest[:3]
            others = [piece for piece in middle if piece is not cell]
            rest[:3] = [moved(upper, others), [cell], lower]
        result.append(rest.pop(0))
    return result


def moved(row: Row, pieces: Row) -> Row:
    """*row* with *pieces* at its height."""
    level_pieces = [replace(piece, baseline=row[0].baseline) for piece in pieces]
    return sorted([*row, *level_pieces], key=lambda piece: piece.x0)


def beside_two_lines(rows: Sequence[Row]) -> bool:
    """Whether the second row stands beside the first and the third, between them."""
    if len(rows) < 3 or not is_cell_of(rows[0], rows[2]):
        return False
    upper, middle, lower = rows[:3]
    return all(are_apart(piece, other) for piece in middle for other in (*upper, *lower))


def is_cell_of(upper: Row, lower: Row) -> bool:
    """Whether *lower* may be the next line of the cells in *upper*."""
    is_near = lower[0].baseline - upper[0].baseline <= CELL_PITCH * max(
        upper[0].size, lower[0].size
    )
    starts = abs(upper[0].x0 - lower[0].x0) <= ALIGNED
    return is_near and (starts or abs(upper[-1].x1 - lower[-1].x1) <= ALIGNED)


def are_apart(piece: Piece, other: Piece) -> bool:
    """Whether one stands right of the other."""
    return piece.x0 - other.x1 >= MIN_GUTTER or other.x0 - piece.x1 >= MIN_GUTTER


def cell_of_three_lines(rows: Sequence[Row], above: Sequence[Row]) -> Piece | None:
    """What of the second row is the middle line of a cell that begins above and ends below it."""
    if len(rows) < 3 or len(rows[0]) > 1 or len(rows[2]) > 1 or len(rows[1]) < 2:
        return None
    upper, middle, lower = rows[:3]
    pitch = middle[0].baseline - upper[0].baseline
    gaps = [
        lower[0].baseline - middle[0].baseline,
        *([upper[0].baseline - above[-1][0].baseline] if above else []),
    ]
    gaps += [rows[3][0].baseline - lower[0].baseline] if len(rows) > 3 else []
    is_even = abs(gaps[0] - pitch) <= SAME_PITCH
    if not is_even or any(gap <= pitch + SAME_PITCH for gap in gaps[1:]):
        return None
    return next(
        (
            piece
            for piece in middle
            if piece.is_bold == upper[0].is_bold
            and is_cell_of(upper, [piece])
            and is_cell_of([piece], lower)
        ),
        None,
    )
