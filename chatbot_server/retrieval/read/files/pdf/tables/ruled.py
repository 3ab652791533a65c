"""Tables on the page of a PDF whose lines are drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, pairwise
from operator import not_
from typing import Protocol

from chatbot_server.retrieval.read.files.lines import joined
from chatbot_server.retrieval.read.files.pdf.page.pieces import PdfPage, Piece, Rule

TOUCH = 3.0
MAX_COLUMNS, MAX_ROWS = 60, 500
# In heights of a letter: values stand no farther below the names of their columns.
VALUES_APART = 3.4
# Of the rows of a table: a line that parts fewer is that of a frame in a cell.
FRAMED_ROWS = 0.15
Row = list[Piece]


class InLine(Protocol):
    """What :func:`has_room` needs to know of a line."""

    text: str
    x0: float
    x1: float
    size: float


@dataclass(slots=True)
class TableBlock:
    """A table; ``header_rows`` None: not known; ``size`` is that of most of its letters."""

    rows: list[list[str]]
    header_rows: int | None
    x0: float
    x1: float
    top: float
    bottom: float
    size: float = 0.0

    def goes_on(self, following: TableBlock) -> bool:
        """Whether *following*, first on the next page, is the rest of this table."""
        is_as_wide = abs(self.x0 - following.x0) <= TOUCH and (
            len(self.rows[0]) == len(following.rows[0])
        )
        repeats = following.rows[0] == self.rows[0]
        return is_as_wide and (repeats or not following.header_rows)

    def takes(self, line: InLine) -> bool:
        """Whether *line*, at the top of the next page, tells its columns again or is a row of it.

        A row is added to it.
        """
        cells = line.text.split("\t")
        head = self.rows[: self.header_rows or 1]
        names = {word for row in head for word in " ".join(row).split()}
        if len(cells) > 1 and names.issuperset(line.text.split()):
            return True
        is_row = abs(self.x0 - line.x0) <= TOUCH and 1 < len(cells) == len(self.rows[0])
        self.rows += [cells] if is_row else []
        return is_row

    def add(self, following: TableBlock) -> None:
        """Add the rows of *following*, without names of columns that are told again."""
        repeats = following.rows[0] == self.rows[0]
        self.rows += following.rows[1:] if repeats else following.rows


def ruled_tables(page: PdfPage, rows: Sequence[Row]) -> tuple[list[TableBlock], list[Row]]:
    """The tables whose lines are drawn, and what stands outside of them."""
    tables: list[TableBlock] = []
    for group in touching(page.across, page.down):
        across, down = without_fields(*group)
        ys = distinct(rule.position for rule in across)
        xs = column_edges(down, ys)
        if len(xs) < 3 or len(ys) < 3 or len(xs) > MAX_COLUMNS or len(ys) > MAX_ROWS:
            continue
        inside = [
            [
                piece
                for piece in row
                if xs[0] < (piece.x0 + piece.x1) / 2 < xs[-1] and ys[0] < piece.baseline < ys[-1]
            ]
            for row in rows
        ]
        table = ruled_table(xs, ys, across, down, inside)
        if table is not None and not heads_more(table, inside, rows):
            tables.append(table)
            used_ids = {id(piece) for row in inside for piece in row}
            rows = [
                rest
                for row in rows
                if (rest := [piece for piece in row if id(piece) not in used_ids])
            ]
    return tables, list(rows)


def heads_more(table: TableBlock, inside: Sequence[Row], rows: Sequence[Row]) -> bool:
    """Whether *table* is names in bold on a coloured ground, above values without one in *rows*."""
    if not all(piece.is_bold for row in inside for piece in row):
        return False
    below = (row for row in rows if row[0].baseline > table.bottom)
    row = min(below, key=lambda row: row[0].baseline, default=[])
    is_near = bool(row) and row[0].baseline - table.bottom < VALUES_APART * row[0].size
    fits = [table.x0 <= piece.x0 and piece.x1 <= table.x1 + TOUCH for piece in row]
    return is_near and len(fits) > 1 and all(fits) and not all(piece.is_bold for piece in row)


def touching(
    across: Sequence[Rule], down: Sequence[Rule]
) -> Iterator[tuple[list[Rule], list[Rule]]]:
    """Lines that touch each other, group by group."""
    unused_down, unused_across = list(down), list(across)
    while unused_down:
        group_down, group_across = [unused_down.pop()], list[Rule]()
        newest = group_down
        while newest:
            touching = [any(touch(rule, other) for other in newest) for rule in unused_across]
            newest_across = list(compress(unused_across, touching))
            unused_across = list(compress(unused_across, map(not_, touching)))
            touching = [any(touch(other, rule) for other in newest_across) for rule in unused_down]
            newest = list(compress(unused_down, touching))
            unused_down = list(compress(unused_down, map(not_, touching)))
            group_across += newest_across
            group_down += newest
        yield group_across, group_down


def without_fields(
    across: Sequence[Rule], down: Sequence[Rule]
) -> tuple[Sequence[Rule], Sequence[Rule]]:
    """The lines of a table, without those of boxes to write in that touch it above or below.

    Such a box begins, or ends, where no column of the table does.
    """
    ys = distinct(rule.position for rule in across)
    bands = [
        distinct(rule.position for rule in down if rule.start <= (upper + lower) / 2 <= rule.end)
        for upper, lower in pairwise(ys)
    ]
    usual = max(bands, key=len, default=[])
    edges = [(*band[:1], *band[-1:]) for band in bands]
    fits = [all(min(abs(x - at) for at in usual) <= TOUCH for x in edge) for edge in edges]
    if all(fits):
        return across, down
    first, last = fits.index(True), len(fits) - fits[::-1].index(True)
    top, bottom = ys[first], ys[last]
    inside = [rule for rule in across if top <= rule.position <= bottom + TOUCH]
    return inside, [rule for rule in down if min(rule.end, bottom) - max(rule.start, top) > TOUCH]


def touch(across: Rule, down: Rule, margin: float = TOUCH) -> bool:
    """Whether two lines meet, or nearly so."""
    return (
        across.start - margin <= down.position <= across.end + margin
        and down.start - margin <= across.position <= down.end + margin
    )


def distinct(values: Iterator[float]) -> list[float]:
    """*values* in order, of those that are nearly equal the first."""
    distinct: list[float] = []
    for value in sorted(values):
        if not distinct or value - distinct[-1] > TOUCH:
            distinct.append(value)
    return distinct


def column_edges(down: Sequence[Rule], ys: Sequence[float]) -> list[float]:
    """Where columns of a table begin and end; a frame around words in a cell or two parts none."""
    xs = distinct(rule.position for rule in down)
    middles = [(upper + lower) / 2 for upper, lower in pairwise(ys)]
    least = FRAMED_ROWS * len(middles)
    inner = [x for x in xs[1:-1] if sum(is_drawn(down, x, y) for y in middles) > least]
    return [*xs[:1], *inner, *xs[1:][-1:]]


def ruled_table(
    xs: Sequence[float],
    ys: Sequence[float],
    across: Sequence[Rule],
    down: Sequence[Rule],
    inside: Sequence[Row],
) -> TableBlock | None:
    """The table in a grid, each merged cell in all of its places; None: there is none."""
    width, height = len(xs) - 1, len(ys) - 1
    owner = {(row, column): (row, column) for row in range(height) for column in range(width)}
    for row, column in list(owner):  # a cell goes on where no line parts it from the one before
        middle_x = (xs[column] + xs[column + 1]) / 2
        middle_y = (ys[row] + ys[row + 1]) / 2
        if column and not is_drawn(down, xs[column], middle_y):
            owner[row, column] = owner[row, column - 1]
        elif row and not is_drawn(across, ys[row], middle_x):
            owner[row, column] = owner[row - 1, column]
    cells: dict[tuple[int, int], list[Piece]] = {}
    for piece in (piece for line in inside for piece in line):
        column = _slot(xs, (piece.x0 + piece.x1) / 2)
        row = _slot(ys, piece.baseline - 0.3 * piece.size)
        cells.setdefault(owner[row, column], []).append(piece)
    texts = {place: cell_text(pieces) for place, pieces in cells.items()}
    parted_rows = [
        row for row in range(height) if any(owner[row, column][0] == row for column in range(width))
    ]
    rows = [[texts.get(owner[row, column], "") for column in range(width)] for row in parted_rows]
    columns = {column for row, column in cells}
    if len(columns) < 2 or len({row for row, _column in cells}) < 2:
        return None
    bold = [
        all(piece.is_bold for piece in cells.get((row, 0), []) + cells.get((row, 1), []))
        for row in range(2)
    ]
    header_rows = 1 if bold[0] and not bold[1] and any(rows[0]) else None
    size = usual_size(inside)
    return TableBlock(rows, header_rows, xs[0], xs[-1], ys[0], ys[-1], size)


def usual_size(rows: Sequence[Row]) -> float:
    """The size of most letters in *rows*."""
    sizes: Counter[float] = Counter()
    for piece in (piece for row in rows for piece in row):
        sizes[piece.size] += len(piece.text)
    return max(sizes, key=sizes.__getitem__, default=0.0)


def is_drawn(rules: Sequence[Rule], at: float, middle: float) -> bool:
    """Whether one of *rules* at *at* passes *middle*."""
    return any(
        abs(rule.position - at) <= TOUCH and rule.start - 1 <= middle <= rule.end + 1
        for rule in rules
    )


def _slot(edges: Sequence[float], value: float) -> int:
    return max(0, min(sum(edge <= value for edge in edges) - 1, len(edges) - 2))


def cell_text(pieces: Sequence[Piece]) -> str:
    """The lines of one cell; one that had room for more was ended by its writer."""
    lines = sorted(pieces, key=lambda piece: (round(piece.baseline), piece.x0))
    right = max(piece.x1 for piece in lines)
    text = lines[0].text
    for former, piece in pairwise(lines):
        same_line = piece.baseline - former.baseline < 0.5 * former.size
        if same_line or not has_room(former, piece, right) or text[-1] in ",;:–-":
            text = joined(text, piece.text)
        else:
            text += f", {piece.text}"
    return text


def has_room(former: InLine, following: InLine, right: float) -> bool:
    """Whether the first word of a line would have stood in the line before it."""
    first_word = following.text.split(maxsplit=1)[0]
    share = (len(first_word) + 1) / max(len(following.text), 1)
    return right - former.x1 > share * (following.x1 - following.x0) + 0.2 * former.size
