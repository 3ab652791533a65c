"""The page of a PDF as pieces of text and ruled lines, each at its place."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chatbot_server.retrieval.read.files.pdf.page.tags import UNTAGGED, TextTag

# In widths of a letter “m”: a wider gap parts columns, a narrower one may part words.
COLUMN_GAP = 1.1
WORD_GAP = 0.17
# Without a blank between, so wide a gap may also part the cells of a spreadsheet.
CELL_GAP = 0.4
# Where all blanks are written, so wide a gap without one parts cells: browsers leave 3 points
# between those of a table. Letters of a title may stand so far apart in widths of a letter.
WRITTEN_CELL_GAP, LETTERS_APART = 2.4, 0.2
SAME_LINE = 0.3
SLANTED = -1
SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_MARK = re.compile(r"(?:[•●◦▪■□‣⁃∙·○➢➤✓✔\uf000-\uf0ff–—-]|\(?(?:\d{1,2}|[a-zA-Z])[.)])")


@dataclass(frozen=True, slots=True)
class Gap:
    """Where a piece of text may be two: before the letter ``index``, from ``start`` to ``end``.

    ``baseline``, ``size`` and ``is_bold`` are those of the letters behind it.
    """

    index: int
    start: float
    end: float
    baseline: float
    size: float
    is_bold: bool


@dataclass(slots=True)
class Piece:
    """Text in one line, without a gap; its ``baseline`` grows downwards."""

    text: str
    x0: float
    x1: float
    baseline: float
    size: float
    is_bold: bool
    limit: float = math.inf  # where a drawn line ends the space to its right
    gaps: list[Gap] = field(default_factory=list)
    has_blank_behind: bool = False  # one that is written
    tag: TextTag = UNTAGGED

    @property
    def is_mark(self) -> bool:
        """Whether it is the bullet or the number of an item."""
        return bool(_MARK.fullmatch(self.text))

    @property
    def begins_with_mark(self) -> bool:
        """Whether the bullet or the number of an item stands before what it says."""
        return bool(_MARK.match(self.text))

    def note_gap(self, following: Piece | Letter) -> None:
        """Note that *following* stands so far off that it may be in another cell or column."""
        if following.x0 - self.x1 > CELL_GAP * self.size:
            style = (following.baseline, following.size, following.is_bold)
            self.gaps.append(Gap(len(self.text), self.x1, following.x0, *style))

    def sides_of(self, x: float) -> tuple[Piece | None, Piece | None]:
        """What of it stands left and right of *x*; all of it at the side where it begins."""
        gap = next((gap for gap in self.gaps if gap.start <= x <= gap.end), None)
        if gap is None:
            return (self, None) if self.x0 < x else (None, self)
        former = [other for other in self.gaps if other.index < gap.index]
        later = [
            replace(other, index=other.index - gap.index)
            for other in self.gaps
            if other.index > gap.index
        ]
        first = replace(self, text=self.text[: gap.index].rstrip(), x1=gap.start, gaps=former)
        text, style = self.text[gap.index :].strip(), (gap.baseline, gap.size, gap.is_bold)
        second = Piece(text, gap.end, self.x1, *style, self.limit, later, tag=self.tag)
        return first, second

    def crosses(self, x: float) -> bool:
        """Whether it stands on both sides of *x*, without a gap there."""
        return self.x0 < x < self.x1 and None in self.sides_of(x)

    def parts(self) -> list[Piece]:
        """What stands between its gaps."""
        starts = [(0, self.x0), *((gap.index, gap.end) for gap in self.gaps)]
        ends = [*((gap.index, gap.start) for gap in self.gaps), (len(self.text), self.x1)]
        return [
            replace(self, text=self.text[start:end].strip(), x0=x0, x1=x1, gaps=[])
            for (start, x0), (end, x1) in zip(starts, ends, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line across or down: its ``position`` on the page, from ``start`` to ``end``."""

    position: float
    start: float
    end: float


@dataclass
class PdfPage:
    """What is on a page, turned so that most of its text runs from left to right."""

    pieces: list[Piece] = field(default_factory=list)
    across: list[Rule] = field(default_factory=list)
    down: list[Rule] = field(default_factory=list)
    left_edge: float = 0.0
    top_edge: float = 0.0
    height: float = 1.0
    has_picture: bool = False
    turn: int = 0  # of what is on it, in quarters to the left
    has_written_blanks: bool = False
    # Where blanks stand that PDFium does not tell, by their baselines in whole points.
    blanks: dict[int, list[float]] = field(default_factory=dict)

    def turned(self, box: Sequence[float]) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of *box* (left, bottom, right, top, growing upwards)."""
        return turned_box(box, self.turn)

    def rows(self) -> list[list[Piece]]:
        """The pieces line by line, from top to bottom and from left to right."""
        rows: list[list[Piece]] = []
        for piece in sorted(self.pieces, key=lambda piece: piece.baseline):
            if rows and piece.baseline - rows[-1][0].baseline <= SAME_LINE * max(
                piece.size, rows[-1][0].size
            ):
                rows[-1].append(piece)
            else:
                rows.append([piece])
        return [self._merged(sorted(row, key=lambda piece: piece.x0)) for row in rows]

    def _merged(self, row: Sequence[Piece]) -> list[Piece]:
        pieces = [row[0]]
        for piece in row[1:]:
            former = pieces[-1]
            gap, size = piece.x0 - former.x1, max(former.size, piece.size)
            if former.is_mark and gap < 5 * size:
                gap = 0.5 * size
            is_near = gap < COLUMN_GAP * size and not self.parts_cells(former, piece.x0)
            is_near = is_near and former.tag.is_same_as(piece.tag)
            if is_near and not self.is_ruled_between(former.x1, piece.x0, piece.baseline):
                former.note_gap(piece)
                blank = " " if gap > WORD_GAP * size else ""
                start = len(former.text + blank)
                former.gaps += [replace(gap, index=gap.index + start) for gap in piece.gaps]
                former.text += blank + piece.text
                former.x1 = max(former.x1, piece.x1)
                former.is_bold = former.is_bold and piece.is_bold
            else:
                pieces.append(piece)
        pieces[-1].limit = self.space_after(pieces[-1])
        return pieces

    def parts_cells(self, piece: Piece, right: float) -> bool:
        """Whether no blank but space stands between *piece* and what begins at *right*."""
        least = max(WRITTEN_CELL_GAP, LETTERS_APART * piece.size)
        is_wide = self.has_written_blanks and right - piece.x1 > least
        return is_wide and not (piece.is_mark or self.has_blank(piece, right))

    def has_blank(self, piece: Piece, right: float) -> bool:
        """Whether a blank is written between *piece* and what begins at *right*."""
        if piece.has_blank_behind:
            return True
        y, after = round(piece.baseline), piece.x1 - 1
        lines = [self.blanks[at] for at in (y - 1, y, y + 1) if at in self.blanks]
        return any(xs[-1] >= after and xs[bisect_left(xs, after)] <= right for xs in lines)

    def space_after(self, piece: Piece) -> float:
        """Where the next line from top to bottom stands, behind *piece*."""
        at = bisect_left(self.down, piece.x1, key=lambda rule: rule.position)
        limits = (
            rule.position for rule in self.down[at:] if rule.start <= piece.baseline - 2 <= rule.end
        )
        return next(limits, math.inf)

    def is_ruled_between(self, start: float, end: float, baseline: float) -> bool:
        """Whether a line from top to bottom parts what ends at *start* and begins at *end*."""
        at = bisect_left(self.down, start - 1, key=lambda rule: rule.position)
        while at < len(self.down) and self.down[at].position <= end + 1:
            if self.down[at].start - 1 <= baseline - 2 <= self.down[at].end + 1:
                return True
            at += 1
        return False


@dataclass(slots=True)
class Letter:
    """One letter, along the direction it is written in; ``turn`` counts quarters to the left."""

    text: str
    x0: float
    x1: float
    baseline: float
    size: float
    is_bold: bool
    turn: int
    tag: TextTag = UNTAGGED


def turned_box(box: Sequence[float], turn: int) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of *box* (left, bottom, right, top, growing upwards)."""
    (x0, y0), (x1, y1) = (turned_point(box[at], box[at + 1], turn) for at in (0, 2))
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def turned_point(x: float, y: float, turn: int) -> tuple[float, float]:
    """A point of the page, turned back, with its height growing downwards."""
    if turn == SLANTED:
        turn = 0
    return ((x, -y), (y, x), (-x, y), (-y, -x))[turn]
