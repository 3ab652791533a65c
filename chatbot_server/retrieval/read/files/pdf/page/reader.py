"""Reads a page of a PDF: its letters as pieces of text, and the lines and boxes drawn on it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from chatbot_server.retrieval.read.document import Unreadable
from chatbot_server.retrieval.read.files.pdf.page.blanks import GUESSED, Blanks, with_written_blanks
from chatbot_server.retrieval.read.files.pdf.page.pieces import (
    COLUMN_GAP,
    SLANTED,
    SUPERSCRIPT,
    WORD_GAP,
    Letter,
    PdfPage,
    Piece,
    Rule,
    turned_box,
    turned_point,
)
from chatbot_server.retrieval.read.files.pdf.page.tags import UNTAGGED, PageTags

MAX_CHARACTERS = 60_000
MAX_OBJECTS = 20_000
MAX_RULES = 1000
# Boxes that further ones are compared with.
MAX_FILLS = 300
# A drawn box that is not thicker is a line.
THIN = 3.0
SOFT_HYPHEN = 2  # how PDFium tells a hyphen at the end of a line
HYPHENS = (SOFT_HYPHEN, 0x2010, 0x2011)
FORCE_BOLD = 1 << 18
_BOLD = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)


def read_page(page: Any, blanks: Blanks = Blanks.GUESSED) -> PdfPage:
    """What is on *page*, a page of ``pypdfium2``, whose *blanks* are written or not."""
    tags = PageTags(page)
    letters = list(letters_of(page, tags))
    has_written_blanks = blanks is Blanks.WRITTEN
    if blanks is Blanks.MOSTLY_WRITTEN:
        letters, has_written_blanks = with_written_blanks(letters)
    turns = Counter(letter.turn for letter in letters)
    del turns[SLANTED]  # a stamp or a watermark
    turn_order = [turn for turn, _count in turns.most_common()] or [0]
    result = PdfPage(turn=turn_order[0], has_written_blanks=has_written_blanks)
    read_drawings(page, result)
    x0, top, x1, bottom = result.turned(page.get_bbox())
    result.left_edge, result.top_edge, result.height = x0, top, max(1.0, bottom - top)
    for turn in turn_order:
        pieces = pieces_of([letter for letter in letters if letter.turn == turn], result)
        if turn != turn_order[0]:  # along a margin: below all else
            for number, piece in enumerate(pieces, 1):
                piece.x0, piece.x1, piece.baseline = x0, x1, bottom + 3 * number * piece.size
        result.pieces += pieces
    mark_items(result.pieces)
    return result


def mark_items(pieces: Sequence[Piece]) -> None:
    """Put a bullet before each item of a list whose own one is drawn, as browsers have it.

    What has its price at the other end of its line is a row of a table.
    """
    former = 0
    for number, piece in enumerate(pieces):
        item = piece.tag.item
        after = pieces[number + 1] if number + 1 < len(pieces) else piece
        is_row = after.tag.item == item and piece.x1 < after.x0
        is_row = is_row and abs(after.baseline - piece.baseline) < piece.size / 2
        if item and item != former and not (piece.begins_with_mark or piece.is_bold or is_row):
            piece.text = f"• {piece.text}"
        former = item


def letters_of(page: Any, tags: PageTags) -> Iterator[Letter]:
    import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

    text_page = page.get_textpage()
    handle = text_page.raw
    box, x, y = pdfium.FS_RECTF(), pdfium.c_double(), pdfium.c_double()
    former: Any = None
    size, is_bold, turn, tag = 1.0, False, 0, UNTAGGED
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
        text_object = pdfium.FPDFText_GetTextObject(handle, at)
        owner = pdfium.cast(text_object, pdfium.c_void_p).value
        if owner != former:
            former = owner
            tag = tags.of(text_object)
            size, is_bold, turn = font_of(pdfium, handle, at)
        pdfium.FPDFText_GetLooseCharBox(handle, at, box)
        pdfium.FPDFText_GetCharOrigin(handle, at, x, y)
        text = "-" if code in HYPHENS else chr(code)
        if turn == 0:
            yield Letter(text, box.left, box.right, -y.value, size, is_bold, 0, tag)
        else:
            corners = (box.left, box.bottom, box.right, box.top)
            x0, _top, x1, _bottom = turned_box(corners, turn)
            baseline = turned_point(x.value, y.value, turn)[1]
            yield Letter(text, x0, x1, baseline, size, is_bold, turn, tag)


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
                    *(letter.text, letter.x0, letter.x1, letter.baseline),
                    *(letter.size, letter.is_bold),
                    tag=letter.tag,
                )
            )
        else:
            if not is_written:
                former.note_gap(letter)
            is_apart = has_blank or letter.x0 - former.x1 > WORD_GAP * former.size
            if page.has_written_blanks and not former.is_mark:  # letters of a title may be apart
                is_apart = page.has_blank(former, letter.x0)
            former.text += " " if is_apart else ""
            is_raised = letter.baseline < former.baseline - 0.15 * former.size
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
    if abs(letter.baseline - former.baseline) > (0.6 if is_small else 0.2) * former.size:
        return False
    if not -0.6 * former.size < gap < COLUMN_GAP * former.size or letter.size > 1.3 * former.size:
        return False
    if page.parts_cells(former, letter.x0) or not former.tag.is_same_as(letter.tag):
        return False
    return gap < 1 or not page.is_ruled_between(former.x1, letter.x0, former.baseline)


def read_drawings(page: Any, result: PdfPage) -> None:
    """The lines and the edges of boxes that may be those of a table, and where blanks stand."""
    import pypdfium2.raw as pdfium

    width, height = page.get_size()
    count = min(pdfium.FPDFPage_CountObjects(page), MAX_OBJECTS)
    bounds = [pdfium.c_float() for _ in range(4)]
    fills = Fills()
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
        elif len(result.across) + len(result.down) < MAX_RULES and fills.shows(drawing, box):
            add_rules(result.turned(box), result)
    for xs in result.blanks.values():
        xs.sort()
    result.across.sort(key=lambda rule: rule.position)
    result.down.sort(key=lambda rule: rule.position)


class Fills:
    """The boxes that were filled so far, each with its colour."""

    def __init__(self) -> None:
        self._boxes: list[tuple[list[float], tuple[int, ...]]] = []

    def shows(self, drawing: Any, box: list[float]) -> bool:
        """Whether *drawing*, in *box*, is seen: it has a line, or not the colour that is below."""
        import pypdfium2.raw as pdfium

        fill, stroke, colour = pdfium.c_int(), pdfium.c_int(), [pdfium.c_uint() for _ in range(4)]
        pdfium.FPDFPath_GetDrawMode(drawing, fill, stroke)
        if stroke.value or not pdfium.FPDFPageObj_GetFillColor(drawing, *colour):
            return True
        if min(box[2] - box[0], box[3] - box[1]) <= THIN:
            return True
        code = tuple(channel.value for channel in colour)
        below = next((other for outer, other in reversed(self._boxes) if holds(outer, box)), None)
        if len(self._boxes) < MAX_FILLS:
            self._boxes.append((box, code))
        return below != code


def holds(outer: Sequence[float], box: Sequence[float]) -> bool:
    """Whether *box* stands in *outer*, or beyond it by a point at most."""
    starts = all(inner >= edge - 1 for edge, inner in zip(outer[:2], box[:2], strict=True))
    return starts and all(inner <= edge + 1 for edge, inner in zip(outer[2:], box[2:], strict=True))


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
