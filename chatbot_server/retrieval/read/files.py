"""The documents of plain text, CSV, PDF and DOCX files; none of them is trusted."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import PurePosixPath
from typing import Any

from chatbot_server.retrieval.read.document import (
    MAX_TEXT,
    Result,
    Unreadable,
    decode_text,
    document,
)
from chatbot_server.retrieval.read.html_page import markdown

MAX_PAGES = 500
MAX_UNZIPPED = 50_000_000
MAX_ENTRIES = 5000
MAX_RATIO = 100
MAX_ROWS = 20_000
QUESTION_COLUMNS = ("question", "questions", "title", "titre")
ANSWER_COLUMNS = ("answer", "answers", "réponse", "reponse", "text", "texte")


def read_text(data: bytes, name: str) -> Result:
    """One document, called by its heading, its file or its first line."""
    text = decode_text(data)[:MAX_TEXT]
    if not text.strip():
        raise Unreadable("extract_no_text")
    first = next((line.strip("# ").strip() for line in text.splitlines() if line.strip()), "")
    title = first if text.lstrip().startswith("#") else PurePosixPath(name).stem or first
    return {"documents": [document(title, text)]}


def read_csv(data: bytes) -> Result:
    """Questions and answers: columns of those names, else the only two there are."""
    text = decode_text(data)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:5000], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    lines = zip(csv.reader(io.StringIO(text), dialect), range(MAX_ROWS), strict=False)
    rows = [row for row, _number in lines if row]
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


def read_pdf(data: bytes, name: str) -> Result:
    """One document of the text of all pages."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise Unreadable("extract_encrypted")
    texts: list[str] = []
    size = 0
    for page, _number in zip(reader.pages, range(MAX_PAGES), strict=False):
        text = page.extract_text() or ""
        texts.append(text[: MAX_TEXT - size])
        size += len(text)
        if size >= MAX_TEXT:
            break
    if not "".join(texts).strip():
        raise Unreadable("extract_no_text")
    title = str((reader.metadata and reader.metadata.title) or "") or PurePosixPath(name).stem
    return {"documents": [document(title, "\n\n".join(texts))]}


def read_docx(data: bytes, name: str) -> Result:
    """One document with its headings."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile:
        raise Unreadable("extract_broken") from None
    size = sum(entry.file_size for entry in entries)
    if size > MAX_UNZIPPED or len(entries) > MAX_ENTRIES or size > MAX_RATIO * max(len(data), 1):
        raise Unreadable("extract_bomb")
    import mammoth  # type: ignore[import-untyped]

    page = mammoth.convert_to_html(io.BytesIO(data)).value
    text = markdown(page[: 2 * MAX_TEXT])
    if not text.strip():
        raise Unreadable("extract_no_text")
    return {"documents": [document(PurePosixPath(name).stem, text)]}
