"""Rows of a table made of boxes: among other content, or with all cells in one box."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice, takewhile
from typing import Any, NamedTuple

from chatbot_server.retrieval.read.html.layout.columns import belong_together
from chatbot_server.retrieval.read.html.layout.tables import (
    LONGEST_CELL,
    LONGEST_LABEL,
    MAX_ROWS,
    has_value,
    head_of_grid,
    is_leaf,
    is_row,
    is_written_bold,
    parts_of,
)

FEWEST_COLUMNS, MOST_COLUMNS = 3, 12
_HEAD = re.compile(
    r"(?:^|[\s_-])(?:head(?:er)?|th|thead|titles?|entete)(?:$|[\s_-])", re.IGNORECASE
)
# “grid-cols-4” of Tailwind, also behind “md:”, and styles that tell the number of columns.
_COLUMNS_CLASS = re.compile(r"(?:^|[\s:])grid-cols-(\d{1,2})(?=$|\s)")
_COLUMNS_STYLE = re.compile(r"grid-template-columns\s*:\s*repeat\(\s*(\d{1,2})\s*,")
Text = Callable[[Any], str]
Rows = list[list[str]]


class BoxTable(NamedTuple):
    """A table: its rows, how many of them name its columns, and the boxes that hold them."""

    rows: Sequence[list[str]] = ()
    head: int = 0
    elements: Sequence[Any] = ()


def table_of_boxes(element: Any, text: Text) -> BoxTable:
    """The table that *element* begins, as the first of its rows, or holds; one without rows, if
    it does neither."""
    elements = rows_from(element)
    rows = [list(map(text, parts_of(each))) for each in elements]
    are_columns = len(rows) == 2 and belong_together(*rows)
    if len(rows) > 1 and is_table(rows) and not are_columns:
        return BoxTable(rows, head_of_grid(elements, rows), elements)
    return flat_grid(element, text)


def rows_from(first: Any) -> list[Any]:
    """*first*, a row of cells, and those like it that follow, among headings and paragraphs, as
    the rows of Bootstrap do."""
    former = first.getprevious()
    if first.tag != "div" or not first.get("class") or not is_row(first):
        return []
    if len(parts_of(first)) < FEWEST_COLUMNS or (former is not None and is_like(former, first)):
        return []  # those before were no rows of a table
    elements = [first]
    for each in islice(first.itersiblings(), MAX_ROWS):
        if not is_like(each, first) or not is_row(each) or (elements[-1].tail or "").strip():
            break
        elements.append(each)
    return elements


def is_like(element: Any, first: Any) -> bool:
    """Whether *element* has the name and the classes of *first*."""
    return bool(element.tag == first.tag) and element.get("class") == first.get("class")


def flat_grid(box: Any, text: Text) -> BoxTable:
    """The table in *box*, whose children are all cells, row by row."""
    cells = parts_of(box)
    if len(cells) < 2 * FEWEST_COLUMNS or not all(map(is_leaf, cells)):
        return BoxTable()
    heads = list(takewhile(is_head_cell, cells))
    width = len(heads) or width_of(box)
    if not FEWEST_COLUMNS <= width <= MOST_COLUMNS or len(cells) % width:
        return BoxTable()
    texts = list(map(text, cells))
    rows = [texts[start : start + width] for start in range(0, len(texts), width)]
    if len(rows) < 2 or not (heads or is_table(rows)):
        return BoxTable()
    return BoxTable(rows, int(bool(heads) or not rows[0][0] or not has_value(rows[0])))


def width_of(box: Any) -> int:
    """How many columns *box* says that it has; 0 if it does not."""
    widths = _COLUMNS_CLASS.findall(box.get("class") or "")
    widths += _COLUMNS_STYLE.findall(box.get("style") or "")
    return max(map(int, widths), default=0)


def is_head_cell(cell: Any) -> bool:
    """Whether *cell* names a column, by its role, its class or its bold letters."""
    is_named = bool(_HEAD.search(cell.get("class") or "")) or cell.get("role") == "columnheader"
    return is_named or is_written_bold(cell)


def is_table(rows: Rows) -> bool:
    """Whether each of *rows* but the first one has a name and, in another column, a value."""
    if len({len(row) for row in rows}) != 1 or any(row[0].endswith("?") for row in rows):
        return False
    if not any(rows[0]) or any(not row[0] or len(row[0]) > LONGEST_LABEL for row in rows[1:]):
        return False
    if any(len(cell) > LONGEST_CELL for row in rows for cell in row):
        return False
    return all(has_value(row[1:]) for row in rows[1:])
