"""Under which heading what follows an accordion is."""

from __future__ import annotations

from itertools import islice
from typing import Any, NamedTuple

from chatbot_server.retrieval.read.html.text.blocks import Block
from chatbot_server.retrieval.read.html.text.inline import short_text

MAX_DEPTH, MAX_HEADINGS = 30, 12
LONGEST = 300
_HEADS = ("header", "hgroup")


class ReadHeading(NamedTuple):
    """A heading and what was read of it."""

    element: Any
    block: Block


class HeadingsAbove:
    """The headings read so far under which more may follow, the deepest last."""

    def __init__(self) -> None:
        self._headings: list[ReadHeading] = []

    def add(self, heading: Any, block: Block) -> None:
        """*heading* was read as *block*, and ends what was under those of its level."""
        above = [each for each in self._headings if each.block.level < block.level]
        self._headings = [*above, ReadHeading(heading, block)]

    def heading_of(self, element: Any) -> Block | None:
        """The heading that *element* is under: none of a box before it with other content."""
        around: set[Any] = set(islice(element.iterancestors(), MAX_DEPTH))
        for heading in self._headings[: -MAX_HEADINGS - 1 : -1]:
            if not is_head_of_other_box(heading.element, around):
                return heading.block
        return self._headings[0].block if self._headings else None


def is_head_of_other_box(heading: Any, around: set[Any]) -> bool:
    """Whether *heading* is in a box that holds more, and is none of those *around*."""
    box = heading
    for above in islice(heading.iterancestors(), MAX_DEPTH):
        if above in around:
            break
        box = above
    is_head = box.tag in _HEADS
    return not is_head and short_text(box, LONGEST) != short_text(heading, LONGEST)
