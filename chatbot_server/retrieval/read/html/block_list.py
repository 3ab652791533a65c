"""The blocks of a page while it is read: where each paragraph, item, row and heading goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chatbot_server.retrieval.language.tables import DASH, markdown_table
from chatbot_server.retrieval.read.html.display.word_processors import with_dash
from chatbot_server.retrieval.read.html.layout.lists import ListLines
from chatbot_server.retrieval.read.html.layout.margins import begins_margin
from chatbot_server.retrieval.read.html.layout.tables import is_price_list
from chatbot_server.retrieval.read.html.text.blocks import Block
from chatbot_server.retrieval.read.html.text.broken_lines import (
    BrokenLine,
    by_headings,
    joined_lines,
)
from chatbot_server.retrieval.read.html.text.inline import one_line
from chatbot_server.retrieval.read.html.text.names import LISTS

MAX_BLOCKS = 20_000
MAX_CHARACTERS = 2_000_000


class BlockList:
    """What was read of a page so far.

    Attributes:
        blocks: in the order of the page.
        list: the outermost list that is being read.
        reopened: the heading that the next text is under again, after an accordion.
    """

    def __init__(self, main: Any) -> None:
        """*main*: the element outside of which all is margin; None if the page has no such one."""
        self.blocks: list[Block] = []
        self.list = ListLines()
        self.reopened: Block | None = None
        self._size = 0
        self._margins: list[Any] = []
        self._main = main
        self._is_outside_main = main is not None

    def is_full(self) -> bool:
        return len(self.blocks) >= MAX_BLOCKS or self._size >= MAX_CHARACTERS

    def is_margin(self) -> bool:
        return bool(self._margins) or self._is_outside_main

    def begin_area(self, element: Any) -> None:
        """Note if *element* begins a margin, or the main content."""
        if element is self._main:
            self._is_outside_main = False
        if begins_margin(element):
            self._margins.append(element)

    def begin_list(self, element: Any) -> None:
        """Begin the item that *element* is, or a list inside an item."""
        if element.tag == "li":
            self.list.begin_item()
        elif element.tag in LISTS and self.list.items:
            self.list.begin_children()

    def end(self, element: Any) -> None:
        """End what *element* has begun."""
        if self._margins and element is self._margins[-1]:
            self._margins.pop()
        if element is self._main:
            self._is_outside_main = True
        if element.tag == "li" and self.list.items:
            self.list.end_item()
        if element.tag in LISTS and not self.list.items:
            self.end_list()

    def end_list(self) -> None:
        lines, self.list.lines = self.list.lines, []
        is_link, self.list.is_link = self.list.is_link, True
        for item in self.list.items:  # what follows inside them goes on lines of its own
            item.line = None
        if lines:
            self.put(Block("\n".join(lines), 0, self.is_margin(), is_link))

    def put_heading(self, text: str, level: int) -> Block:
        block = Block(text, level, self.is_margin())
        for item in self.list.items:
            item.has_heading = True
        self.put(block)
        return block

    def put_lines(self, lines: Iterable[str]) -> None:
        self.put(Block("\n".join(lines), margin=self.is_margin()))

    def put_rows(self, rows: Sequence[list[str]], head: int) -> None:
        """A table, of which *head* rows name the columns; rows of unequal length are a list."""
        if len({len(row) for row in rows}) > 1:
            self.put_lines(f"- {DASH.join(row)}" for row in rows)
        else:
            self.put_lines(markdown_table(rows, head))

    def put_line(self, line: str) -> None:
        """A line of its own, or of the item of a list that it is in."""
        if self._is_in_item():
            self.list.is_link = False
            self.list.add(line)
        else:
            self.put_lines([line])

    def put_paragraph(self, lines: list[BrokenLine], *, is_link: bool, is_bold: bool) -> None:
        if self._is_in_item():
            self.list.is_link = self.list.is_link and is_link
            self.list.add(one_line(joined_lines(lines)))
            return
        sections = by_headings(lines)
        rows = [[section.heading, *section.lines] for section in sections]
        if all(section.heading for section in sections) and is_price_list(rows):
            text = "\n".join(f"- {DASH.join(row)}" for row in rows)
            self.put(Block(text, 0, self.is_margin(), is_link))
            return
        for heading, texts in sections:
            if heading:
                self.put(Block(heading, 0, self.is_margin(), bold=True))
            bold = is_bold and len(texts) == 1
            if texts:
                text = "\n".join(map(with_dash, texts))
                self.put(Block(text, 0, self.is_margin(), is_link, bold))

    def _is_in_item(self) -> bool:
        items = self.list.items
        return bool(items) and not items[-1].has_heading

    def put(self, block: Block) -> None:
        if self.list.lines:
            self.end_list()
        if self.blocks and block == self.blocks[-1] and len(block.text.split()) > 2:
            return  # once for wide screens, once for narrow ones
        if block.level:
            self.reopened = None
        elif self.reopened is not None and self.reopened.margin == block.margin:
            last_heading = next((each for each in reversed(self.blocks) if each.level), None)
            if self.reopened is not last_heading:
                self.blocks.append(self.reopened)
            self.reopened = None
        self.blocks.append(block)
        self._size += len(block.text)
