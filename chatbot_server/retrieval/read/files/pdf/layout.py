"""The order in which a page is read: columns one after the other, and tables by row and column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chatbot_server.retrieval.read.files.pdf.page.pieces import PdfPage
from chatbot_server.retrieval.read.files.pdf.tables.aligned import (
    MAX_LINES_ABOVE,
    AlignedTable,
    lines_above,
    with_full_row,
)
from chatbot_server.retrieval.read.files.pdf.tables.below_names import with_tables_below_names
from chatbot_server.retrieval.read.files.pdf.tables.centred import with_cells_at_top
from chatbot_server.retrieval.read.files.pdf.tables.head_rows import table_below_names
from chatbot_server.retrieval.read.files.pdf.tables.ruled import Row, TableBlock, ruled_tables
from chatbot_server.retrieval.read.files.pdf.tables.tagged import tagged_tables

MIN_COLUMN_LINES = 4
# In lines of text without titles.
MIN_TEXT_LINES = 3
LONG_TEXT = 8
MAX_DEPTH = 4
# Of a column of text, this share of its lines fill this share of its width.
FILLED_LINES, FILLED_WIDTH = 0.5, 0.6
WORDS_A_LINE = 3
# Lines of text begin with words; those of a table's right half mostly with prices or hours.
WORDED_LINES = 0.6
# In heights of a letter: what stands nearer is parted by a drawn line only.
BLANK = 0.5
# In heights of a letter: as far a title stands from the columns above it.
TITLE_GAP = 1.8
MAX_TABLE_ROWS = 300
# In points: two pieces at one height stand in one line.
LEVEL = 0.5
_WORD = re.compile(r"[^\W\d_]{3}")
_DIGIT = re.compile(r"\d")


@dataclass(slots=True)
class Line:
    """A line of text; ``right`` is where its column ends."""

    text: str
    x0: float
    x1: float
    baseline: float
    size: float
    is_bold: bool
    right: float = 0.0


Item = Line | TableBlock
Region = Sequence[Row | TableBlock]


def read_layout(page: PdfPage, rows: Sequence[Row]) -> list[Item]:
    """The lines and tables of *page* in the order of reading; *rows* are what is to be read."""
    tables, rest = tagged_tables(rows)
    further_tables, rest = ruled_tables(page, rest)
    region: list[Row | TableBlock] = [*rest, *tables, *further_tables]
    region.sort(key=top_of)
    return list(in_columns(with_tables_below_names(region), 0))


def top_of(item: Row | TableBlock) -> float:
    """The height at which *item* begins."""
    return item.top if isinstance(item, TableBlock) else item[0].baseline


def bottom_of(item: Row | TableBlock) -> float:
    """The height at which *item* ends."""
    return item.bottom if isinstance(item, TableBlock) else item[0].baseline


def in_columns(region: Region, depth: int) -> Iterator[Item]:
    """A region as it is read: above its columns, each column, and below them."""
    split = best_split(region) if depth < MAX_DEPTH else None
    if split is None:
        yield from in_lines(region)
        return
    at, first, last = split
    yield from in_columns(region[:first], depth + 1)
    for is_left in (True, False):
        side = [side_of(item, at, is_left) for item in region[first:last]]
        yield from in_columns([item for item in side if item is not None], depth + 1)
    yield from in_columns(region[last:], depth + 1)


def side_of(item: Row | TableBlock, at: float, is_left: bool) -> Row | TableBlock | None:
    """What of *item* stands at one side of *at*."""
    if isinstance(item, TableBlock):
        return item if (item.x0 < at) == is_left else None
    sides = [piece.sides_of(at)[0 if is_left else 1] for piece in item]
    return [piece for piece in sides if piece is not None] or None


def best_split(region: Region) -> tuple[float, int, int] | None:
    """Where two columns of text stand beside each other: between them, their first and last."""
    starts = Counter(
        round(piece.x0 / 2) for item in region if not isinstance(item, TableBlock) for piece in item
    )
    starts.update(  # a table counts like some lines
        {round(item.x0 / 2): MIN_COLUMN_LINES for item in region if isinstance(item, TableBlock)}
    )
    best: tuple[int, tuple[float, int, int]] | None = None
    for start, count in starts.most_common(12):
        at = 2 * start - 2.5
        if count < MIN_COLUMN_LINES:
            break
        for first, end in bands(region, at):
            last = end - titles_below(region[first:end], at)
            band = region[first:last]
            if last - first > (best[0] if best else 0) and are_columns(band, at):
                best = (last - first, (at, first, last))
    return best[1] if best else None


def bands(region: Region, at: float) -> Iterator[tuple[int, int]]:
    """From where to where nothing stands across *at*."""
    first = 0
    for number, item in enumerate(region):
        crosses = (
            item.x0 < at < item.x1
            if isinstance(item, TableBlock)
            else any(piece.crosses(at) for piece in item)
        )
        if crosses:
            yield first, number
            first = number + 1
    yield first, len(region)


def is_title(item: Row | TableBlock) -> bool:
    """Whether *item* is one piece in bold."""
    return not isinstance(item, TableBlock) and len(item) == 1 and item[0].is_bold


def titles_below(band: Region, at: float) -> int:
    """How many titles at the left end *band*, apart from it: they head what stands below."""
    count = 0
    for former, item in reversed(list(pairwise(band))):
        if isinstance(item, TableBlock) or not is_title(item) or item[0].x0 >= at:
            break
        if item[0].baseline - top_of(former) < TITLE_GAP * item[0].size:
            break
        count += 1
    return count


def are_columns(band: Region, at: float) -> bool:
    """Whether what stands at both sides is text, and not the cells of a table.

    Beside a long text, whatever stands at other heights than its lines is a column, too.
    """
    first, second = (
        [part for item in band if (part := side_of(item, at, is_left)) is not None]
        for is_left in (True, False)
    )
    if min(line_count(first), line_count(second)) < MIN_COLUMN_LINES:
        return False
    are_lists = are_staggered_lists(first, second)
    texts = [side for side in (first, second) if is_text(side, are_lists)]
    if len(texts) < 2 and not (
        texts and is_beside(texts[0], second if texts[0] is first else first)
    ):
        return False
    return min(bottom_of(first[-1]), bottom_of(second[-1])) > max(
        top_of(first[0]), top_of(second[0])
    )


def is_beside(text: Region, other: Region) -> bool:
    """Whether *text* is long, and *other* stands at other heights; beside a table, a table."""
    has_lines = not all(isinstance(item, TableBlock) for item in text)
    has_table = any(isinstance(item, TableBlock) for item in other)
    return line_count(text) >= LONG_TEXT and (has_lines or has_table) and are_staggered(text, other)


def line_count(side: Region) -> int:
    """How many lines *side* has; a table counts like some."""
    return sum(max(3, len(item.rows)) if isinstance(item, TableBlock) else 1 for item in side)


def is_text(side: Region, are_lists: bool) -> bool:
    """Whether *side* is a column of text; its lines may be short if both sides are lists."""
    rows = [item for item in side if not isinstance(item, TableBlock)]
    tables = [item for item in side if isinstance(item, TableBlock)]
    lines = len(rows) + 3 * len(tables)
    start = min([row[0].x0 for row in rows] + [table.x0 for table in tables])
    right = max([row[-1].x1 for row in rows] + [table.x1 for table in tables])
    are_full = [row[-1].x1 - row[0].x0 > FILLED_WIDTH * (right - start) for row in rows]
    word_count = sum(len(piece.text.split()) for row in rows for piece in row)
    texts = [full for full, row in zip(are_full, rows, strict=True) if not is_title(row)]
    is_filled = len(texts) >= MIN_TEXT_LINES and sum(texts) >= FILLED_LINES * len(texts)
    has_words = word_count + 12 * len(tables) >= WORDS_A_LINE * lines
    rows_with_words = sum(bool(_WORD.search(row[0].text)) for row in rows)
    return (
        (sum(are_full) + 3 * len(tables) >= FILLED_LINES * lines or is_filled)
        and (has_words or are_lists)
        and rows_with_words + 3 * len(tables) >= WORDED_LINES * lines
    )


def are_staggered(left: Region, right: Region) -> bool:
    """Whether most lines of *left* and *right* are no rows of one table."""
    heights = [
        [row[0].baseline for row in side if not isinstance(row, TableBlock)]
        for side in (left, right)
    ]
    level = sum(any(abs(y - other) < LEVEL for other in heights[1]) for y in heights[0])
    return 2 * level < max(1, min(map(len, heights)))


def are_staggered_lists(left: Region, right: Region) -> bool:
    """Whether prices follow their names on both sides, in lines that are no rows of one table."""
    return are_staggered(left, right) and all(
        sum(not isinstance(row, TableBlock) and is_priced(row) for row in side) >= MIN_TEXT_LINES
        for side in (left, right)
    )


def is_priced(row: Row) -> bool:
    """Whether *row* is a name, and at its end a number."""
    return len(row) > 1 and bool(_WORD.search(row[0].text) and _DIGIT.search(row[-1].text))


def in_lines(region: Region) -> Iterator[Item]:
    """One column: its lines, and the tables that nothing but their gaps shows."""
    right = max(
        (item.x1 if isinstance(item, TableBlock) else item[-1].x1 for item in region), default=0
    )
    region = cells_at_top(region)
    at = 0
    while at < len(region):
        item = region[at]
        if isinstance(item, TableBlock):
            yield item
            at += 1
            continue
        if table := table_at(region, at):
            yield table[0]
            at += table[1]
            continue
        yield line_of(item, right)
        at += 1


def cells_at_top(region: Region) -> Region:
    """*region*, its rows between tables as :func:`with_cells_at_top` has them."""
    result: list[Row | TableBlock] = []
    rows: list[Row] = []
    for item in region:
        if isinstance(item, TableBlock):
            result += [*with_cells_at_top(rows), item]
            rows = []
        else:
            rows.append(item)
    return [*result, *with_cells_at_top(rows)]


def table_at(region: Region, at: int) -> tuple[TableBlock, int] | None:
    """The table that begins with the row *at*, and of how many it is."""
    next_rows = list(until_table(region[at : at + MAX_LINES_ABOVE + 1]))
    above = lines_above(next_rows) if len(next_rows[0]) == 1 else 0
    is_alone = len(next_rows[above]) == 1
    if is_alone and not with_full_row(next_rows):
        return None
    rows = list(until_table(region[at : at + MAX_TABLE_ROWS]))
    if is_alone:
        rows, above = with_full_row(rows), 0
    table = AlignedTable(rows[above:], rows[:above])
    if not above and (table_below := table_below_names(rows, table)):
        return table_below
    if not table.row_count or bool(above) != table.takes_above:
        return None
    return table.block(), above + table.row_count


def line_of(row: Row, right: float) -> Line:
    """*row* as a line, in a column that ends at *right*."""
    text = row[0].text
    for former, piece in pairwise(row):
        is_near = former.is_mark or piece.x0 - former.x1 < BLANK * piece.size
        text += (" " if is_near else "\t") + piece.text
    return Line(
        text,
        row[0].x0,
        row[-1].x1,
        row[0].baseline,
        max(piece.size for piece in row),
        all(piece.is_bold for piece in row),
        min(right, row[-1].limit),
    )


def until_table(region: Region) -> Iterator[Row]:
    """The rows of a region before its first table."""
    for item in region:
        if isinstance(item, TableBlock):
            return
        yield item
