"""Tables below names in bold whose cells are too full to be told from columns of text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbot_server.retrieval.read.files.pdf.tables.aligned import SAME_SIZE, AlignedTable
from chatbot_server.retrieval.read.files.pdf.tables.centred import with_cells_at_top
from chatbot_server.retrieval.read.files.pdf.tables.head_rows import ROW_PITCH
from chatbot_server.retrieval.read.files.pdf.tables.ruled import Row, TableBlock

MIN_ROWS, MIN_COLUMNS, MAX_ROWS = 3, 3, 300
_DIGIT = re.compile(r"\d")
Region = Sequence[Row | TableBlock]


def with_tables_below_names(region: Region) -> list[Row | TableBlock]:
    """*region*, its tables below names in bold found whose columns cannot be those of text."""
    result: list[Row | TableBlock] = []
    rest = list(region)
    while rest:
        is_head = names_columns(rest) and not goes_on(result[-1:], rest)
        rows = rows_of(rest) if is_head else []
        cells = with_cells_at_top(rows)
        table = AlignedTable(cells)
        if table.row_count and holds_names_or_values(table):
            result.append(table.block())
            rest[: len(rows)] = cells[table.row_count :]
        else:
            result.append(rest.pop(0))
    return result


def names_columns(region: Region) -> bool:
    """Whether *region* begins with a row in bold above one that is not."""
    rows = rows_of(region[:2])
    return (
        len(rows) == 2
        and len(rows[0]) > 1
        and all(piece.is_bold for piece in rows[0])
        and not all(piece.is_bold for piece in rows[1])
    )


def goes_on(above: Region, region: Region) -> bool:
    """Whether the first row of *region* is the second one of a head that begins *above*."""
    rows = [*rows_of(above), *rows_of(region[:1])]
    return (
        len(rows) == 2
        and all(piece.is_bold for piece in rows[0])
        and abs(rows[0][0].size - rows[1][0].size) < SAME_SIZE
        and rows[1][0].baseline - rows[0][0].baseline < ROW_PITCH * rows[1][0].size
    )


def rows_of(region: Region) -> list[Row]:
    """The first rows of *region*, up to a table."""
    rows: list[Row] = []
    for item in region[:MAX_ROWS]:
        if isinstance(item, TableBlock):
            break
        rows.append(item)
    return rows


def holds_names_or_values(table: AlignedTable) -> bool:
    """Whether *table* has names beside its rows, and none above them, or a column of numbers."""
    names, *rows = table.block().rows
    if len(names) < MIN_COLUMNS or len(rows) < MIN_ROWS - 1 or not all(names[1:]):
        return False
    columns = list(zip(*rows, strict=True))
    if not names[0]:
        return all(columns[0])
    return any(all(map(_DIGIT.search, column)) for column in columns[1:])
