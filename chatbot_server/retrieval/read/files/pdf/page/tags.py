"""Tables and lists as the program that wrote a PDF tagged them: for each text, its cell or item."""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import byref, c_float, create_string_buffer
from dataclasses import dataclass, field
from typing import Any

MAX_ELEMENTS, MAX_DEPTH = 20_000, 40
# All of them are looked at for each page: tags of a file with more are not read.
MAX_CHILDREN = 5000
MAX_COLUMNS, MAX_ROWS, MAX_SPAN = 60, 500, 60
CELLS, ROW_GROUPS = ("TH", "TD"), ("THead", "TBody", "TFoot")
Place = tuple[int, int]  # row and column


@dataclass(eq=False, slots=True)
class TaggedTable:
    """A table: the places of each cell, in reading order, and how many rows of names it has."""

    cells: list[list[Place]] = field(default_factory=list)
    row_count: int = 0
    column_count: int = 0
    header_rows: int = 0
    is_on_several_pages: bool = False

    @property
    def is_grid(self) -> bool:
        """Whether its cells fill several rows and columns, none of them twice.

        Of what spans rows of two pages, the second one has nothing.
        """
        places = [place for cell in self.cells for place in cell if place[0] < self.row_count]
        least_rows = 1 if self.is_on_several_pages else 2
        size = self.row_count * self.column_count
        is_filled = len(places) == size or (self.is_on_several_pages and 2 * len(places) > size)
        return (
            1 < self.column_count <= MAX_COLUMNS
            and least_rows <= self.row_count <= MAX_ROWS
            and len(set(places)) == len(places)
            and is_filled
        )

    def is_name(self, number: int) -> bool:
        """Whether the cell *number* is one of those that name columns."""
        return self.cells[number][0][0] < self.header_rows


@dataclass(frozen=True, slots=True)
class TextTag:
    """What a text belongs to: the cell *number* of *table*, or an *item* of a list, from 1."""

    table: TaggedTable | None = None
    number: int = 0
    item: int = 0

    @property
    def row(self) -> int:
        """The first row of its cell; 0 outside of tables."""
        return self.table.cells[self.number][0][0] if self.table else 0

    def is_same_as(self, other: TextTag) -> bool:
        """Whether texts with these tags are in one cell, or both in none."""
        if self.table is None or other.table is None:
            return self.table is other.table
        return self.table is other.table and self.number == other.number


UNTAGGED = TextTag()


class PageTags:
    """The tags of a page, by the numbers that its texts are marked with."""

    def __init__(self, page: Any) -> None:
        import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

        self._pdfium = pdfium
        self._tags: dict[int, TextTag] = {}
        self._room = MAX_ELEMENTS
        self._items = 0
        tree = pdfium.FPDF_StructTree_GetForPage(page.raw)
        if not tree:
            return
        for at in range(pdfium.FPDF_StructTree_CountChildren(tree)):
            self._read(pdfium.FPDF_StructTree_GetChildAtIndex(tree, at), UNTAGGED, 0)
        pdfium.FPDF_StructTree_Close(tree)

    def of(self, text: Any) -> TextTag:
        """The tag of *text*, an object of the page."""
        if not self._tags:
            return UNTAGGED
        return self._tags.get(self._pdfium.FPDFPageObj_GetMarkedContentID(text), UNTAGGED)

    def _read(self, element: Any, tag: TextTag, depth: int) -> None:
        """Note *tag* for all texts in *element*, and others for those in its tables and lists."""
        if not element or depth > MAX_DEPTH or self._room <= 0:
            return
        self._room -= 1
        kind = self._kind(element)
        if kind == "Table" and tag.table is None:
            table = TaggedTable()
            self._read_rows(element, table, depth)
            if table.is_grid:
                return
            tag = UNTAGGED
        elif kind == "LI":
            self._items += 1
            tag = TextTag(tag.table, tag.number, self._items)
        count = self._pdfium.FPDF_StructElement_GetMarkedContentIdCount(element)
        for at in range(max(0, count)):
            number = self._pdfium.FPDF_StructElement_GetMarkedContentIdAtIndex(element, at)
            if number >= 0:
                self._tags[number] = tag
        for child in self._children(element):
            self._read(child, tag, depth + 1)

    def _read_rows(self, element: Any, table: TaggedTable, depth: int) -> None:
        """Read the rows of *table* in *element*, it or a group of rows, and note their cells."""
        taken_places = {place for cell in table.cells for place in cell}
        for row in self._children(element):
            kind = self._kind(row) if row else ""
            if kind in ROW_GROUPS and depth < MAX_DEPTH:
                self._read_rows(row, table, depth + 1)
                taken_places = {place for cell in table.cells for place in cell}
            elif kind == "TR" and table.row_count <= MAX_ROWS:
                self._read_row(row, table, taken_places, depth)
            elif row:
                self._read(row, UNTAGGED, depth + 1)
            else:
                table.is_on_several_pages = True

    def _read_row(self, row: Any, table: TaggedTable, taken_places: set[Place], depth: int) -> None:
        at, column, width = table.row_count, 0, 1
        table.row_count += 1
        are_names = True
        for cell in self._children(row):  # an empty one has no element
            if cell and self._kind(cell) not in CELLS:
                continue
            while (at, column) in taken_places:
                column += 1
            height, width = (self._span(cell, name) for name in ("RowSpan", "ColSpan"))
            places = [(at + i, column + j) for i in range(height) for j in range(width)]
            taken_places.update(places)
            table.cells.append(places)
            table.column_count = max(table.column_count, column + width)
            if table.column_count > MAX_COLUMNS:
                return  # no grid
            are_names = are_names and (not cell or self._kind(cell) == "TH")
            self._read(cell, TextTag(table, len(table.cells) - 1), depth + 1)
        is_title = at > 0 and column == 0 and width > 1
        if are_names and table.header_rows == at and not is_title:
            table.header_rows += 1

    def _children(self, element: Any) -> Iterator[Any]:
        count = self._pdfium.FPDF_StructElement_CountChildren(element)
        for at in range(count if count <= MAX_CHILDREN else 0):
            # Texts that are marked in the element itself have a number instead.
            if self._pdfium.FPDF_StructElement_GetChildMarkedContentID(element, at) < 0:
                yield self._pdfium.FPDF_StructElement_GetChildAtIndex(element, at)

    def _kind(self, element: Any) -> str:
        name = create_string_buffer(64)
        size = self._pdfium.FPDF_StructElement_GetType(element, name, 64)
        return name.raw[: min(size, 64)].decode("utf-16-le", "replace").rstrip("\0")

    def _span(self, cell: Any, name: str) -> int:
        count = self._pdfium.FPDF_StructElement_GetAttributeCount(cell) if cell else 0
        number = c_float()
        for at in range(max(0, count)):
            attribute = self._pdfium.FPDF_StructElement_GetAttributeAtIndex(cell, at)
            value = self._pdfium.FPDF_StructElement_Attr_GetValue(attribute, name.encode())
            if value and self._pdfium.FPDF_StructElement_Attr_GetNumberValue(value, byref(number)):
                return int(max(1.0, min(number.value, MAX_SPAN)))  # it may be infinite
        return 1
