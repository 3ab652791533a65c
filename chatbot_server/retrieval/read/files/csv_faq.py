"""Questions and answers in a table of comma-separated values (CSV)."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import Any

from chatbot_server.retrieval.read.document import Result, Unreadable, decode_text, document

MAX_ROWS = 20_000
QUESTION_COLUMNS = ("question", "questions", "title", "titre")
ANSWER_COLUMNS = ("answer", "answers", "réponse", "reponse", "text", "texte")


def read_csv(data: bytes, _name: str) -> Result:
    """Questions and answers: columns of those names, else the only two there are."""
    text = decode_text(data)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:5000], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    rows = [row for row in islice(csv.reader(io.StringIO(text), dialect), MAX_ROWS + 1) if row]
    if len(rows) > MAX_ROWS:
        raise Unreadable("extract_big")
    if not rows:
        raise Unreadable("extract_csv")
    question, answer = _column(rows[0], QUESTION_COLUMNS), _column(rows[0], ANSWER_COLUMNS)
    if question is not None and answer is not None:
        rows = rows[1:]
    elif any(cell.strip() for row in rows for cell in row[2:]):
        raise Unreadable("extract_csv")  # which of them are the questions would be a guess
    else:
        question, answer = 0, 1
    cells = [
        (row[question].strip(), row[answer].strip())
        for row in rows
        if len(row) > max(question, answer)
    ]
    documents = [document(q, a) | {"faq": True} for q, a in cells if q and a]
    if not documents:
        raise Unreadable("extract_csv")
    return {"documents": documents}


def _column(head: list[str], names: tuple[str, ...]) -> int | None:
    return next((at for at, cell in enumerate(head) if cell.strip().lower() in names), None)
