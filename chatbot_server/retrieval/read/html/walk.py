"""The walk over a page's tree: every visible heading, paragraph, list and table, in order."""

from __future__ import annotations

import re
from typing import Any

from chatbot_server.retrieval.language.tables import markdown_table
from chatbot_server.retrieval.read.html.block_list import BlockList
from chatbot_server.retrieval.read.html.layout import tables
from chatbot_server.retrieval.read.html.layout.accordions import (
    SIGNS,
    is_label_of_field,
    is_sign,
    is_title,
)
from chatbot_server.retrieval.read.html.layout.after_accordions import HeadingsAbove
from chatbot_server.retrieval.read.html.layout.cards import Cards
from chatbot_server.retrieval.read.html.layout.columns import (
    column_beside,
    line_of_card,
    rows_of_two,
)
from chatbot_server.retrieval.read.html.layout.eyebrows import put_eyebrow_below
from chatbot_server.retrieval.read.html.layout.loose_rows import table_of_boxes
from chatbot_server.retrieval.read.html.layout.margins import only_main
from chatbot_server.retrieval.read.html.layout.run_in_headings import (
    AFTER_RUN_IN,
    is_run_in_heading,
)
from chatbot_server.retrieval.read.html.layout.tabs import is_named, level_of_neighbour
from chatbot_server.retrieval.read.html.layout.turned_tables import in_rows
from chatbot_server.retrieval.read.html.text.blocks import MAX_LEVEL, Block, with_headings
from chatbot_server.retrieval.read.html.text.inline import (
    InlineText,
    lines_of,
    one_line,
    short_text,
)
from chatbot_server.retrieval.read.html.text.names import (
    BLOCKS,
    HEADINGS,
    SILENT,
    is_named_heading,
)
from chatbot_server.retrieval.read.html.unread.visible import Visibility, contacts_in

_HEADING = re.compile(r"h[1-6]")
_ANCHOR_SIGNS = " ¶#§🔗"
_LEADERS = re.compile(r"[.…·_ ]{3,}|…+")
_FACT = re.compile(r"\d{2}|@")
_AFTER_TITLE = "".join((AFTER_RUN_IN, *sorted(SIGNS)))


def read_blocks(root: Any, decimal: str, visibility: Visibility | None = None) -> list[Block]:
    """The blocks of the page whose ``html`` or ``body`` element is *root*."""
    return _Walk(root, decimal, visibility or Visibility(root)).blocks()


class _Walk:
    def __init__(self, root: Any, decimal: str, visibility: Visibility) -> None:
        self._root, self._decimal, self._visibility = root, decimal, visibility
        self._page = BlockList(only_main(root))
        self._text = InlineText(decimal)
        self._heading: tuple[Any, int] | None = None
        self._level = 1
        self._cards = Cards(root)
        self._read_already: set[Any] = set()
        self._headings = HeadingsAbove()
        self._panel_levels: dict[Any, int] = {}

    def blocks(self) -> list[Block]:
        from lxml import etree  # type: ignore[import-untyped]

        walker = etree.iterwalk(self._root, events=("start", "end"))
        is_skipped = False
        for event, element in walker:
            if not isinstance(element.tag, str):
                continue
            if event == "start":
                is_read = element in self._read_already or self._page.is_full()
                is_skipped = is_read or not self.open(element)
                if is_skipped:
                    walker.skip_subtree()
                else:
                    self._text.add(element.text)
                continue
            if not is_skipped:
                self.close(element)
            is_skipped = False
            if element is not self._root:
                self._text.add(element.tail)
        self._flush()
        return with_headings(self._page.blocks)

    def open(self, element: Any) -> bool:
        """Begin *element*; False if its content is left out, or was read already."""
        tag = element.tag
        if self._visibility.leaves_out(element) or is_label_of_field(element):
            self.leave_out(element)
            return False
        if self._heading is not None:
            if is_sign(element):
                return False
            self.open_in_heading(element)
            return True
        if self._cards.is_card(element):
            self.begin_card(element)
        if level := self.heading_level(element):
            self._flush()
            self._heading = (element, level)
            return True
        if tag == "button" and not _FACT.search(short_text(element, 200)):
            return False
        if tag not in BLOCKS:
            self._text.open(element)
            return tag != "pre" or self.read_code(element)
        self._flush()
        self.enter(element)
        return not self.is_read_whole(element)

    def leave_out(self, element: Any) -> None:
        if element.tag in BLOCKS:
            self._flush()
        elif element.tag in SILENT:
            self._text.blank()
        for text in contacts_in(element, self._visibility):
            self._page.put(Block(text, margin=True))

    def begin_card(self, element: Any) -> None:
        self._flush()
        if self._page.list.lines and all(item.line is not None for item in self._page.list.items):
            self._page.end_list()
        self._cards.begin(element, len(self._page.blocks))

    def open_in_heading(self, element: Any) -> None:
        if element.tag == "img":
            self._text.add(element.get("alt"))
        elif element.tag in BLOCKS:
            self._text.blank()
        else:
            self._text.open(element)

    def heading_level(self, element: Any) -> int:
        """The level of a heading; 0 if *element* is not one."""
        tag = element.tag
        if _HEADING.fullmatch(tag):
            return int(tag[1])
        below = min(self._level + 1, MAX_LEVEL)
        if element.get("role") == "heading":
            level = element.get("aria-level") or "2"
            return min(max(int(level), 1), MAX_LEVEL) if level.isdecimal() else 2
        is_title_of_text = is_title(element) or is_run_in_heading(element)
        return below if is_title_of_text else 0

    def enter(self, element: Any) -> None:
        """Begin the list, margin or panel of *element*."""
        self._page.begin_area(element)
        name = element.get("id")
        label = self._visibility.labels.get(name) if name in self._visibility.tabs else None
        if label and not is_named(element, label):
            level = self._level_of_panel(element)
            self._page.put(Block(label, level, self._page.is_margin()))
        self._page.begin_list(element)

    def _level_of_panel(self, panel: Any) -> int:
        """The level of the name of *panel*: as its neighbour's, and above its own headings."""
        level = self._panel_levels.get(panel.getprevious()) or level_of_neighbour(panel)
        level = level or min(self._level + 1, MAX_LEVEL)
        own = next(panel.iter(*HEADINGS), None)
        if own is not None:
            level = min(level, max(int(own.tag[1]) - 1, 2))
        self._panel_levels[panel] = level
        return level

    def is_read_whole(self, element: Any) -> bool:
        """Read *element* at once, if it is a table or laid out like one."""
        tag = element.tag
        if tag == "table" and not tables.is_layout(element):
            self.read_table(element)
            return True
        is_grid = tag in ("dl", "div", "ul", "section") and not self._visibility.holds_tabs(element)
        return is_grid and self.read_grid(element)

    def read_table(self, table: Any) -> None:
        for caption in table.iter("caption"):
            if text := self._cell(caption):
                self._page.put_lines([text])
            break
        for grid, head in tables.tables_in(table, self._lines_of_cell):
            if lines := markdown_table(*in_rows(grid, head)):
                self._page.put_lines(lines)

    def read_grid(self, element: Any) -> bool:
        rows = tables.rows_of_terms(element, self._cell) if element.tag == "dl" else None
        if rows is None:
            table = table_of_boxes(element, self._cell)
            if table.rows:
                self._read_already.update(table.elements)
                self._page.put_rows(table.rows, table.head)
                return True
            rows = tables.rows_of_pairs(element, self._cell)
        if len(rows) == 2:
            rows = rows_of_two(*rows)
        if not rows and (line := line_of_card(element, self._cell)):
            self._page.put_line(line)
            return True
        if not rows:
            rows, column = column_beside(element, self._cell)
            self._read_already.add(column)
        if not rows:
            return False
        is_even = len({len(row) for row in rows}) == 1
        self._page.put_rows(rows, tables.head_of_grid(element, rows) if is_even else 0)
        return True

    def read_code(self, element: Any) -> bool:
        self._flush()
        lines = [line.rstrip() for line in "".join(element.itertext()).split("\n")]
        if any(lines):
            self._page.put_lines(filter(None, lines))
        return False

    def _lines_of_cell(self, element: Any) -> str:
        """The text of a cell; none if it is not seen."""
        if self._visibility.leaves_out(element):
            return ""
        lines = lines_of(element, self._decimal, self._visibility.leaves_out)
        return "\n".join(line for line in lines if not _LEADERS.fullmatch(line))

    def _cell(self, element: Any) -> str:
        return one_line(self._lines_of_cell(element).split("\n"))

    def close(self, element: Any) -> None:
        """End *element*."""
        if self._heading is not None:
            heading, level = self._heading
            if element is heading:
                self._heading = None
                self.end_heading(element, level)
            elif element.tag in BLOCKS:
                self._text.blank()
            else:
                self._text.close(element)
        elif element.tag in BLOCKS:
            self._flush(is_heading_by_name=is_named_heading(element))
            self._page.end(element)
            if element.tag in ("details", "dl"):
                self._page.reopened = self._headings.heading_of(element)
        else:
            self._text.close(element)

    def end_heading(self, element: Any, level: int) -> None:
        opens = next(element.iter("button", "summary"), None) is not None
        if element.tag in ("b", "strong"):  # drop the stop or colon before its text
            element.tail = (element.tail or "").lstrip(AFTER_RUN_IN)
        is_own = not opens and bool(_HEADING.fullmatch(element.tag))
        text = one_line(self._text.take()).strip(_ANCHOR_SIGNS)
        if not is_own:
            text = text.rstrip(_AFTER_TITLE if opens else AFTER_RUN_IN)
        if text:
            block = self._page.put_heading(text, level)
            if is_own:
                self._level = level
                self._headings.add(element, block)
        self._cards.put_heading(element, self._page.blocks)
        if is_own:
            put_eyebrow_below(element, self._page.blocks)

    def _flush(self, *, is_heading_by_name: bool = False) -> None:
        """End the current paragraph, if there is one."""
        is_link, is_bold = self._text.is_link, self._text.is_bold or is_heading_by_name
        if lines := self._text.take_lines():
            self._page.put_paragraph(lines, is_link=is_link, is_bold=is_bold)
