"""PDF files."""

from __future__ import annotations

import io
from pathlib import PurePosixPath

from chatbot_server.retrieval.read.document import MAX_TEXT, Result, Unreadable, document

MAX_PAGES = 500


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
