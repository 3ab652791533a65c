"""Imports many FAQ entries from a table or JSON Lines; bad rows are reported and left out."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from chatbot_server.errors import UsageError
from chatbot_server.retrieval.curate.library import LONGEST_ANSWER, put_faq_entries
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.read.charset import decoded
from chatbot_server.storage.database import Database
from chatbot_server.storage.visitors.learning import LONGEST_QUESTION

MOST_ENTRIES = 10_000
MOST_WORDINGS = 50
AT_ONCE = 100  # entries of one transaction, for which visitors' questions wait
COLUMNS = ("question", "answer", "wordings")
# Names of columns in the first line; without such a line, their order is that of COLUMNS.
HEADINGS = {
    "question": "question",
    "answer": "answer",
    "reponse": "answer",
    "wordings": "wordings",
    "formulations": "wordings",
    "autres formulations": "wordings",
    "other wordings": "wordings",
}
# Spreadsheets take cells that begin like this for formulas, so exports put a ' before them.
FORMULA_WITHIN = re.compile(r"(?<=[,;\t])(?=[=+@-])")
MARKED_WITHIN = re.compile(r"(?<=[,;\t])'(?=[=+@-])")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class FaqRow:
    """A question, its answer and further wordings, in *line* of a file."""

    line: int
    question: str
    answer: str
    wordings: tuple[str, ...] = ()


@dataclass(frozen=True)
class BadLine:
    """A line that was left out; *code* and *values* are those of a sentence that says why."""

    line: int
    code: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass
class EntryFile:
    """The entries of a file, and the lines that cannot be used."""

    entries: list[FaqRow] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)


def read_entries(data: bytes) -> EntryFile:
    """The entries of a CSV file or of JSON Lines.

    Raises:
        UsageError: the file is empty, or no text: a workbook, a PDF.
    """
    text = decoded(data)
    if "\0" in text:
        raise UsageError("faq_file_binary", field="file")
    if not text.strip():
        raise UsageError("faq_file_empty", field="file")
    is_json = text.lstrip().startswith("{")
    result, lines = EntryFile(), dict[str, int]()
    for line, row in _json_rows(text) if is_json else _table_rows(text):
        entry = None if row is None else _entry(line, row)
        problem = _problem(entry, lines)
        if len(result.entries) >= MOST_ENTRIES:
            result.bad.append(BadLine(line, "faq_line_many", {"limit": MOST_ENTRIES}))
            break
        if problem is not None:
            result.bad.append(BadLine(line, *problem))
        elif entry is not None:
            lines[_key(entry.question)] = line
            result.entries.append(entry)
    return result


def import_entries(database: Database, site_id: int, entries: Sequence[FaqRow]) -> int:
    """Add *entries*, or replace those with the same question; returns how many changed."""
    change_count = 0
    for start in range(0, len(entries), AT_ONCE):
        batch = entries[start : start + AT_ONCE]
        texts = [(entry.question, entry.answer, entry.wordings) for entry in batch]
        change_count += put_faq_entries(database, site_id, texts)
    return change_count


def _json_rows(text: str) -> Iterator[tuple[int, dict[str, Any] | None]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            yield number, row if isinstance(row, dict) else None


def _table_rows(text: str) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Line number and cells by column name of each row; None for a row that cannot be read."""
    first_line = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns: Sequence[str] = ()
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, None
            continue
        if not columns:
            names = [HEADINGS.get(fold(cell).strip(), "") for cell in cells]
            columns = names if "question" in names else COLUMNS
            if columns is names:
                continue
        if any(cell.strip() for cell in cells):
            row = dict(zip(columns, map(_without_mark, cells), strict=False))
            yield line, row


def without_formula(cell: str) -> str:
    """*cell*, marked by an apostrophe where a spreadsheet would take it for a formula.

    Also behind what it may take for the end of a cell: the separator of another language.
    """
    cell = FORMULA_WITHIN.sub("'", cell)
    return "'" + cell if cell.startswith(FORMULA) else cell


def _without_mark(cell: str) -> str:
    cell = MARKED_WITHIN.sub("", cell)
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA) else cell


def _entry(line: int, row: dict[str, Any]) -> FaqRow:
    wordings = row.get("wordings") or ()
    if isinstance(wordings, str):
        wordings = wordings.replace("|", "\n").split("\n")
    elif not isinstance(wordings, list | tuple):
        wordings = ()
    texts = (" ".join(_text(wording).split()) for wording in wordings[:MOST_WORDINGS])
    return FaqRow(
        line,
        " ".join(_text(row.get("question") or row.get("title")).split()),
        _text(row.get("answer") or row.get("text")).strip(),
        tuple(text[:LONGEST_QUESTION] for text in texts if text),
    )


def _text(value: object) -> str:
    """*value* as a text that every database accepts."""
    text = value if isinstance(value, str) else ""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _problem(entry: FaqRow | None, lines: dict[str, int]) -> tuple[str, dict[str, Any]] | None:
    """Code and values of why *entry* cannot be used; *lines* are those of earlier questions."""
    if entry is None:
        return "faq_line_unreadable", {}
    if not entry.question:
        return "faq_line_question", {}
    if not entry.answer:
        return "faq_line_answer", {}
    if len(entry.question) > LONGEST_QUESTION or len(entry.answer) > LONGEST_ANSWER:
        return "faq_line_long", {"question": LONGEST_QUESTION, "answer": LONGEST_ANSWER}
    if (other := lines.get(_key(entry.question))) is not None:
        return "faq_line_twice", {"line": other}
    return None


def _key(question: str) -> str:
    return question.casefold()
