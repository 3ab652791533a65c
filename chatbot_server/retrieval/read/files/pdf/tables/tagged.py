"""Tables on the page of a PDF that are tagged as such."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from chatbot_server.retrieval.read.files.pdf.page.pieces import Piece
from chatbot_server.retrieval.read.files.pdf.page.tags import TaggedTable
from chatbot_server.retrieval.read.files.pdf.tables.ruled import (
    Row,
    TableBlock,
    cell_text,
    usual_size,
)

# Letters in a cell: a table with more of them in one places things on the page.
MAX_CELL = 600
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]{3}")


def tagged_tables(rows: Sequence[Row]) -> tuple[list[TableBlock], list[Row]]:
    """The tables that are tagged as such, and what stands outside of them."""
    tables: dict[int, TaggedTable] = {}
    pieces: dict[int, list[Piece]] = {}
    for piece in (piece for row in rows for piece in row):
        if piece.tag.table is not None:
            tables[id(piece.tag.table)] = piece.tag.table
            pieces.setdefault(id(piece.tag.table), []).append(piece)
    blocks: dict[int, TableBlock] = {}
    for key, table in tables.items():
        block = block_of(table, pieces[key])
        if block is not None:
            blocks[key] = block
    rest = [[piece for piece in row if id(piece.tag.table) not in blocks] for row in rows]
    return list(blocks.values()), [row for row in rest if row]


def block_of(table: TaggedTable, pieces: Sequence[Piece]) -> TableBlock | None:
    """*table* with its *pieces*, a merged cell in all of its places.

    None: it places things, or has rows of its own in one of its cells.
    """
    cells: dict[int, list[Piece]] = {}
    for piece in pieces:
        cells.setdefault(piece.tag.number, []).append(piece)
    part = first_part([piece for piece in pieces if not table.is_name(piece.tag.number)])
    part = part or list(pieces)
    start, end = min(piece.x0 for piece in part), max(piece.x1 for piece in part)
    rows = [[""] * table.column_count for _ in range(table.row_count)]
    for number, own in cells.items():
        if table.is_name(number):  # told again above what goes on in the next column
            own = [piece for piece in own if start < piece.x1 and piece.x0 < end] or own
            part += own
        for row, column in table.cells[number]:
            if row < table.row_count:
                rows[row][column] = cell_text(own)
    is_long = max(len(cell) for row in rows for cell in row) > MAX_CELL
    if is_long or any(holds_rows(own, cells.get(at + 1, ())) for at, own in cells.items()):
        return None
    return TableBlock(
        rows,
        table.header_rows or None,
        min(piece.x0 for piece in part),
        max(piece.x1 for piece in part),
        min(piece.baseline for piece in part),
        max(piece.baseline for piece in part),
        usual_size([part]),
    )


def holds_rows(cell: Sequence[Piece], following: Sequence[Piece]) -> bool:
    """Whether times or numbers stand below each other in *cell*, a text beside each of them."""
    beside = {round(piece.baseline) for piece in following if _WORD.search(piece.text)}
    lines = {round(piece.baseline) for piece in cell}
    are_values = all(_DIGIT.search(piece.text) and not _WORD.search(piece.text) for piece in cell)
    return len(lines) > 1 and are_values and lines <= beside


def first_part(pieces: Sequence[Piece]) -> list[Piece]:
    """What of *pieces* stands in the first of the columns of text that a table is broken over."""
    rows: dict[int, list[Piece]] = {}
    for piece in pieces:
        rows.setdefault(piece.tag.row, []).append(piece)
    part: list[Piece] = []
    top = -math.inf
    for _number, row in sorted(rows.items()):
        former, top = top, min(piece.baseline for piece in row)
        if top < former - row[0].size:
            break
        part += row
    return part
