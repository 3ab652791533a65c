"""Headings in bold at the beginning of the paragraph that they head."""

from __future__ import annotations

from typing import Any

from chatbot_server.retrieval.read.html.text.blocks import may_be_heading
from chatbot_server.retrieval.read.html.text.inline import short_text

# The shortest text below such a heading.
SHORTEST_BELOW = 60
_ENDS_OF_SENTENCES = (".", "!", "?", "…")
AFTER_RUN_IN = " \xa0\u202f:–—."


def _begins_with_heading(paragraph: Any) -> bool:
    """Whether *paragraph* is a bold heading followed, after a stop or colon, by its text."""
    if paragraph is None or paragraph.tag != "p" or (paragraph.text or "").strip():
        return False
    bold = next(iter(paragraph), None)
    if bold is None or bold.tag not in ("b", "strong"):
        return False
    heading = short_text(bold, 100)
    behind = "".join(paragraph.itertext())[len("".join(bold.itertext())) :].strip()
    after = bold.getnext()
    is_parted = heading.endswith((".", ":", "?")) or behind.startswith((":", "–", "—"))
    is_line = not (bold.tail or "").strip() and after is not None and after.tag == "br"
    if not (is_parted or is_line) or not may_be_heading(heading.rstrip(AFTER_RUN_IN)):
        return False
    is_text = len(behind) >= SHORTEST_BELOW and behind.endswith(_ENDS_OF_SENTENCES)
    return is_text or (heading.endswith("?") and bool(behind))


def is_run_in_heading(element: Any) -> bool:
    """Whether *element* is the heading of its paragraph, like that of a neighbouring one."""
    if element.tag not in ("b", "strong"):
        return False
    paragraph = element.getparent()
    if paragraph[0] is not element or not _begins_with_heading(paragraph):
        return False
    return any(map(_begins_with_heading, (paragraph.getprevious(), paragraph.getnext())))
