"""Tables whose values are below their names, or in the lines of one cell: a row for each."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot_server.retrieval.language.tables import spans_all
from chatbot_server.retrieval.read.html.layout.columns import are_prices, belong_together
from chatbot_server.retrieval.read.html.text.inline import one_line

Grid = list[list[str]]


def in_rows(grid: Grid, head: int) -> tuple[Grid, int]:
    """*grid*, whose first *head* rows name its columns, with one row for each thing it tells of.

    The lines of its cells are parted by line ends; those of the result are joined.
    """
    if len(grid) == head + 1:
        grid = [*grid[:head], *_rows_of_lines(grid[-1])]
    grid = [*grid[:head], *(each for row in grid[head:] for each in _rows_of_prices(row))]
    rows = [[one_line(cell.split("\n")) for cell in row] for row in grid]
    title = rows[:1] if not head and rows and spans_all(rows[0]) else []
    body = rows[len(title) :]
    if (head == 0 or (head == 1 and len(body) == 2)) and (turned := _turned(body)):
        return [*(row[:2] for row in title), *turned], 0
    return rows, head


def _rows_of_lines(cells: Sequence[str]) -> Grid:
    """The rows that the lines of *cells* stand for, if each has as many; else *cells*."""
    columns = [cell.split("\n") for cell in cells]
    is_list = len(cells) > 1 and len(columns[0]) > 1 and belong_together(columns[0], columns[-1])
    is_list = is_list and not any(name.startswith("(") for name in columns[0])
    if not is_list or len({len(column) for column in columns}) > 1:
        return [list(cells)]
    return [list(row) for row in zip(*columns, strict=True)]


def _rows_of_prices(cells: Sequence[str]) -> Grid:
    """A row for each price of a thing, where lines beside them say of what each is: minutes."""
    columns = [cell.split("\n") for cell in cells]
    several = [column for column in columns if len(column) > 1]
    if len(several) < 2 or len(columns[0]) > 1 or len(set(map(len, several))) > 1:
        return [list(cells)]
    if not are_prices(several[-1]):
        return [list(cells)]
    count = len(several[0])
    even = [column if len(column) > 1 else column * count for column in columns]
    return [list(row) for row in zip(*even, strict=True)]


def _turned(rows: Grid) -> Grid:
    """Each name with its value, where rows of names and rows of their values take turns."""
    if len(rows) < 2 or len(rows) % 2:
        return []
    pairs: Grid = []
    for names, values in zip(rows[::2], rows[1::2], strict=True):
        row_pairs = [[*pair] for pair in zip(names, values, strict=False) if any(pair)]
        if len(row_pairs) < 2 or not belong_together(*map(list, zip(*row_pairs, strict=True))):
            return []
        pairs += row_pairs
    return pairs
