"""Tables: Markdown when a page or file is read, and one sentence per row in the index.

A row alone does not say what its columns are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise, zip_longest
from operator import itemgetter

from chatbot_server.retrieval.language.languages import LANGUAGES, Languages, together
from chatbot_server.retrieval.language.sentences import sentences

# Between the name of a row and its other cells.
DASH = " — "
_ROW = re.compile(r"\|.*\|")
_RULE = re.compile(r"\|(?=[\s|:]*-)[\s|:-]*\|")
_BAR = re.compile(r"(?<!\\)\|")
_BETWEEN_CELLS = re.compile(r"\s?; ")
_LETTER = re.compile(r"[^\W\d_]")
# A longer row becomes several sentences: the index cuts a longer sentence anywhere.
MAX_ROW_WORDS = 100
# A cell that says nothing: “–”.
_DASHES = re.compile(r"[-‐‑‒–—―−]*")


def markdown_table(rows: Sequence[Sequence[str]], head: int = 0) -> list[str]:
    """The lines of a table; the first *head* of *rows* name its columns, together.

    A cell that spans several rows or columns is expected in each of them. A row with the same
    words in all columns is a heading of the rows below it, up to the next such row; without rows
    below it, as with conditions below prices, it is an ordinary row.
    """
    width = max(map(len, rows), default=0)
    grid = [
        [" ".join(cell.split()).replace("|", "\\|") for cell in row] + [""] * (width - len(row))
        for row in rows
    ]
    lines: list[str] = []
    if head:
        names = zip(*grid[:head], strict=True)
        headings = [", ".join(dict.fromkeys(filter(None, column))) for column in names]
        lines = [_line(headings), _line(["---"] * width)]
    group = ""
    body = [row for row in grid[head:] if any(row)]
    for row, below in zip_longest(body, body[1:]):
        if not spans_all(row):
            lines.append(_line([" › ".join(filter(None, (group, row[0]))), *row[1:]]))
        elif below is None or spans_all(below):
            lines.append(_line([row[0], *[""] * (width - 1)]))
        else:
            group = row[0]
    return lines


def spans_all(row: Sequence[str]) -> bool:
    """Whether all columns of *row* have the same words."""
    return len(row) > 1 and len(set(row)) == 1 and bool(_LETTER.search(row[0]))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def in_sentences(text: str, language: str = "en") -> str:
    """*text* with each row of a table as “- first cell — heading: cell; heading: cell”.

    Cells with nothing but a dash are left out. The first cell is repeated before each sentence of
    a cell that has several, and before each part of a long row.
    """
    languages = together([language])
    record = LANGUAGES.get(language)
    blank = "\u00a0" if record and record.space_before_colon else ""
    lines: list[str] = []
    rows: list[str] = []
    for line in [*text.split("\n"), ""]:
        if _ROW.fullmatch(line.strip()):
            rows.append(line.strip())
            continue
        lines += _row_sentences(rows, f"{blank}: ", f"{blank}; ", languages)
        rows = []
        lines.append(line)
    return "\n".join(lines[:-1])


def _row_sentences(
    rows: list[str], colon: str, between: str, languages: Languages
) -> Iterator[str]:
    has_headings = len(rows) > 1 and bool(_RULE.fullmatch(rows[1]))
    headings = _cells(rows[0])[1:] if has_headings else []
    former_lines: set[str] = set()  # a cell that spans rows makes the same line for each of them
    for row in rows[2:] if has_headings else rows:
        first, *rest = _cells(row)
        named_cells = zip(headings + [""] * len(rest), rest, strict=False)
        parts = list(_sentences_of_cells(named_cells, colon, languages))
        for statement in _statements(parts, between) or [""]:
            line = f"- {DASH.join(part for part in (first, statement) if part)}"
            if (first or statement) and line not in former_lines:
                former_lines.add(line)
                yield line


def _sentences_of_cells(
    cells: Iterable[tuple[str, str]], colon: str, languages: Languages
) -> Iterator[list[str]]:
    """The sentences of each of *cells* with its heading; cells under one heading are joined."""
    for heading, group in groupby(cells, key=itemgetter(0)):
        cells_of_heading = [
            parts for _heading, cell in group if (parts := sentences(cell, languages))
        ]
        if heading and cells_of_heading and all(len(parts) == 1 for parts in cells_of_heading):
            cells_of_heading = [[", ".join(parts[0] for parts in cells_of_heading)]]
        for parts in cells_of_heading:
            yield [f"{heading}{colon}{part}" if heading else part for part in parts]


def _statements(cells: Sequence[Sequence[str]], between: str) -> list[str]:
    """The sentences of *cells*; cells of one sentence are joined up to the length of a row."""
    statements: list[str] = []
    is_open = False
    for parts in cells:
        is_one = len(parts) == 1
        is_short = is_open and len(f"{statements[-1]} {parts[0]}".split()) <= MAX_ROW_WORDS
        if is_one and is_short:
            statements[-1] += f"{between}{parts[0]}"
        else:
            statements += parts
        is_open = is_one
    return statements


def _cells(row: str) -> list[str]:
    cells = (cell.strip() for cell in _BAR.split(row[1:-1]))
    return ["" if _DASHES.fullmatch(cell) else cell for cell in cells]


def table_count(text: str) -> int:
    """The number of tables in *text*, as written by :func:`markdown_table`."""
    are_rows = [bool(_ROW.fullmatch(line.strip())) for line in text.split("\n")]
    return sum(is_row and not before for before, is_row in pairwise([False, *are_rows]))


def row_name(sentence: str) -> str:
    """The first cell of a row written by :func:`in_sentences`; empty for other sentences."""
    item, mark, _ = sentence.partition(DASH)
    return item.removeprefix("- ") if mark and item.startswith("- ") else ""


def first_cells(row: str) -> list[str]:
    """The first two cells of a *row* written by :func:`in_sentences`, without headings."""
    first, _, statement = row.partition(DASH)
    second = _BETWEEN_CELLS.split(statement, 1)[0].rpartition(": ")[2]
    return [cell for cell in (first, second) if cell]


def cells_by_heading(row: str) -> dict[str, str]:
    """The cells of a *row* written by :func:`in_sentences` that have a heading, by that."""
    pairs = (cell.rpartition(": ") for cell in _BETWEEN_CELLS.split(row.partition(DASH)[2]))
    return {heading.strip(): value for heading, colon, value in pairs if colon}


def with_cells(row: str, is_wanted: Callable[[str], bool]) -> str:
    """*row*, written by :func:`in_sentences`, with the cells alone whose heading *is_wanted*.

    The whole row if that is true of none of them.
    """
    name, dash, statement = row.partition(DASH)
    cells = _BETWEEN_CELLS.split(statement)
    wanted_cells = [cell for cell in cells if is_wanted(cell.rpartition(": ")[0])]
    between = _BETWEEN_CELLS.search(statement)
    if not dash or not between or not wanted_cells:
        return row
    return f"{name}{dash}{between[0].join(wanted_cells)}"
