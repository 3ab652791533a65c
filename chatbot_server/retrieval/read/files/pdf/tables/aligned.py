"""Tables on the page of a PDF that only gaps show: what stands below each other in each row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import dropwhile, groupby, pairwise

from chatbot_server.retrieval.read.files.lines import joined
from chatbot_server.retrieval.read.files.pdf.page.pieces import Piece
from chatbot_server.retrieval.read.files.pdf.tables.columns import (
    ALIGNED,
    MIN_GUTTER,
    Extent,
    are_aligned,
    gutters_left_by,
    joined_cells,
    without_leaders,
)
from chatbot_server.retrieval.read.files.pdf.tables.ruled import (
    Row,
    TableBlock,
    has_room,
    usual_size,
)
from chatbot_server.retrieval.read.files.pdf.tables.spans import (
    is_title_between,
    share_tall_cells,
    spans_columns,
)

# In heights of a letter: lines of one cell are nearer to each other.
LINE_PITCH = 1.6
# By so much, in heights of a letter, a row is farther from the next than its lines from each other.
ROW_MARGIN = 0.04
LARGER, APART = 1.2, 1.6
LINES_APART = 2.6
# In heights of a letter: rows are no farther from each other.
ROWS_APART = 3.4
MAX_LINES_ABOVE = 12
# Rows of names and a title that are looked beyond for the first values.
MAX_NAME_LINES = 3
# In points: as far below a name as others are.
SAME_GAP = 1.0
# In points: letters whose sizes differ by less are of one size.
SAME_SIZE = 0.6
_DIGIT = re.compile(r"\d")


class AlignedTable:
    """A table of the first of *rows*, as far as gaps between them stand below each other.

    ``row_count`` is 0 where there is none. *above* are lines that begin the first row if what
    names a row stands at the bottom of its cell.
    """

    def __init__(self, rows: Sequence[Row], above: Sequence[Row] = ()) -> None:
        self._rows = rows
        # Where cells of a spreadsheet nearly touch, gaps tell them apart that are no pieces' ends.
        self._parts = [[part for piece in row for part in piece.parts()] for row in rows]
        self._gutters: list[Extent] = []
        self._titles: list[Piece] = []
        self.row_count = 0
        if not rows or len(rows[0]) < 2:
            return
        count = self.sweep()
        if count and self.is_aligned(count) and self.is_filled(count):
            self.row_count = next(filter(self.is_heading, range(2, count)), count)
        self._names_are_below = bool(count) and self.names_are_below(above)
        self._above = list(above) if self._names_are_below else []

    @property
    def column_count(self) -> int:
        """How many columns it has; 0 where there is no table."""
        return len(self._gutters) + 1 if self.row_count else 0

    @property
    def rows(self) -> Sequence[Row]:
        """The lines that it is made of."""
        return self._rows[: self.row_count]

    def extents(self) -> list[Extent]:
        """From where to where text stands in each column; from 0 to 0 in an empty one."""
        columns: list[list[Piece]] = [[] for _ in range(self.column_count)]
        for parts in self._parts[: self.row_count]:
            for piece in parts if len(parts) > 1 else ():
                if len(span := self.columns_of(piece)) == 1:
                    columns[span[0]].append(piece)
        return [
            (
                min((piece.x0 for piece in column), default=0.0),
                max((piece.x1 for piece in column), default=0.0),
            )
            for column in columns
        ]

    @property
    def takes_above(self) -> bool:
        """Whether the lines above are of its first row."""
        return self.row_count > 0 and bool(self._above)

    def block(self) -> TableBlock:
        """The table, its wrapped cells joined."""
        rows = [*self._above, *self._rows[: self.row_count]]
        parts = [*self._above, *self._parts[: self.row_count]]
        lines = [self.cells_of(row) for row in parts]
        share_tall_cells(rows, lines)
        texts = self.joined_upwards(lines) if self._names_are_below else self.joined_rows(lines)
        texts = [  # a title between the rows stands in each column
            [cells[0]] * len(cells) if len(cells) > 2 and not any(cells[1:]) else cells
            for cells in texts
        ]
        header_rows = 1 if is_in_bold(rows[0]) and not all(map(is_in_bold, rows)) else None
        return TableBlock(
            texts,
            header_rows,
            min(row[0].x0 for row in rows),
            max(row[-1].x1 for row in rows),
            rows[0][0].baseline,
            rows[-1][0].baseline,
            usual_size(rows),
        )

    def joined_rows(self, lines: Sequence[list[str]]) -> list[list[str]]:
        """The rows, lines below the one that names a row joined to it."""
        pitch = self.row_pitch()
        texts: list[list[str]] = []
        for number, cells in enumerate(lines):
            is_wrapped = not cells[0] or (
                sum(map(bool, cells)) == 1 and self.is_below(number, 0.85 * pitch)
            )
            if not texts or not is_wrapped:
                texts.append(cells)
                continue
            for column, text in enumerate(cells):
                upper = texts[-1][column]
                is_new_line = upper and text and self.begins_line(number, column)
                if is_new_line and upper[-1] not in ",;:–-":
                    texts[-1][column] = f"{upper}, {text}"
                else:
                    texts[-1][column] = joined(upper, text) if upper and text else upper or text
        return texts

    def begins_line(self, number: int, column: int) -> bool:
        """Whether the writer ended the line above the row *number* in *column*.

        It is written otherwise, or there was room for the first word of the row.
        """
        pieces = [
            (at, piece)
            for at, parts in enumerate(self._parts[: self.row_count])
            for piece in parts
            if self.column_of(piece) == column
            and (at <= number or len(self.columns_of(piece)) == 1)
        ]
        upper = [piece for at, piece in pieces if at < number][-1]
        lower = next(piece for at, piece in pieces if at == number)
        is_other = abs(upper.size - lower.size) > SAME_SIZE or upper.is_bold != lower.is_bold
        return is_other or has_room(upper, lower, max(piece.x1 for _at, piece in pieces))

    def is_below(self, number: int, most: float) -> bool:
        """Whether the row *number* is nearer than *most* to the one above, as to its own name.

        A title is nearer to the row that it heads.
        """
        gap = self.gap_above(number)
        size = max(self._rows[number][0].size, self._rows[number - 1][0].size)
        return gap < most and gap < 1.4 * size and gap <= self.gap_above(number + 1)

    def gap_above(self, number: int) -> float:
        """How far the row *number* is from the one above; far where there is none."""
        if not 0 < number < len(self._rows):
            return 1e9
        return self._rows[number][0].baseline - self._rows[number - 1][0].baseline

    def joined_upwards(self, lines: Sequence[list[str]]) -> list[list[str]]:
        """The rows, lines above the one that names a row joined to it."""
        texts: list[list[str]] = []
        begun_row: list[str] | None = None
        for cells in lines:
            begun_row = joined_cells(begun_row, cells) if begun_row else cells
            if cells[0]:
                texts.append(begun_row)
                begun_row = None
        return [*texts, begun_row] if begun_row else texts

    def names_are_below(self, above: Sequence[Row]) -> bool:
        """Whether what names a row stands beside the last line of it, as spreadsheets have it.

        The line below is then farther off than the one above.
        """
        lines = [*above, *self._rows[: self.row_count]]
        has_name = [bool(self.cells_of(row)[0]) for row in lines]
        gaps: dict[tuple[bool, bool], list[float]] = {}
        for (upper, is_named), (lower, next_is_named) in pairwise(
            zip(lines, has_name, strict=True)
        ):
            gaps.setdefault((is_named, next_is_named), []).append(
                lower[0].baseline - upper[0].baseline
            )
        to_name, from_name = gaps.get((False, True)), gaps.get((True, False))
        if not to_name or not from_name:
            return False
        margin = ROW_MARGIN * lines[0][0].size
        return min(from_name) > max(sorted(to_name)[: (len(to_name) + 1) // 2]) + margin

    def sweep(self) -> int:
        """How many rows leave gaps at the same places, the last of them with several cells."""
        gutters = self.first_gutters()
        count = multiple = 1
        titles = 0
        for number, (former, row) in enumerate(pairwise(self._rows), 1):
            size = max(piece.size for piece in row)
            common = gutters_left_by(self._parts[number], gutters)
            is_far = row[0].baseline - former[0].baseline > ROWS_APART * size
            if is_far or self.begins_anew(number):
                break
            if len(common) < len(gutters):
                if self.spans(number, len(gutters)):
                    count = number + 1 if len(row) > 1 else count
                    continue
                if not common or len(row) < 2:
                    break
            gutters = common
            if len(row) > 1:
                multiple += 1
                count = number + 1
                self._gutters = gutters
            elif row[0].x0 < gutters[0][0]:
                titles += 1
            elif count == number and row[0].baseline - former[0].baseline < LINE_PITCH * size:
                count += 1  # the last cell goes on
        if multiple < 2 or multiple < titles:
            return 0
        return count + self.lines_below(count)

    def spans(self, number: int, gutter_count: int) -> bool:
        """Whether the row *number* spans columns: a title between rows, or merged cells."""
        if is_title_between(self._parts, number, gutter_count):
            self._titles += self._parts[number]
            return True
        return spans_columns(self._parts, number, gutter_count)

    def first_gutters(self) -> list[Extent]:
        """The gaps of the first row; if that names columns in bold, also those left of it."""
        gutters = [(piece.x1, following.x0) for piece, following in pairwise(self._parts[0])]
        names, following = self._parts[0], self._parts[1 : MAX_NAME_LINES + 1]
        cells = next((row for row in following if len(row) > 1 and not is_in_bold(row)), [])
        if cells and is_in_bold(names) and names[0].x0 - cells[0].x1 >= MIN_GUTTER:
            gutters.insert(0, (cells[0].x1, names[0].x0))
        return gutters

    def lines_below(self, count: int) -> int:
        """How many rows behind the first *count* stand below a name as others among these do."""
        singles = [at for at in range(1, count) if self.is_line_below(at)]
        usual = [self.gap_above(at) for at in singles]
        number = count
        while self.is_line_below(number) and any(
            abs(self.gap_above(number) - gap) < SAME_GAP for gap in usual
        ):
            number += 1
        return number - count

    def is_line_below(self, number: int) -> bool:
        """Whether the row *number* is one piece below the name that stands in the first column."""
        row = self._rows[number] if number < len(self._rows) else []
        is_in_column = len(row) == 1 and row[0].x0 < self._gutters[0][0]
        return is_in_column and row[0].x1 <= self._gutters[0][1] and self.is_below(number, 1e9)

    def is_heading(self, number: int) -> bool:
        """Whether the row *number* is one piece in larger letters, apart from the row above."""
        row, former = self._rows[number], self._rows[number - 1]
        size = max(piece.size for piece in former)
        is_apart = row[0].baseline - former[0].baseline > APART * row[0].size
        return len(row) == 1 and row[0].size > LARGER * size and is_apart

    def begins_anew(self, number: int) -> bool:
        """Whether the row *number* is the title of another table, with columns of its own."""
        rows = self._rows
        if self.is_heading(number) and rows[number][0].is_bold:
            return True
        if number + 1 >= len(rows) or len(rows[number]) > 1:
            return False
        names = self._parts[number + 1]
        if (
            len(names) < 2
            or rows[number + 1][0].baseline - rows[number][0].baseline > 3 * names[0].size
        ):
            return False
        if all(piece.is_bold for piece in names):
            return not all(piece.is_bold for piece in rows[number - 1])
        if number < 2:
            return False
        usual = rows[number - 1][0].baseline - rows[number - 2][0].baseline
        is_apart = rows[number][0].baseline - rows[number - 1][0].baseline > 1.5 * usual
        had_values = bool(_DIGIT.search(rows[number - 1][-1].text))
        return is_apart and had_values and not _DIGIT.search(names[-1].text)

    def row_pitch(self) -> float:
        """The usual distance of rows with several cells."""
        rows = self._rows[: self.row_count]
        gaps = sorted(
            lower[0].baseline - upper[0].baseline
            for upper, lower in pairwise(rows)
            if len(lower) > 1 and len(upper) > 1
        )
        return gaps[len(gaps) // 2] if gaps else 1e9

    def cells_of(self, row: Row) -> list[str]:
        """The texts of a row, column by column."""
        cells = [""] * (len(self._gutters) + 1)
        for piece in row:
            for column in self.columns_of(piece):
                cells[column] = f"{cells[column]} {piece.text}".strip()
        return list(map(without_leaders, cells))

    def columns_of(self, piece: Piece) -> range:
        """The columns that *piece* stands in; all of them for a title between rows."""
        if piece in self._titles:
            return range(len(self._gutters) + 1)
        middles = [(a + b) / 2 for a, b in self._gutters]
        return range(sum(x < piece.x0 for x in middles), 1 + sum(x < piece.x1 for x in middles))

    def column_of(self, piece: Piece) -> int:
        """The column in which *piece* stands."""
        return sum((a + b) / 2 < (piece.x0 + piece.x1) / 2 for a, b in self._gutters)

    def is_filled(self, count: int) -> bool:
        """Whether at least two rows have cells in several columns, and are no items of a list."""
        rows = [row for row in self._parts[:count] if len(set(map(self.column_of, row))) > 1]
        are_items = len(self._gutters) == 1 and all(row[0].is_mark for row in rows)
        return len(rows) > 1 and not are_items

    def is_aligned(self, count: int) -> bool:
        """Whether the cells of each column begin, end or stand in the middle at one place."""
        columns: list[list[Extent]] = [[] for _ in range(len(self._gutters) + 1)]
        # Names often stand in the middle above values that begin or end at one place.
        body = list(dropwhile(is_in_bold, self._parts[:count])) or self._parts[:count]
        for parts in body:
            for column, cell in groupby(parts if len(parts) > 1 else (), self.column_of):
                pieces = list(cell)
                columns[column].append((pieces[0].x0, pieces[-1].x1))
        return all(are_aligned(column) for column in columns)


def is_in_bold(row: Row) -> bool:
    """Whether all of *row* is bold."""
    return all(piece.is_bold for piece in row)


def with_full_row(rows: Sequence[Row]) -> list[Row]:
    """*rows*, the first one in its cells, where it fills them so that they nearly touch; or none.

    They stand where those of the next row do.
    """
    first = rows[0][0].parts()
    if len(first) < 2 or first[0].is_mark or len(rows) < 2 or len(rows[1]) != len(first):
        return []
    is_near = rows[1][0].baseline - first[0].baseline <= LINES_APART * first[0].size
    pairs = (
        ((cell.x0, cell.x1), (below.x0, below.x1))
        for cell, below in zip(first, rows[1], strict=True)
    )
    fits = all(any(abs(a - b) <= ALIGNED for a, b in zip(*pair, strict=True)) for pair in pairs)
    return [first, *rows[1:]] if is_near and fits else []


def lines_above(rows: Sequence[Row]) -> int:
    """How many of the first *rows* stand above a row like the beginning of its second cell."""
    first = rows[0][0]
    for number, (upper, row) in enumerate(pairwise(rows[: MAX_LINES_ABOVE + 1]), 1):
        if row[0].baseline - upper[0].baseline > LINE_PITCH * first.size:
            return 0
        if len(row) > 1:
            starts = abs(row[1].x0 - first.x0) <= ALIGNED
            return number if starts and row[0].x1 < first.x0 - MIN_GUTTER else 0
        if abs(row[0].x0 - first.x0) > ALIGNED:
            return 0
    return 0
