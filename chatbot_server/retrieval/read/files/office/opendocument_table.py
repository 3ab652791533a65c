"""Tables of OpenDocument files as grids of the cells that are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from chatbot_server.retrieval.read.document import Unreadable
from chatbot_server.retrieval.read.files.office.package import attribute, children, local
from chatbot_server.retrieval.read.files.office.sheet import SheetRow
from chatbot_server.retrieval.read.files.writer import MAX_COLUMNS, MAX_ROWS, MarkdownWriter

_GROUPS = ("table-header-rows", "table-rows", "table-row-group")
_COLUMN_GROUPS = ("table-header-columns", "table-columns", "table-column-group")
_NOT_SHOWN = ("collapse", "filter")


def count_of(element: Any, name: str) -> int:
    """The number in the attribute *name*; 1: there is none, or no sensible one."""
    text = attribute(element, name)
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else 1


class TableGrid:
    """The rows of a table; what spans several cells is in each of them.

    Args:
        cell_writer: reads what is in a cell.
        is_bold: whether all words in a cell are; rows of such cells at the top name the columns.
    """

    def __init__(
        self,
        table: Any,
        cell_writer: Callable[[Any], MarkdownWriter],
        is_bold: Callable[[Any], bool] = lambda _cell: False,
    ) -> None:
        self.rows: list[SheetRow] = []
        self.cells: list[MarkdownWriter] = []
        self.header_rows = 0
        self._cell_writer = cell_writer
        self._hidden_columns = hidden_columns(table)
        # Of cells that go on below: their text, and how many rows they still have.
        self._spanning: dict[int, tuple[str, int]] = {}
        bold_rows = 0
        for row, is_header in rows_of(table):
            if len(self.rows) >= MAX_ROWS:
                raise Unreadable("extract_big")
            texts = self.texts_of(row)
            if attribute(row, "visibility") in _NOT_SHOWN:
                continue
            # A row that is said to be repeated says the same each time.
            texts.is_bold = all(is_bold(cell) for cell in children(row, "table-cell") if len(cell))
            self.rows.append(texts)
            if is_header:
                self.header_rows = len(self.rows)
            if bold_rows == len(self.rows) - 1 and all(map(is_bold, children(row, "table-cell"))):
                bold_rows += any(texts)
        if not self.header_rows and bold_rows < len(self.rows):
            self.header_rows = bold_rows

    def texts_of(self, row: Any) -> SheetRow:
        """The texts of a row in the columns that are shown."""
        texts: dict[int, str] = {}
        column = 0
        for cell in row:
            name = local(cell)
            if column >= MAX_COLUMNS or name not in ("table-cell", "covered-table-cell"):
                continue
            end = min(column + count_of(cell, "number-columns-repeated"), MAX_COLUMNS)
            if name == "table-cell":
                writer = self._cell_writer(cell)
                self.cells.append(writer)
                width = min(count_of(cell, "number-columns-spanned"), MAX_COLUMNS)
                for at in range(column, max(end, column + width)):
                    texts[at] = writer.in_one_line
                    self._spanning[at] = (texts[at], count_of(cell, "number-rows-spanned"))
            column = end
        count = count_of(row, "number-rows-repeated")
        for at, (text, rows_to_go) in list(self._spanning.items()):
            texts.setdefault(at, text)
            self._spanning[at] = (text, rows_to_go - count)
            if rows_to_go <= count:
                del self._spanning[at]
        return SheetRow(
            texts.get(at, "")
            for at in range(max(texts, default=-1) + 1)
            if at not in self._hidden_columns
        )


def rows_of(table: Any, *, is_header: bool = False) -> Iterator[tuple[Any, bool]]:
    """The rows of a table, and whether each names the columns."""
    for part in table:
        if local(part) == "table-row":
            yield part, is_header
        elif local(part) in _GROUPS and attribute(part, "display") != "false":
            header = is_header or local(part) == "table-header-rows"
            yield from rows_of(part, is_header=header)


def hidden_columns(table: Any) -> set[int]:
    """The numbers of the columns that are not shown."""
    numbers: set[int] = set()
    column = 0
    for element in columns_of(table):
        end = min(column + count_of(element, "number-columns-repeated"), MAX_COLUMNS)
        if attribute(element, "visibility") in _NOT_SHOWN:
            numbers.update(range(column, end))
        column = end
    return numbers


def columns_of(table: Any) -> Iterator[Any]:
    """The columns of a table."""
    for part in table:
        if local(part) == "table-column":
            yield part
        elif local(part) in _COLUMN_GROUPS:
            yield from columns_of(part)
