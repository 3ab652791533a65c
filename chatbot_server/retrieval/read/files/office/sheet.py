"""The sheet of a spreadsheet: often several tables below each other, each under its title."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile, groupby, takewhile

from chatbot_server.retrieval.read.files.writer import (
    LONGEST_HEADING,
    MarkdownWriter,
    Row,
    header_count,
    tells_of_day,
)

LEVEL = 2
# Rows that are looked at to tell what a title in the middle of a sheet heads.
MAX_LOOKED_AT = 50
_DIGIT = re.compile(r"\d")


class SheetRow(list[str]):
    """The cells of a row of a sheet.

    Attributes:
        is_bold: whether all that is in them is bold.
    """

    is_bold = False


def write_sheet(rows: Sequence[Row], writer: MarkdownWriter) -> None:
    """The tables and texts of a sheet, in order; empty rows part them."""
    parts = list(parts_of(rows))
    has_bold_titles = any(is_bold(row) for lead, _table in parts for row in lead)
    for lead, table in parts:
        # A merged cell is in each of its rows.
        texts = [(text, is_bold(next(group))) for text, group in groupby(lead, text_of)]
        for at, (text, is_title_in_bold) in enumerate(texts):
            is_last = at + 1 == len(texts)
            is_plain = not is_title_in_bold and (has_bold_titles or text[0].islower())
            if may_head(text) and (bool(table) if is_last else not is_plain):
                writer.heading(LEVEL, text)
            else:
                writer.paragraph(text)
        table = without_repeats(table)
        has_names = names_columns(table) and len(table[0]) > 2
        writer.table(table, max(1, header_count(table)) if has_names else None)


def text_of(row: Row) -> str:
    """What *row* says, which holds one text."""
    return next(filter(None, row))


def is_bold(row: Row) -> bool:
    """Whether all that is in *row* is known to be bold."""
    return bool(getattr(row, "is_bold", False))


def may_head(text: str) -> bool:
    """Whether *text* is no sentence and no line of a list."""
    return len(text) <= LONGEST_HEADING and not text.endswith((".", "!", ",", ";"))


def without_repeats(table: Sequence[Row]) -> list[Row]:
    """*table* without columns that say in each row what the one before says.

    Cells are merged in this way where tables with other columns are above or below.
    """
    width = max(map(len, table), default=0)
    rows = [[*row, *[""] * (width - len(row))] for row in table]
    columns = [at for at in range(width) if not at or any(row[at] != row[at - 1] for row in rows)]
    return [[row[at] for at in columns] for row in rows]


def parts_of(rows: Sequence[Row]) -> Iterator[tuple[list[Row], list[Row]]]:
    """Each table with the texts above it, a row each, which are in no column of it."""
    lead: list[Row] = []
    table: list[Row] = []
    for block in blocks_of(rows):
        titles = leading_texts(block)
        rest, texts_below = without_texts_below(block[len(titles) :])
        if table and rest and not names_columns(rest) and not are_pairs_below(table, rest):
            # The same columns go on, under a title or not.
            table += block[: len(titles) + len(rest)]
        else:
            if table:
                yield lead, table
                lead, table = [], []
            lead += titles
            table = list(rest)
        if texts_below:
            yield lead, table
            lead, table = texts_below, []
    if lead or table:
        yield lead, table


def without_texts_below(rows: Sequence[Row]) -> tuple[Sequence[Row], list[Row]]:
    """*rows*, and apart from them the sentences at their end, each under its title or not."""
    texts = list(takewhile(is_title, reversed(rows)))[::-1]
    are_texts = bool(texts) and texts[-1][0].endswith(".") and len(texts) < len(rows)
    return (rows[: len(rows) - len(texts)], texts) if are_texts else (rows, [])


def are_pairs_below(table: Sequence[Row], rows: Sequence[Row]) -> bool:
    """Whether *rows* are names with one value each, below a *table* of more columns."""
    return max(map(filled, rows)) <= 2 < max(map(filled, table))


def filled(row: Row) -> int:
    return sum(map(bool, row))


def blocks_of(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows between empty ones, or before the title of another table."""
    block: list[Row] = []
    for number, row in enumerate(rows):
        is_end = not any(row)
        if block and (is_end or heads_other_table(rows[number : number + MAX_LOOKED_AT], block)):
            yield block
            block = []
        if not is_end:
            block.append(row)
    if block:
        yield block


def heads_other_table(rows: Sequence[Row], block: Sequence[Row]) -> bool:
    """Whether the first of *rows* is a title, and what is below no part of the table in *block*.

    That has names of columns, in bold, or at other places than the table.
    """
    table = [row for row in block if not is_title(row)]
    if not table or not is_title(rows[0]):
        return False
    below = list(dropwhile(is_title, takewhile(any, rows)))
    below = list(takewhile(lambda row: not is_title(row), below))
    if not names_columns(below):
        return False
    names, values = below[0], below[1:]
    if is_bold(names):
        return not any(map(is_bold, (values[0], table[-1])))
    texts = [names[at] for at in sorted(starts_of(below)) if at < len(names)]
    are_names = all(texts[1:]) and not any(map(_DIGIT.search, texts))
    have_values = 2 * sum(any(map(_DIGIT.search, row[1:])) for row in values) >= len(values)
    return are_names and have_values and not starts_of(below) <= starts_of(table)


def is_title(row: Row) -> bool:
    """Whether *row* holds one text, in its first cell or merged over several."""
    return any(row) and bool(row[0]) and len(set(filter(None, row))) == 1


def starts_of(rows: Sequence[Row]) -> set[int]:
    """The columns in which something begins, and not only goes on from the one before."""
    return {
        at
        for row in rows
        for at, cell in enumerate(row)
        if cell and (not at or cell != row[at - 1])
    }


def leading_texts(block: Sequence[Row]) -> list[Row]:
    """The first rows, those that hold one text each."""
    texts: list[Row] = []
    for row in block:
        cells = list(filter(None, row))
        if not row[0] or len(set(cells)) > 1 or (len(cells) > 1 and len(row) > len(cells)):
            break
        texts.append(row)
    return texts


def names_columns(rows: Sequence[Row]) -> bool:
    """Whether the first of *rows* names the columns of the others."""
    cells = list(filter(None, rows[0])) if len(rows) > 1 else []
    return len(cells) > 1 and not _DIGIT.search(cells[-1]) and not tells_of_day(rows[0])
