"""Cells of a table without lines that span columns or rows, and titles between its rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbot_server.retrieval.read.files.pdf.page.pieces import Piece
from chatbot_server.retrieval.read.files.pdf.tables.columns import ALIGNED
from chatbot_server.retrieval.read.files.pdf.tables.ruled import Row

# In points: what stands in the middle of something wide.
IN_MIDDLE = 6.0
# In heights of a letter: a title that is larger begins another table.
LARGER = 1.2
# In points: as far from the row above as from the one below.
SAME_GAP = 1.0
_DIGIT = re.compile(r"\d")


def full_rows(rows: Sequence[Row], number: int, gutter_count: int) -> list[Row]:
    """Rows near the row *number* that have a cell in each column."""
    near = [*rows[max(0, number - 2) : number], *rows[number + 1 : number + 3]]
    return [row for row in near if len(row) > gutter_count]


def is_title_between(rows: Sequence[Row], number: int, gutter_count: int) -> bool:
    """Whether the row *number* is a title in bold, at the left or in the middle above full rows."""
    row, full = rows[number], full_rows(rows, number, gutter_count)
    below = rows[number + 1] if number + 1 < len(rows) else []
    if len(row) > 1 or below not in full or not row[0].is_bold:
        return False
    above = [cells for cells in rows[:number] if len(cells) > 1]
    start = min(cells[0].x0 for cells in full + above)
    end = max(cells[-1].x1 for cells in full + above)
    middle = (row[0].x0 + row[0].x1 - start - end) / 2
    is_in_place = abs(middle) <= IN_MIDDLE or abs(row[0].x0 - start) <= ALIGNED
    stands_out = not all(piece.is_bold for piece in below)
    return is_in_place and stands_out and row[0].size <= LARGER * below[0].size


def spans_columns(rows: Sequence[Row], number: int, gutter_count: int) -> bool:
    """Whether the row *number* has cells that span columns, at the places of those in full rows.

    Those end with values: lines of text in columns begin at one place, too.
    """
    full = full_rows(rows, number, gutter_count)
    cells = [cell for row in full for cell in row]
    have_values = len(full) > 1 and all(_DIGIT.search(row[-1].text) for row in full)
    are_in_place = all(is_in_place(piece, cells) for piece in rows[number])
    return have_values and len(rows[number]) > 1 and are_in_place


def is_in_place(piece: Piece, cells: Sequence[Piece]) -> bool:
    """Whether *piece* begins or ends where one of *cells* does, or has its middle with it."""
    return any(
        abs(piece.x0 - cell.x0) <= ALIGNED
        or abs(piece.x1 - cell.x1) <= ALIGNED
        or abs(piece.x0 + piece.x1 - cell.x0 - cell.x1) <= ALIGNED
        for cell in cells
    )


def share_tall_cells(rows: Sequence[Row], lines: list[list[str]]) -> None:
    """Give a cell in the middle between two of *rows* to both; *lines* are the texts of each."""
    for at in range(1, len(lines) - 1):
        upper, cells, lower = lines[at - 1 : at + 2]
        gaps = [
            rows[at][0].baseline - rows[at - 1][0].baseline,
            rows[at + 1][0].baseline - rows[at][0].baseline,
        ]
        columns = [column for column, text in enumerate(cells) if text]
        is_between = abs(gaps[0] - gaps[1]) <= SAME_GAP and upper[0] and lower[0]
        if is_between and columns[:1] != [0] and not any(upper[c] or lower[c] for c in columns):
            for column in columns:
                upper[column] = lower[column] = cells[column]
                cells[column] = ""
