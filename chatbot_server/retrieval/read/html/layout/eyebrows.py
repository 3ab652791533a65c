"""Short words above the heading of a box: a badge (“Popular”), the kind of what follows."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

from chatbot_server.retrieval.read.html.text.blocks import Block
from chatbot_server.retrieval.read.html.text.inline import short_text
from chatbot_server.retrieval.read.html.text.names import HEADINGS

MAX_ABOVE, MAX_BEFORE, MAX_HEADINGS = 3, 3, 60
LONGEST, MOST_WORDS = 30, 4
_BOXES = ("a", "article", "div", "header", "li", "section")


def put_eyebrow_below(heading: Any, blocks: list[Block]) -> None:
    """Move the last of *blocks*, the element *heading*, above the words that begin its box.

    They would be read as the end of what comes before that box.
    """
    *_, above, own = [None, None, *blocks[-2:]]
    if above is None or own is None or above.level or above.link or above.margin != own.margin:
        return
    words = above.text.split()
    if len(above.text) > LONGEST or len(words) > MOST_WORDS or above.text[-1] in ".,:;!?…":
        return
    if any(char.isdigit() for char in above.text) or not own.level:
        return
    box, before = _box(heading)
    if before.split() == words and not _has_like(box, heading):
        blocks[-2:] = [own, replace(above, bold=False)]


def _box(heading: Any) -> tuple[Any, str]:
    """The nearest box with text before *heading*, and that text; none if it is long."""
    inner = heading
    for box in islice(heading.iterancestors(), MAX_ABOVE):
        if box.tag not in _BOXES:
            break
        before = [box, *islice(inner.itersiblings(preceding=True), MAX_BEFORE + 1)]
        if len(before) > MAX_BEFORE + 1:
            break
        texts = [(box.text or "").strip()[: LONGEST + 1]]
        texts += [short_text(element, LONGEST + 1) for element in reversed(before[1:])]
        if text := " ".join(filter(None, texts)):
            return box, text
        inner = box
    return None, ""


def _has_like(box: Any, heading: Any) -> bool:
    """Whether *box* has another heading of the same rank as *heading*, or a higher one."""
    headings = islice(box.iter(*HEADINGS), MAX_HEADINGS)
    return any(other is not heading and other.tag <= heading.tag for other in headings)
