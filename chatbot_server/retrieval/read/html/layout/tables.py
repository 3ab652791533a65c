"""Tables of a page, and what is laid out like one: label and value stay together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from typing import Any

from chatbot_server.retrieval.language.tables import DASH, spans_all
from chatbot_server.retrieval.read.days import names_days
from chatbot_server.retrieval.read.html.text.inline import one_line, short_text
from chatbot_server.retrieval.read.html.text.names import CELLS, IN_CELLS, PICTURES

MAX_ROWS = 5000
MAX_CELLS = 60_000
MAX_SPAN = 60
LONGEST_LABEL = 100
LONGEST_CELL = 300
LONGEST_NAME, FEWEST_ROWS, FEWEST_COLUMNS = 30, 2, 3
MOST_CELLS_OF_PRICE = 5
FEWEST_WORDS_OF_NOTE = 3
LONGEST_PRICE = 40
MOST_HEAD_ROWS = 3
_BLOCKS_IN_CELLS = ("h1", "h2", "h3", "h4", "h5", "h6", "form", "article", "section")
_HEAD_CLASS = re.compile(r"head|titre|title", re.IGNORECASE)
_PRICE = re.compile(r"[€£$] ?\d|\d ?[€£$]")
CURRENCIES = frozenset("€£$")
_SIGNS = frozenset("✓✔✗✘")
Text = Callable[[Any], str]


def is_layout(table: Any) -> bool:
    """Whether *table* only puts things beside each other."""
    if table.get("role") in ("presentation", "none"):
        return True
    if next(table.iterdescendants("table"), None) is not None:
        return True  # what heads the inner one says nothing about the outer
    if next(table.iter("th", "caption", "thead"), None) is not None:
        return False
    if next(table.iter(*_BLOCKS_IN_CELLS), None) is not None:
        return True
    rows = _rows(table)
    cells = [cell for row in rows for cell in row]
    if all(len(row) < 2 for row in rows) or any(map(_holds_paragraphs, cells)):
        return True
    return len(rows) == 1 and _are_columns(cells)


def _holds_paragraphs(cell: Any) -> bool:
    if len(short_text(cell, LONGEST_CELL + 1)) <= LONGEST_CELL:
        return False
    return len(list(islice(cell.iter("p", "ul", "ol", "div"), 2))) == 2


def _are_columns(cells: list[Any]) -> bool:
    """Whether the *cells* of the only row are no name with its values, but text, lists or links."""
    texts = [short_text(cell, LONGEST_LABEL + 1) for cell in cells]
    if len(list(filter(None, texts))) < 2 or any(len(text) > LONGEST_LABEL for text in texts):
        return True
    if any(len(list(islice(cell.iter("p", "li"), 2))) == 2 for cell in cells):
        return True
    links = [short_text(link, LONGEST_LABEL + 1) for cell in cells for link in cell.iter("a")]
    return " ".join(filter(None, links)) == " ".join(filter(None, texts))


def tables_in(table: Any, text: Text) -> list[tuple[list[list[str]], int]]:
    """The grids of cells of *table*, each with its number of head rows.

    A row of headings in the middle begins a new one.
    """
    grids: list[tuple[list[list[str]], int]] = []
    grid: list[list[str]] = []
    head = 0
    for cells, names_columns in spread_rows(table, text):
        if names_columns and len(grid) > head:
            grids.append((grid, head))
            grid, head = [], 0
        head += names_columns
        grid.append(cells)
    if not grids and not head:
        title = grid[:1] if grid and spans_all(grid[0]) else []
        if plain_head := head_rows_plainly(grid[len(title) :]):
            grids, grid, head = [(title, 0)] if title else [], grid[len(title) :], plain_head
    if head == 1 and len(grid) > FEWEST_ROWS and has_second_head_row(grid):
        head = 2
    return [*grids, (grid, head if head < len(grid) else 0)]


def has_second_head_row(grid: list[list[str]]) -> bool:
    """Whether the row below the head says in plain cells what each part of its columns is.

    The head has a cell across several columns, and all rows below have a name and a value.
    """
    first, second, *body = [*grid[:2], *(row for row in grid[2:] if not is_across(row))]
    spans = any(left == right != "" for left, right in pairwise(first[1:]))
    if not spans or not body or len({first[0], second[0], ""}) > 2 or not all(second[1:]):
        return False
    if any(map(_PRICE.search, second)) or (second[0] and has_value(second)):
        return False
    return all(row[0] and has_value(row[1:]) for row in body)


def head_rows_plainly(grid: list[list[str]]) -> int:
    """How many rows of *grid* name its columns, although their cells look like all others.

    Several do where they share their corner and have no value, and all rows below have both a
    name and a value.
    """
    head = 0
    while head < min(MOST_HEAD_ROWS, len(grid)) and grid[head][0] == grid[0][0]:
        head += 1
    names, body = grid[:head], [row for row in grid[head:] if not is_across(row)]
    is_below = all(row[0] and has_value(row[1:]) for row in body)
    if head > 1 and body and is_below and not any(map(has_value, names)):
        return head
    return int(names_columns_plainly(grid))


def is_across(row: list[str]) -> bool:
    """Whether *row* says one thing of all columns, or has a note in place of its cells."""
    return spans_all(row) or not any(row[1:])


def names_columns_plainly(grid: list[list[str]]) -> bool:
    """Whether the first row names the columns, although its cells look like all others.

    It is without a number, which few others are (“free”), and has short names that stand nowhere
    below; or only its corner is empty.
    """
    names, body = grid[:1], [row for row in grid[1:] if not spans_all(row)]
    if not names or not body:
        return False
    cells = [cell for cell in names[0] if cell]
    if not names[0][0] and len(cells) == len(names[0]) - 1 > 0 and all(row[0] for row in body):
        return not any(map(_PRICE.search, cells))
    if len(body) < FEWEST_ROWS and not has_values_behind_name(body[0]):
        return False
    if len(names[0]) < FEWEST_COLUMNS:
        return False
    if len(set(cells)) < len(names[0]) - 1 or any(map(_is_no_name, cells)):
        return False
    cells_below = {cell for row in body for cell in row}
    without_number = sum(not any(map(_is_value, row[1:])) for row in body)
    return 3 * without_number <= len(body) and cells_below.isdisjoint(cells)


def has_values_behind_name(row: list[str]) -> bool:
    """Whether each cell but the first one has a number."""
    have_numbers = [any(map(str.isdigit, cell)) for cell in row]
    return not have_numbers[0] and all(have_numbers[1:])


def _is_no_name(cell: str) -> bool:
    is_long = len(cell) > LONGEST_NAME or any(map(str.isdigit, cell))
    return is_long or names_days(cell)


def _rows(table: Any) -> list[Any]:
    return list(islice(within(table, ("tr",), ("thead", "tbody", "tfoot")), MAX_ROWS))


def within(element: Any, tags: tuple[str, ...], groups: tuple[str, ...]) -> Iterator[Any]:
    """The children of *element* that have one of *tags*, also those grouped by *groups*."""
    for child in element:
        if child.tag in tags:
            yield child
        elif child.tag in groups:
            yield from (grandchild for grandchild in child if grandchild.tag in tags)


def spread_rows(table: Any, text: Text) -> list[tuple[list[str], bool]]:
    """The cells of each row, those that span several repeated; and whether it is a head row."""
    waiting: dict[int, tuple[int, str]] = {}
    result: list[tuple[list[str], bool]] = []
    count = 0
    for row in _rows(table):
        cells: list[str] = []
        elements = [cell for cell in row if cell.tag in ("td", "th")]
        for cell in elements:
            _fill_from_above(cells, waiting)
            content = text(cell)
            rows, columns = _span(cell, "rowspan"), _span(cell, "colspan")
            for _ in range(columns):
                if rows > 1:
                    waiting[len(cells)] = (rows - 1, content)
                cells.append(content)
        _fill_from_above(cells, waiting)
        count += len(cells)
        if count > MAX_CELLS:
            break
        is_head_row = is_head(row, elements)
        if result and not is_head_row and elements and is_note_across(cells, elements[-1]):
            cells = [DASH.join(dict.fromkeys(cells)), *[""] * (len(cells) - 1)]
        if any(cells):
            result.append((cells, is_head_row))
    return result


def is_note_across(cells: list[str], last: Any) -> bool:
    """Whether behind the name of a row one cell, the *last*, says something of all columns."""
    is_across = _span(last, "colspan") == len(cells) - 1 > 1 and len(set(cells[1:])) == 1
    return is_across and bool(cells[0]) and len(cells[1].split()) >= FEWEST_WORDS_OF_NOTE


def _fill_from_above(cells: list[str], waiting: dict[int, tuple[int, str]]) -> None:
    while len(cells) in waiting:
        rows_left, content = waiting.pop(len(cells))
        if rows_left > 1:
            waiting[len(cells)] = (rows_left - 1, content)
        cells.append(content)


def _span(cell: Any, name: str) -> int:
    value = (cell.get(name) or "1").strip()
    return min(max(int(value), 1), MAX_SPAN) if value.isdecimal() and len(value) < 6 else 1


def is_head(row: Any, cells: list[Any]) -> bool:
    """Whether all of its cells are headings: in ``thead``, ``th``, or bold; one alone is not."""
    if row.getparent().tag == "thead":
        return True
    texts = [cell for cell in cells if "".join(cell.itertext()).strip()]
    if len(texts) < 2:
        return False
    return all(cell.tag == "th" or is_written_bold(cell) for cell in texts)


def is_written_bold(cell: Any) -> bool:
    """Whether the whole text of *cell* is in ``b`` or ``strong``."""
    inner = [child for child in cell if child.tag in ("b", "strong", "p", "span", "font")]
    if len(inner) != 1 or len(cell) != 1 or (cell.text or "").strip():
        return False
    only = inner[0]
    is_rest_empty = not (only.tail or "").strip()
    return is_rest_empty and (only.tag in ("b", "strong") or is_written_bold(only))


def rows_of_pairs(container: Any, text: Text) -> list[list[str]]:
    """The rows of a container that is laid out like a table without being one; else none.

    Either each of its children holds the cells of a row, or labels and values take turns. Rows of
    a list of prices may be of different lengths.
    """
    children = parts_of(container)
    if not 2 <= len(children) <= MAX_ROWS:
        return []
    if len({child.tag for child in children}) == 1 and all(map(is_row, children)):
        rows = [list(filter(None, map(text, parts_of(child)))) for child in children]
    elif take_turns(children):
        texts = [text(child) for child in children]
        rows = [list(pair) for pair in zip(texts[::2], texts[1::2], strict=True)]
    else:
        return []
    if any(cell in CURRENCIES for row in rows for cell in row):
        return []  # an amount in parts
    return rows if is_grid(rows) or is_price_list(rows) else []


def rows_of_terms(terms: Any, text: Text) -> list[list[str]]:
    """The terms of a ``dl`` with their definitions; none if these are long or have parts."""
    rows: list[list[str]] = []
    for entry in islice(within(terms, ("dt", "dd"), ("div",)), MAX_ROWS):
        if next(entry.iter("dl", "ul", "ol", "table"), None) is not None:
            return []
        entry_text = text(entry)
        is_term = entry.tag == "dt"
        if entry_text.endswith("?") if is_term else len(entry_text) > LONGEST_CELL:
            return []
        if is_term and (not rows or len(rows[-1]) > 1):
            rows.append([entry_text])
        elif is_term:
            rows[-1][0] += f", {entry_text}"
        elif rows:
            rows[-1] = [rows[-1][0], one_line([*rows[-1][1:], entry_text], "; ")]
    return [row for row in rows if any(row)]


def parts_of(container: Any) -> list[Any]:
    """The elements in *container* but its pictures; none if there is text beside them."""
    if (container.text or "").strip() or any((child.tail or "").strip() for child in container):
        return []
    return [child for child in container if child.tag not in PICTURES]


def is_row(child: Any) -> bool:
    cells = parts_of(child)
    return (
        2 <= len(cells) <= 8 and all(map(is_leaf, cells)) and any(cell.tag != "a" for cell in cells)
    )


def is_leaf(cell: Any) -> bool:
    """Whether it holds a short text and no further boxes."""
    if not isinstance(cell.tag, str) or cell.tag not in CELLS:
        return False
    inner = list(cell)
    return len(inner) <= 6 and all(
        isinstance(part.tag, str)
        and (part.tag in PICTURES or (part.tag in IN_CELLS and len(part) <= 2))
        for part in inner
    )


def take_turns(children: list[Any]) -> bool:
    if len(children) < 4 or len(children) % 2 or not all(map(is_leaf, children)):
        return False
    kinds = [(child.tag, child.get("class")) for child in children]
    return kinds[0] != kinds[1] and kinds == kinds[:2] * (len(kinds) // 2)


def is_grid(rows: list[list[str]]) -> bool:
    widths = {len(row) for row in rows}
    if sum(row[0].endswith("?") for row in rows if row) > 1:
        return False  # questions head sections of their own
    if len(widths) != 1 or min(widths) < 2 or not all(all(row) for row in rows):
        return False
    return all(
        len(row[0]) <= LONGEST_LABEL and all(len(cell) <= LONGEST_CELL for cell in row)
        for row in rows
    )


def is_price_list(rows: list[list[str]]) -> bool:
    """Whether each row ends with a number, such as a price, and some tell more before it."""
    return all(
        2 <= len(row) <= MOST_CELLS_OF_PRICE
        and len(row[-1]) <= LONGEST_PRICE
        and any(char.isdigit() for char in row[-1])
        and not any(char.isdigit() for char in row[0])
        and all(len(cell) <= LONGEST_CELL for cell in row)
        for row in rows
    )


def head_of_grid(container: Any, rows: list[list[str]]) -> int:
    """1 where the first of *rows*, of three columns or more, names them."""
    if len(rows) < 2 or len(rows[0]) < 3:
        return 0
    first = container[0]
    names = [first.get("class") or "", *((cell.get("class") or "") for cell in first)]
    roles = {cell.get("role") for cell in first}
    if "columnheader" in roles or any(map(_HEAD_CLASS.search, names[:1])):
        return 1
    cells = [cell for cell in first if short_text(cell, 1)]
    if not rows[0][0] or (len(cells) == len(rows[0]) and all(map(is_written_bold, cells))):
        return 1
    return int(not has_value(rows[0]) and all(map(has_value, rows[1:])))


def has_value(row: list[str]) -> bool:
    """Whether a cell of *row* has a number, or a sign for yes or no."""
    return any(map(_is_value, row))


def _is_value(cell: str) -> bool:
    """Whether *cell* has a number, or a sign for yes or no."""
    return any(char.isdigit() for char in cell) or cell in _SIGNS
