"""Cards side by side: the date or price above a card's heading is said of that card."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import Any

from chatbot_server.retrieval.read.html.text.blocks import Block, is_value
from chatbot_server.retrieval.read.html.text.inline import short_text
from chatbot_server.retrieval.read.html.text.names import HEADINGS

MAX_HEADINGS = 5000
MAX_DEPTH = 8
# What is above a heading and is said below it: a date with its place, a price.
MAX_ABOVE = 3
LONGEST_ABOVE = 100
_NO_CARDS = ("html", "body", "main", "header", "table", "tbody", "tr")
_PARTS = ("article", "section", "li")


class Cards:
    """The cards of a page, which are alike and hold one heading each."""

    def __init__(self, root: Any) -> None:
        self._starts: dict[Any, int] = {}
        self._cards: dict[Any, Any] = {}
        headings = [
            heading
            for heading in islice(root.iter(*HEADINGS), MAX_HEADINGS)
            if not is_value(short_text(heading, LONGEST_ABOVE))
        ]
        counts: Counter[Any] = Counter()
        for heading in headings:
            counts.update(islice(heading.iterancestors(), MAX_DEPTH))
        for heading in headings:
            card = None
            for above in islice(heading.iterancestors(), MAX_DEPTH):
                if counts[above] > 1 or is_no_card(above):
                    break
                card = above
            if card is not None and has_like(card, counts):
                self._cards[heading] = card
                self._starts[card] = 0

    def is_card(self, element: Any) -> bool:
        return element in self._starts

    def begin(self, card: Any, start: int) -> None:
        """The blocks from number *start* on are those of *card*."""
        self._starts[card] = start

    def put_heading(self, element: Any, blocks: list[Block]) -> None:
        """Move the last of *blocks*, the heading *element*, above the facts that precede it."""
        card = self._cards.get(element)
        start = self._starts[card] if card is not None else len(blocks)
        if not 1 < len(blocks) - start <= MAX_ABOVE + 1 or not blocks[-1].level:
            return
        *above, heading = blocks[start:]
        text = " ".join(block.text for block in above)
        is_told_of = all(
            not block.link and (not block.level or is_value(block.text)) for block in above
        )
        is_same_place = all(block.margin == heading.margin for block in above)
        has_fact = any(char.isdigit() for char in text)
        if len(text) <= LONGEST_ABOVE and has_fact and is_told_of and is_same_place:
            facts = [
                replace(each, level=0, bold=False, text=each.text.removeprefix("- "))
                for each in above
            ]
            blocks[start:] = [heading, *facts]


def is_no_card(element: Any) -> bool:
    """Whether *element* holds other things than a card; an article's header is part of one."""
    if element.tag == "header" and element.getparent() is not None:
        return element.getparent().tag not in _PARTS
    return element.tag in _NO_CARDS


def has_like(card: Any, counts: Counter[Any]) -> bool:
    """Whether there is a card with a heading before or behind *card*."""
    neighbours = (card.getprevious(), card.getnext())
    return any(
        neighbour is not None and neighbour.tag == card.tag and counts[neighbour]
        for neighbour in neighbours
    )
