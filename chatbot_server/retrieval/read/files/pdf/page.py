"""The page of a PDF as pieces of text and ruled lines, each at its place."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chatbot_server.retrieval.read.document import Unreadable

# In widths of a letter “m”: a wider gap parts columns, a narrower one may part words.
COLUMN_GAP = 1.1
WORD_GAP = 0.17
# Without a blank between, so wide a gap may also part the cells of a spreadsheet.
CELL_GAP = 0.4
# Where all blanks are written, so wide a gap without one parts cells: browsers leave 3 points
# between those of a table. Letters of a title may stand so far apart in widths of a letter.
WRITTEN_CELL_GAP, LETTERS_APART = 2.4, 0.2
SAME_LINE = 0.3
MAX_CHARACTERS = 60_000
MAX_OBJECTS = 20_000
MAX_RULES = 1000
# A drawn box that is not thicker is a line.
THIN = 3.0
SLANTED = -1
SOFT_HYPHEN = 2  # how PDFium tells a hyphen at the end of a line
GUESSED = "\t"  # a blank that PDFium adds where letters stand apart
HYPHENS = (SOFT_HYPHEN, 0x2010, 0x2011)
FORCE_BOLD = 1 << 18
_BOLD = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)
SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_MARK = re.compile(r"(?:[•●◦▪■□‣⁃∙·○➢➤✓✔\uf000-\uf0ff–—-]|\(?(?:\d{1,2}|[a-zA-Z])[.)])")


@dataclass(frozen=True, slots=True)
class Gap:
    """Where a piece of text may be two: before the letter ``at``, from ``left`` to ``right``.

    ``y``, ``size`` and ``is_bold`` are those of the letters behind it.
    """

    at: int
    left: float
    right: float
    y: float
    size: float
    is_bold: bool


@dataclass(slots=True)
class Piece:
    """Text in one line, without a gap; ``y`` is its baseline and grows downwards."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    is_bold: bool
    limit: float = math.inf  # where a drawn line ends the space to its right
    gaps: list[Gap] = field(default_factory=list)
    has_blank_behind: bool = False  # one that is written

    @property
    def is_mark(self) -> bool:
        """Whether it is the bullet or the number of an item."""
        return bool(_MARK.fullmatch(self.text))

    def note_gap(self, following: Piece | Letter) -> None:
        """Note that *following* stands so far off that it may be in another cell or column."""
        left = following.x0
        if left - self.x1 > CELL_GAP * self.size:
            style = (following.y, following.size, following.is_bold)
            self.gaps.append(Gap(len(self.text), self.x1, left, *style))

    def sides_of(self, at: float) -> tuple[Piece | None, Piece | None]:
        """What of it stands left and right of *at*; all of it at the side where it begins."""
        gap = next((gap for gap in self.gaps if gap.left <= at <= gap.right), None)
        if gap is None:
            return (self, None) if self.x0 < at else (None, self)
        former = [other for other in self.gaps if other.at < gap.at]
        later = [replace(other, at=other.at - gap.at) for other in self.gaps if other.at > gap.at]
        left = replace(self, text=self.text[: gap.at].rstrip(), x1=gap.left, gaps=former)
        text, style = self.text[gap.at :].strip(), (gap.y, gap.size, gap.is_bold)
        return left, Piece(text, gap.right, self.x1, *style, self.limit, later)

    def crosses(self, at: float) -> bool:
        """Whether it stands on both sides of *at*, without a gap there."""
        return self.x0 < at < self.x1 and None in self.sides_of(at)

    def parts(self) -> list[Piece]:
        """What stands between its gaps."""
        starts = [(0, self.x0), *((gap.at, gap.right) for gap in self.gaps)]
        ends = [*((gap.at, gap.left) for gap in self.gaps), (len(self.text), self.x1)]
        return [
            replace(self, text=self.text[start:end].strip(), x0=x0, x1=x1, gaps=[])
            for (start, x0), (end, x1) in zip(starts, ends, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line at ``at``, across or down, from ``start`` to ``end``."""

    at: float
    start: float
    end: float


@dataclass
class PdfPage:
    """What is on a page, turned so that most of its text runs from left to right."""

    pieces: list[Piece] = field(default_factory=list)
    across: list[Rule] = field(default_factory=list)
    down: list[Rule] = field(default_factory=list)
    left: float = 0.0
    top: float = 0.0
    height: float = 1.0
    has_picture: bool = False
    turn: int = 0  # of what is on it, in quarters to the left
    has_written_blanks: bool = False
    # Where blanks stand that PDFium does not tell, by their baselines in whole points.
    blanks: dict[int, list[float]] = field(default_factory=dict)

    def turned(self, box: Sequence[float]) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of *box* (left, bottom, right, top, growing upwards)."""
        return _turned(box, self.turn)

    def rows(self) -> list[list[Piece]]:
        """The pieces line by line, from top to bottom and from left to right."""
        rows: list[list[Piece]] = []
        for piece in sorted(self.pieces, key=lambda piece: piece.y):
            if rows and piece.y - rows[-1][0].y <= SAME_LINE * max(piece.size, rows[-1][0].size):
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
            if is_near and not self.is_ruled_between(former.x1, piece.x0, piece.y):
                former.note_gap(piece)
                blank = " " if gap > WORD_GAP * size else ""
                start = len(former.text + blank)
                former.gaps += [replace(gap, at=gap.at + start) for gap in piece.gaps]
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
        y = round(piece.y)
        near = (x for at in (y - 1, y, y + 1) for x in self.blanks.get(at, ()))
        return piece.has_blank_behind or any(piece.x1 - 1 <= x <= right for x in near)

    def space_after(self, piece: Piece) -> float:
        """Where the next line from top to bottom stands, behind *piece*."""
        at = bisect_left(self.down, piece.x1, key=lambda rule: rule.at)
        limits = (rule.at for rule in self.down[at:] if rule.start <= piece.y - 2 <= rule.end)
        return next(limits, math.inf)

    def is_ruled_between(self, left: float, right: float, y: float) -> bool:
        """Whether a line from top to bottom parts what is at *left* and *right* of it."""
        at = bisect_left(self.down, left - 1, key=lambda rule: rule.at)
        while at < len(self.down) and self.down[at].at <= right + 1:
            if self.down[at].start - 1 <= y - 2 <= self.down[at].end + 1:
                return True
            at += 1
        return False


@dataclass(slots=True)
class Letter:
    """One letter, along the direction it is written in; ``turn`` counts quarters to the left."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    is_bold: bool
    turn: int


def read_page(page: Any, has_written_blanks: bool = False) -> PdfPage:
    """What is on *page*, a page of ``pypdfium2``.

    *has_written_blanks* tells that space alone parts no words on it.
    """
    letters = list(letters_of(page))
    turns = Counter(letter.turn for letter in letters)
    del turns[SLANTED]  # a stamp or a watermark
    turn_order = [turn for turn, _count in turns.most_common()] or [0]
    result = PdfPage(turn=turn_order[0], has_written_blanks=has_written_blanks)
    read_drawings(page, result)
    x0, top, x1, bottom = result.turned(page.get_bbox())
    result.left, result.top, result.height = x0, top, max(1.0, bottom - top)
    for turn in turn_order:
        pieces = pieces_of([letter for letter in letters if letter.turn == turn], result)
        if turn != turn_order[0]:  # along a margin: below all else
            for number, piece in enumerate(pieces, 1):
                piece.x0, piece.x1, piece.y = x0, x1, bottom + 3 * number * piece.size
        result.pieces += pieces
    return result


def letters_of(page: Any) -> Iterator[Letter]:
    import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

    text_page = page.get_textpage()
    handle = text_page.raw
    box, x, y = pdfium.FS_RECTF(), pdfium.c_double(), pdfium.c_double()
    former: Any = None
    size, is_bold, turn = 1.0, False, 0
    if text_page.count_chars() > MAX_CHARACTERS:
        raise Unreadable("extract_big")
    for at in range(text_page.count_chars()):
        code = pdfium.FPDFText_GetUnicode(handle, at)
        if code < 32 and code != SOFT_HYPHEN:
            continue
        if code == 32 or code == 160:
            is_written = pdfium.FPDFText_IsGenerated(handle, at) == 0
            yield Letter(" " if is_written else GUESSED, 0.0, 0.0, 0.0, size, is_bold, turn)
            continue
        owner = pdfium.cast(pdfium.FPDFText_GetTextObject(handle, at), pdfium.c_void_p).value
        if owner != former:
            former = owner
            size, is_bold, turn = font_of(pdfium, handle, at)
        pdfium.FPDFText_GetLooseCharBox(handle, at, box)
        pdfium.FPDFText_GetCharOrigin(handle, at, x, y)
        text = "-" if code in HYPHENS else chr(code)
        if turn == 0:
            yield Letter(text, box.left, box.right, -y.value, size, is_bold, 0)
        else:
            corners = (box.left, box.bottom, box.right, box.top)
            x0, _top, x1, _bottom = _turned(corners, turn)
            baseline = _point(x.value, y.value, turn)[1]
            yield Letter(text, x0, x1, baseline, size, is_bold, turn)


def font_of(pdfium: Any, text_page: Any, at: int) -> tuple[float, bool, int]:
    """Size, weight and direction of the letter *at*."""
    matrix, name, flags = pdfium.FS_MATRIX(), pdfium.create_string_buffer(200), pdfium.c_int()
    pdfium.FPDFText_GetMatrix(text_page, at, matrix)
    scale = math.hypot(matrix.c, matrix.d)
    size = min(max(pdfium.FPDFText_GetFontSize(text_page, at) * scale, 1.0), 1000.0)
    pdfium.FPDFText_GetFontInfo(text_page, at, name, 200, flags)
    is_bold = bool(flags.value & FORCE_BOLD or _BOLD.search(name.value.decode("utf-8", "replace")))
    quarters = math.atan2(matrix.b, matrix.a) / (math.pi / 2)
    turn = round(quarters) % 4 if abs(quarters - round(quarters)) < 0.1 else SLANTED
    return size, is_bold, turn


def _turned(box: Sequence[float], turn: int) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of *box* (left, bottom, right, top, growing upwards)."""
    (x0, y0), (x1, y1) = (_point(box[at], box[at + 1], turn) for at in (0, 2))
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _point(x: float, y: float, turn: int) -> tuple[float, float]:
    """A point of the page, turned back, with its height growing downwards."""
    if turn == SLANTED:
        turn = 0
    return ((x, -y), (y, x), (-x, y), (-y, -x))[turn]


def pieces_of(letters: Sequence[Letter], page: PdfPage) -> list[Piece]:
    """The letters as pieces, in the order in which they were written."""
    pieces: list[Piece] = []
    has_blank = is_written = False
    for letter in letters:
        if letter.text.isspace():
            has_blank = True
            is_written = is_written or letter.text != GUESSED
            continue
        former = pieces[-1] if pieces else None
        if former is not None:
            former.has_blank_behind = is_written
        if former is None or not goes_on(former, letter, page):
            pieces.append(
                Piece(
                    *(letter.text, letter.x0, letter.x1, letter.y),
                    *(letter.size, letter.is_bold),
                )
            )
        else:
            if not is_written:
                former.note_gap(letter)
            is_apart = has_blank or letter.x0 - former.x1 > WORD_GAP * former.size
            if page.has_written_blanks:  # letters of a title may stand apart
                is_apart = page.has_blank(former, letter.x0)
            former.text += " " if is_apart else ""
            is_raised = letter.y < former.y - 0.15 * former.size
            is_mark = is_raised and letter.size < 0.85 * former.size
            former.text += letter.text.translate(SUPERSCRIPT) if is_mark else letter.text
            former.x1 = max(former.x1, letter.x1)
            former.is_bold = former.is_bold and letter.is_bold
        has_blank = is_written = False
    return pieces


def goes_on(former: Piece, letter: Letter, page: PdfPage) -> bool:
    """Whether *letter* follows *former* in its line."""
    gap = letter.x0 - former.x1
    is_small = letter.size < 0.85 * former.size
    if abs(letter.y - former.y) > (0.6 if is_small else 0.2) * former.size:
        return False
    if not -0.6 * former.size < gap < COLUMN_GAP * former.size or letter.size > 1.3 * former.size:
        return False
    if page.parts_cells(former, letter.x0):
        return False
    return gap < 1 or not page.is_ruled_between(former.x1, letter.x0, former.y)


def read_drawings(page: Any, result: PdfPage) -> None:
    """The lines and the edges of boxes that may be those of a table, and where blanks stand."""
    import pypdfium2.raw as pdfium

    width, height = page.get_size()
    count = min(pdfium.FPDFPage_CountObjects(page), MAX_OBJECTS)
    bounds = [pdfium.c_float() for _ in range(4)]
    kinds = [pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE]
    kinds += [pdfium.FPDF_PAGEOBJ_TEXT] if result.has_written_blanks else []
    for at in range(count):
        drawing = pdfium.FPDFPage_GetObject(page, at)
        kind = pdfium.FPDFPageObj_GetType(drawing)
        if kind not in kinds:
            continue
        if not pdfium.FPDFPageObj_GetBounds(drawing, *bounds):
            continue
        box = [bound.value for bound in bounds]
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            area = (box[2] - box[0]) * (box[3] - box[1])
            result.has_picture = result.has_picture or area > 0.3 * width * height
        elif kind == pdfium.FPDF_PAGEOBJ_TEXT:
            x, y, right, _bottom = result.turned(box)
            if x == right:
                result.blanks.setdefault(round(y), []).append(x)
        elif len(result.across) + len(result.down) < MAX_RULES:
            add_rules(result.turned(box), result)
    result.across.sort(key=lambda rule: rule.at)
    result.down.sort(key=lambda rule: rule.at)


def add_rules(box: Sequence[float], result: PdfPage) -> None:
    """Take a thin box for a line, and any other for its four edges."""
    x0, top, x1, bottom = box
    if bottom - top <= THIN and x1 - x0 > THIN:
        result.across.append(Rule((top + bottom) / 2, x0, x1))
    elif x1 - x0 <= THIN and bottom - top > THIN:
        result.down.append(Rule((x0 + x1) / 2, top, bottom))
    elif x1 - x0 > THIN:
        result.across += [Rule(top, x0, x1), Rule(bottom, x0, x1)]
        result.down += [Rule(x0, top, bottom), Rule(x1, top, bottom)]
