"""What reading gives for one document, and for none."""

from __future__ import annotations

from typing import Any

from chatbot_server.retrieval.read.charset import decoded

MAX_TEXT = 2_000_000
MAX_TITLE = 500
Result = dict[str, Any]


# Of a file that was not read to its end: the code of the sentence that says so.
CUT_PAGES, CUT_TEXT, CUT_SCANS = "extract_cut_pages", "extract_cut_text", "extract_cut_scans"
# Of a book whose program left the names of the columns out.
NO_HEADS = "extract_no_heads"
NOTICES = (CUT_PAGES, CUT_TEXT, CUT_SCANS, NO_HEADS)


class Unreadable(Exception):
    """The argument is the code of the sentence that says why."""


def document(title: str, text: str) -> Result:
    """A document as it leaves the child process, bounded."""
    return {"title": title[:MAX_TITLE], "text": text[:MAX_TEXT]}


def decode_text(data: bytes) -> str:
    """*data* as text.

    Raises:
        Unreadable: it is none.
    """
    if b"\0" in data[:1000] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("extract_not_text")
    return decoded(data)
