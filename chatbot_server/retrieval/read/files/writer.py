"""Markdown, written block by block, and tables made of cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, takewhile, zip_longest

from chatbot_server.retrieval.language.tables import markdown_table, spans_all
from chatbot_server.retrieval.read.days import names_days
from chatbot_server.retrieval.read.document import MAX_TEXT
from chatbot_server.retrieval.read.typed_signs import with_signs

Row = Sequence[str]
MAX_COLUMNS = 60
MAX_ROWS = 20_000
# A table whose cells hold that many paragraphs places things on the page.
MAX_BLOCKS_IN_CELL = 6
MAX_CELL = 1500
SHORT_NOTE = 150
MAX_LEVEL = 6
LONGEST_HEADING = 80
_HAS_DIGIT = re.compile(r"\d")
# Before a price or an age that is said of what a heading names.
_SET_APART = re.compile(r"[^\W\d_]{2}.{0,3}[(–—]")
_LOOKS_LIKE_MARKDOWN = re.compile(r"^(?=#{1,6}\s|\|)", re.MULTILINE)
# Checks and crosses of Wingdings, where office programs and PDFs put the letters of such a font.
_PICTURES = {0xF0FC: "✓", 0xF0FE: "✓", 0xF0FB: "✗", 0xF0FD: "✗"}
_ESCAPED = re.compile(r"^\\(?=[#|])", re.MULTILINE)
_FIRST_HEADING = re.compile(r"#{1,6} (.+)")
_ENDS = tuple(".!?…:;,")


class MarkdownWriter:
    """The text of a document as it is read; what is beyond the longest text is left out."""

    def __init__(self) -> None:
        self._first_heading = ""
        self.is_rich = False  # has headings or tables
        self._blocks: list[tuple[str, str]] = []
        self._room = MAX_TEXT

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return self._room <= 0

    @property
    def first_heading(self) -> str:
        """What heads the document, or comes first as if it did."""
        texts = (text for kind, text in self._with_headings() if kind == "heading")
        return self._first_heading or next(texts, "").lstrip("#").strip()

    @property
    def text(self) -> str:
        """The whole text, with items of a list on consecutive lines."""
        parts: list[str] = []
        former = ""
        for kind, text in self._with_headings():
            parts.append("\n" if kind == former == "item" else "\n\n")
            parts.append(text)
            former = kind
        return "".join(parts).strip()

    @property
    def in_one_line(self) -> str:
        """The whole text as a cell of a table."""
        return in_line(text for _kind, text in self._blocks)

    @property
    def block_count(self) -> int:
        """How many headings, paragraphs, items and tables there are."""
        return len(self._blocks)

    @property
    def places_things(self) -> bool:
        """Whether the table that has this as a cell is there for its looks."""
        is_long = self.block_count > MAX_BLOCKS_IN_CELL or len(self.in_one_line) > MAX_CELL
        return self.is_rich or is_long

    def heading(self, level: int, text: str) -> None:
        """A heading; 1 is the highest level."""
        plain = " ".join(text.split())
        if plain:
            self._first_heading = self._first_heading or plain
            self.is_rich = True
            self._add("heading", f"{'#' * max(1, min(level, MAX_LEVEL))} {plain}")

    def paragraph(self, text: str, *, bold: bool = False) -> None:
        """A paragraph; what tabs part is a label and its values.

        One that is all *bold* heads what follows, as many people make headings.
        """
        lines = [_without_tabs(line) for line in text.split("\n")]
        is_first = not self._blocks and len(text) <= LONGEST_HEADING
        kind = "bold" if bold and (is_first or _heads(text)) else "paragraph"
        self._add(kind, _escaped("\n".join(line for line in lines if line)))

    def item(self, text: str, depth: int = 0, mark: str = "-") -> None:
        """An item of a list, *depth* lists inside of others."""
        plain = " ".join(_without_tabs(text).split())
        if plain:
            self._add("item", f"{'  ' * min(depth, 8)}{mark} {plain}")

    def table(self, rows: Sequence[Row], header_rows: int | None = None) -> None:
        """A table; what spans several cells is in each of them.

        *header_rows* is None where the file does not say how many of the first ones name the
        columns.
        """
        for kind, text in table_blocks(rows, header_rows):
            self.is_rich = self.is_rich or kind == "table"
            self._add(kind, text)

    def markdown(self, text: str) -> None:
        """Add text that is Markdown already."""
        heading = _FIRST_HEADING.match(text)
        self._first_heading = self._first_heading or (heading[1] if heading else "")
        self.is_rich = True
        self._add("markdown", text)

    def append(self, other: MarkdownWriter) -> None:
        """Add everything in *other*."""
        self._first_heading = self._first_heading or other._first_heading
        self.is_rich = self.is_rich or other.is_rich
        for kind, text in other._blocks:
            self._add(kind, text)

    def _with_headings(self) -> Iterator[tuple[str, str]]:
        level = 1
        following = [kind for kind, _text in self._blocks[1:]]
        for (kind, text), next_kind in zip_longest(self._blocks, following):
            if kind == "heading":
                level = text.index(" ")
            if kind == "bold" and next_kind not in (None, "bold", "heading"):
                yield "heading", f"{'#' * min(level + 1, MAX_LEVEL)} {text}"
            else:
                yield kind, text

    def _add(self, kind: str, text: str) -> None:
        text = text.translate(_PICTURES)
        if text.strip() and self._room > 0:
            text = text[: self._room]
            self._room -= len(text) + 2
            self._blocks.append((kind, text))


def in_line(parts: Iterable[str]) -> str:
    """*parts* one after the other, with commas where nothing else parts them."""
    pieces: list[str] = []
    for part in parts:
        plain = " ".join(_ESCAPED.sub("", part).split())
        if pieces and plain:
            pieces.append(" " if pieces[-1].endswith(_ENDS) else ", ")
        if plain:
            pieces.append(plain)
    return "".join(pieces)


def lines_of_cell(cell: str) -> list[str]:
    """The lines of *cell*, whole again where one was broken in the middle of a sentence."""
    lines: list[str] = []
    for line in filter(None, map(str.strip, cell.split("\n"))):
        if lines and line[0].islower() and not lines[-1].endswith(_ENDS):
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return lines


def _heads(text: str) -> bool:
    """Whether *text*, all in bold, names what follows: “Starters”, “For children (under 8)”."""
    plain = text.strip()
    if not plain or len(plain) > LONGEST_HEADING or "\n" in plain or "\t" in plain:
        return False
    number = _HAS_DIGIT.search(plain)
    return not plain.endswith((".", ",", ";", "!")) and (
        number is None or bool(_SET_APART.search(plain, 0, number.start()))
    )


def with_note(note: str) -> tuple[str, str]:
    """What is told of a note where it is referred to, and what below: short ones in brackets."""
    if len(note) > SHORT_NOTE:
        return "", f"\n{note}"
    return (f" ({note})" if note else ""), ""


def table_blocks(rows: Sequence[Row], header_rows: int | None) -> list[tuple[str, str]]:
    """A table as Markdown; what spans all of its columns above or below becomes paragraphs."""
    grid = without_empty([[in_line(lines_of_cell(cell)) for cell in row] for row in rows])
    blocks: list[tuple[str, str]] = []
    while len(grid) > 1 and len(grid[0]) > 1 and len(set(grid[0])) == 1:
        blocks.append(("paragraph", _escaped(grid.pop(0)[0])))
        header_rows = header_rows - 1 if header_rows else header_rows
    notes: list[tuple[str, str]] = []
    while len(grid) > 1 and spans_all(grid[-1]):
        notes.insert(0, ("paragraph", _escaped(grid.pop()[0])))
    if grid and len(grid[0]) == 1:
        return [*blocks, *(("paragraph", _escaped(row[0])) for row in grid)]
    count = header_count(grid) if header_rows is None else min(header_rows, len(grid) - 1)
    return [*blocks, ("table", "\n".join(markdown_table(grid, count))), *notes]


def without_empty(grid: Sequence[Row]) -> list[Row]:
    """A grid of equally long rows, none of them empty, nor a column of them."""
    width = min(max(map(len, grid), default=0), MAX_COLUMNS)
    even_rows = [[*row[:width], *[""] * (width - len(row))] for row in grid if any(row)]
    columns = [at for at in range(width) if any(row[at] for row in even_rows)]
    return [[row[at] for at in columns] for row in even_rows]


def header_count(grid: Sequence[Row]) -> int:
    """How many of the first rows name the columns, judged by what is in them.

    Of a table of two columns the first row may be one like the others.
    """
    if len(grid) < 2:
        return 0
    first, rest = grid[0], grid[1:]
    if tells_of_day(first):
        return 0
    spans = any(left == right != "" for left, right in pairwise(first[1:]))
    if spans and len(grid) > 2 and grid[1][0] == first[0] != "":
        beside = takewhile(lambda row: row[0] == first[0], grid[1:-1])
        return 1 + sum(1 for _row in beside)  # a name beside two rows of them, or more
    if any(_HAS_DIGIT.search(cell) for cell in first[1:]):  # years or hours, else values
        return 1 if len(first) > 2 and not first[0] else 0
    if spans and len(grid) > 2 and not any(_HAS_DIGIT.search(cell) for cell in grid[1]):
        return 1 + sum(1 for _row in takewhile(is_below_names, pairwise(grid[:-1])))
    if len(first) > 2 or not first[0]:
        return 1
    with_digits = sum(bool(_HAS_DIGIT.search(row[1])) for row in rest)
    return 1 if 2 * with_digits >= len(rest) else 0


def is_below_names(rows: tuple[Row, Row]) -> bool:
    """Whether the second of two rows names the columns that each name in the first spans."""
    upper, lower = rows
    spans = any(left == right != "" for left, right in pairwise(upper[1:]))
    is_corner = lower[0] in ("", upper[0])
    return spans and is_corner and not any(_HAS_DIGIT.search(cell) for cell in lower[1:])


def tells_of_day(row: Row) -> bool:
    """Whether *row* tells when something is open on the day that it begins with."""
    return names_days(row[0]) and not any(map(names_days, row[1:]))


def _without_tabs(line: str) -> str:
    parts = [" ".join(part.split()) for part in line.split("\t")]
    text = ""
    for part in filter(None, parts):
        between = " " if text.endswith(_ENDS) else " — "
        text += between + part if text else part
    return with_signs(text)


def _escaped(text: str) -> str:
    r"""*text*, of which no line is taken for a heading or the row of a table."""
    return _LOOKS_LIKE_MARKDOWN.sub(r"\\", text)
