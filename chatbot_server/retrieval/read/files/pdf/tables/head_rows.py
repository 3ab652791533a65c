"""Rows above a table that only gaps show: their names stand above several of its columns each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from chatbot_server.retrieval.read.files.pdf.page.pieces import Piece
from chatbot_server.retrieval.read.files.pdf.tables.aligned import AlignedTable
from chatbot_server.retrieval.read.files.pdf.tables.ruled import Row, TableBlock

MOST_ROWS, MOST_COLUMNS = 4, 16
# In heights of a letter: rows of names are no farther from each other.
ROW_PITCH = 2.6
# What it costs, in points, to leave a column without a name.
UNNAMED = 1.0
_DIGIT = re.compile(r"\d")
_PRICE = re.compile(r"\d ?[€£$]|[€£$] ?\d")
Extent = tuple[float, float]


def table_below_names(rows: Sequence[Row], usual: AlignedTable) -> tuple[TableBlock, int] | None:
    """The table of *rows* whose first ones have fewer cells than it has columns, and its length.

    None where the *usual* table, which begins with the first row, has as many columns.
    """
    most_cells = max((len(row) for row in rows[1 : MOST_ROWS + 1]), default=0)
    if most_cells <= len(rows[0]) or any(_PRICE.search(piece.text) for piece in rows[0]):
        return None
    best: tuple[int, AlignedTable] | None = None
    width = usual.column_count
    for count in range(1, min(MOST_ROWS, len(rows) - 1) + 1):
        if not are_near(rows[count - 1], rows[count]):
            break
        table = AlignedTable(rows[count:])
        reaches_as_far = count + table.row_count >= usual.row_count
        is_wider = max(width, 2) < table.column_count <= MOST_COLUMNS
        if is_wider and reaches_as_far and are_names(rows[:count], table):
            best, width = (count, table), table.column_count
    return with_names(rows[: best[0]], best[1]) if best else None


def are_near(upper: Row, lower: Row) -> bool:
    return lower[0].baseline - upper[0].baseline <= ROW_PITCH * max(upper[0].size, lower[0].size)


def are_names(head: Sequence[Row], table: AlignedTable) -> bool:
    """Whether *head* names the columns of *table*: it has no values, and that has."""
    pieces = [piece for row in head for piece in row]
    if len(head[0]) < 2 or max(map(len, head)) > table.column_count:
        return False
    edge = table.extents()[0][1]
    if any(len(row) == 1 and row[0].x1 > edge for row in head):
        return False
    rows = [row for row in table.rows if len(row) > 1]
    values = [any(_DIGIT.search(piece.text) for piece in row[1:]) for row in rows]
    if 2 * sum(values) < len(values) or any(_PRICE.search(piece.text) for piece in pieces):
        return False
    if all(row[0].x0 > edge for row in head if len(row) > 1):
        return True  # nothing stands above the names of the rows
    if any(_DIGIT.search(piece.text) for piece in pieces):
        return False
    are_bold = all(piece.is_bold for piece in pieces)
    are_bold = are_bold and not all(piece.is_bold for piece in table.rows[-1])
    return are_bold or (head[-1][0].x0 > edge and all(values))


def with_names(head: Sequence[Row], table: AlignedTable) -> tuple[TableBlock, int]:
    """*table* with the rows of its *head*, each name in all of the columns that it stands above."""
    block = table.block()
    own = block.header_rows or int(
        len(block.rows) > 1
        and not any(map(_DIGIT.search, block.rows[0]))
        and all(any(map(_DIGIT.search, row[1:])) for row in block.rows[1:])
    )
    extents = table.extents()
    is_broken = own and len(table.rows[1]) > 1 and table.rows[1][0].x0 > extents[0][1]
    lines = list(map(parts_of, [*head, *table.rows[: own + is_broken]]))
    block.rows[:0] = names_of(lines, with_own_names(extents, lines))[: len(head)]
    block.header_rows = len(head) + own
    block.x0, block.top = min(block.x0, head[0][0].x0), head[0][0].baseline
    return block, len(head) + table.row_count


def parts_of(row: Row) -> list[Piece]:
    return [part for piece in row for part in piece.parts()]


def with_own_names(extents: Sequence[Extent], lines: Sequence[Row]) -> list[Extent]:
    """*extents*, widened to the names in those of *lines* that have one for each column."""
    columns = list(extents)
    for row in lines:
        unnamed_count = len(columns) - len(row)
        if each_has_name(row, extents):
            for at, piece in enumerate(row, unnamed_count):
                start, end = columns[at]
                columns[at] = min(start, piece.x0), max(end, piece.x1)
    return columns


def each_has_name(row: Row, columns: Sequence[Extent]) -> bool:
    """Whether *row* has as many pieces as there are *columns*, or the first one has none."""
    unnamed_count = len(columns) - len(row)
    return unnamed_count == 0 or (unnamed_count == 1 and bool(row) and row[0].x0 > columns[0][1])


def names_of(lines: Sequence[Row], extents: Sequence[Extent]) -> list[list[str]]:
    """The names that each of *lines*, above the values of a table, has for its columns.

    A line between others is one of names that stand beside all of these: “Room”, “Places”.
    """
    is_tall = [
        0 < at < len(lines) - 1 and row[0].x0 < extents[0][1] for at, row in enumerate(lines)
    ]
    rows = [
        names_above(row, extents, 1) if beside else [""] * len(extents)
        for row, beside in zip(lines, is_tall, strict=True)
    ]
    free = [at for at in range(len(extents)) if not any(names[at] for names in rows)]
    for row, names, beside in zip(lines, rows, is_tall, strict=True):
        if not beside:
            names[:] = names_in(row, extents, free)
    return rows


def names_in(row: Row, extents: Sequence[Extent], free: list[int]) -> list[str]:
    """The names that *row* has for the columns in *free*; the first one is that of one column."""
    names = [""] * len(extents)
    if free[:1] == [0] and row[0].x0 < extents[0][1] and row[0].x1 < extents[1][0]:
        names[0], row, free = row[0].text, row[1:], free[1:]
    for at, name in zip(free, names_above(row, [extents[at] for at in free]), strict=True):
        names[at] = name
    return names


def names_above(pieces: Row, columns: Sequence[Extent], widest: int = MOST_COLUMNS) -> list[str]:
    """The texts of *pieces*, from left to right, in the columns that they stand above.

    Each begins where its columns, *widest* at most, begin, or stands in the middle above them; the
    columns are shared out so that all of them together fit best.
    """
    width = len(columns)
    if each_has_name(pieces, columns):
        return [*[""] * (width - len(pieces)), *(piece.text for piece in pieces)]

    @cache
    def best(number: int, first: int) -> tuple[float, tuple[tuple[int, int], ...]]:
        if number == len(pieces):
            return UNNAMED * (width - first), ()
        spans: list[tuple[float, tuple[tuple[int, int], ...]]] = [(1e9, ())]
        for start in range(first, width):
            for end in range(start + 1, min(start + widest, width) + 1):
                cost, rest = best(number + 1, end)
                cost += distance(pieces[number], columns[start:end]) + UNNAMED * (start - first)
                spans.append((cost, ((start, end), *rest)))
        return min(spans)

    cells = [""] * width
    for piece, (start, end) in zip(pieces, best(0, 0)[1], strict=False):
        cells[start:end] = [piece.text] * (end - start)
    return cells


def distance(piece: Piece, columns: Sequence[Extent]) -> float:
    """How far *piece* is from beginning with *columns*, or from standing in their middle."""
    start, end = columns[0][0], columns[-1][1]
    return min(abs(piece.x0 - start), abs(piece.x0 + piece.x1 - start - end) / 2)
