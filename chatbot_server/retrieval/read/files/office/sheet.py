"""The sheet of a spreadsheet: often several tables below each other, each under its title."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from chatbot_server.retrieval.read.files.writer import (
    LONGEST_HEADING,
    MarkdownWriter,
    Row,
    header_count,
    tells_of_day,
)

LEVEL = 2
_DIGIT = re.compile(r"\d")


def write_sheet(rows: Sequence[Row], writer: MarkdownWriter) -> None:
    """The tables and texts of a sheet, in order; empty rows part them."""
    for lead, table in parts_of(rows):
        texts = [text for text, _rows in groupby(lead)]  # a merged cell stands in each of its rows
        for at, text in enumerate(texts):
            has_text_below = bool(table) or at + 1 < len(texts)
            may_head = len(text) <= LONGEST_HEADING and not text.endswith((".", "!", ",", ";"))
            if may_head and has_text_below:
                writer.heading(LEVEL, text)
            else:
                writer.paragraph(text)
        has_names = names_columns(table) and len(table[0]) > 2
        writer.table(table, max(1, header_count(table)) if has_names else None)


def parts_of(rows: Sequence[Row]) -> Iterator[tuple[list[str], list[Row]]]:
    """Each table with the texts above it, which stand in no column of it."""
    lead: list[str] = []
    table: list[Row] = []
    for block in blocks_of(rows):
        titles = leading_texts(block)
        rest = block[len(titles) :]
        if table and rest and not names_columns(rest) and not are_pairs_below(table, rest):
            table += block  # the same columns go on, under a title or not
            continue
        if table:
            yield lead, table
            lead, table = [], []
        lead += titles
        table = list(rest)
    if lead or table:
        yield lead, table


def are_pairs_below(table: Sequence[Row], rows: Sequence[Row]) -> bool:
    """Whether *rows* are names with one value each, below a *table* of more columns."""
    return max(map(filled, rows)) <= 2 < max(map(filled, table))


def filled(row: Row) -> int:
    return sum(map(bool, row))


def blocks_of(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows between empty ones."""
    block: list[Row] = []
    for row in rows:
        if any(row):
            block.append(row)
        elif block:
            yield block
            block = []
    if block:
        yield block


def leading_texts(block: Sequence[Row]) -> list[str]:
    """What the first rows say that hold one text each."""
    texts: list[str] = []
    for row in block:
        cells = list(filter(None, row))
        if not row[0] or len(set(cells)) > 1 or (len(cells) > 1 and len(row) > len(cells)):
            break
        texts.append(cells[0])
    return texts


def names_columns(rows: Sequence[Row]) -> bool:
    """Whether the first of *rows* names the columns of the others."""
    cells = list(filter(None, rows[0])) if len(rows) > 1 else []
    return len(cells) > 1 and not _DIGIT.search(cells[-1]) and not tells_of_day(rows[0])
