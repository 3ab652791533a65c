"""Pages that word processors saved: bold letters by class, and bullets typed as letters."""

from __future__ import annotations

import re
from typing import Any

MAX_STYLES, MAX_SPANS = 100_000, 20_000
# What tells a page that Google Docs made, whose classes are named “c1”, “c2”.
_OF_GOOGLE_DOCS = ("doc-content", "lst-kix_")
_BOLD_CLASS = re.compile(r"\.(c\d{1,4})\{[^{}]{0,400}?font-weight:(?:bold|[6-9]00)")
_BULLET = re.compile(r"[·•▪●◦‣§][ \xa0]+(?=\S)")


def show_bold_classes(tree: Any, page: str) -> None:
    """Make ``b`` of the letters of *tree* that Google Docs made bold by a class."""
    if not any(sign in page for sign in _OF_GOOGLE_DOCS):
        return
    styles = "".join(style.text or "" for style in tree.iter("style"))[:MAX_STYLES]
    bold = set(_BOLD_CLASS.findall(styles))
    for span in tree.xpath("//span[@class]")[:MAX_SPANS] if bold else ():
        if not bold.isdisjoint(span.get("class").split()):
            span.tag = "b"


def with_dash(line: str) -> str:
    """*line* as an item of a list, where it begins with a bullet and blanks."""
    bullet = _BULLET.match(line)
    return f"- {line[bullet.end() :]}" if bullet else line
