"""Plain text and Markdown."""

from __future__ import annotations

import re

from chatbot_server.retrieval.read.document import (
    CUT_TEXT,
    MAX_TEXT,
    Result,
    Unreadable,
    decode_text,
    document,
)
from chatbot_server.retrieval.read.files.lines import unwrapped
from chatbot_server.retrieval.read.files.titles import title_of

# What Jekyll, Hugo, Obsidian and others write above a page.
_FRONT_MATTER = re.compile(
    r"\s{0,9}---[ \t]*\n((?:(?:[\w-]+[ \t]*:|[ \t]|- |#)[^\n]*\n){1,100})---[ \t]*(?:\n|$)"
)
_TITLE = re.compile(r"^title[ \t]*:[ \t]*(\S[^\n]*)$", re.MULTILINE)
_HEADING = re.compile(r"#{1,6}[ \t]+(\S[^\n]*)")


def read_text(data: bytes, name: str) -> Result:
    """One document, called by its title, its heading or its file.

    Raises:
        Unreadable: it is no text, or an empty one.
    """
    whole = decode_text(data)
    text = whole[:MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    own_title = ""
    if front_matter := _FRONT_MATTER.match(text):
        text = text[front_matter.end() :]
        title = _TITLE.search(front_matter[1])
        own_title = title[1].strip().strip("\"'") if title else ""
    if not text.strip():
        raise Unreadable("extract_no_text")
    heading = _HEADING.match(text.lstrip())
    first_heading = heading[1].rstrip("# ") if heading else ""
    return {
        "documents": [document(title_of(name, own_title, first_heading), unwrapped(text))],
        "notice": CUT_TEXT if len(whole) > MAX_TEXT else "",
    }
