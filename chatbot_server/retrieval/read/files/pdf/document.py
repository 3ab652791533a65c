"""PDF files: paragraphs, headings, columns and tables, from where letters stand on the page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from chatbot_server.retrieval.read.document import (
    CUT_PAGES,
    CUT_SCANS,
    MAX_TEXT,
    Result,
    Unreadable,
)
from chatbot_server.retrieval.read.files.lines import joined, without_page_number
from chatbot_server.retrieval.read.files.pdf import ocr
from chatbot_server.retrieval.read.files.pdf.forms import add_form
from chatbot_server.retrieval.read.files.pdf.layout import Item, Line, read_layout
from chatbot_server.retrieval.read.files.pdf.page.blanks import Blanks
from chatbot_server.retrieval.read.files.pdf.page.pieces import SUPERSCRIPT, PdfPage
from chatbot_server.retrieval.read.files.pdf.page.reader import read_page
from chatbot_server.retrieval.read.files.pdf.spreadsheet import (
    is_spreadsheet,
    with_columns_together,
)
from chatbot_server.retrieval.read.files.pdf.tables.ruled import Row, TableBlock, has_room
from chatbot_server.retrieval.read.files.titles import one_document
from chatbot_server.retrieval.read.files.writer import MarkdownWriter

MAX_PAGES = 500
# Letters that a scanner adds to the picture of a page: its name, or a number.
MAX_ON_SCAN = 40
# Of the height of a page, where headers and footers stand, and how many lines they have.
MARGIN = 0.12
MARGIN_LINES = 3
LARGER = 1.12
MAX_HEADING = 150
MAX_NOTE = 150
# What Chromium, Chrome and Edge make PDF files with; and an office suite.
WRITERS = {"Skia/PDF": Blanks.WRITTEN, "LibreOffice": Blanks.MOSTLY_WRITTEN}
# What browsers print around a page: when it was, and its address.
_BROWSERS_OWN = re.compile(
    r"\d{1,2}[/.]\d{1,2}[/.]\d{2,4},? \d{1,2}:\d{2}\b|(?:file|https?)://\S+(?: \d+/\d+)?$"
)
_CONTENTS = re.compile(
    r"(?:table des matières|sommaire|table of contents|contents|inhalt(?:sverzeichnis)?|índice)\W*",
    re.IGNORECASE,
)
_TO_PAGE = re.compile(r"\s\d{1,4}$")
_NOTE = re.compile(r"(\d{1,2})\s+(\S.*)")
_DIGITS = re.compile(r"\d+")
_PRICE = re.compile(r"\d ?[€£$]|[€£$] ?\d")
_LEADERS = re.compile(r"(?:(?<![ \t])[ \t]+)?(?:[.…_·] ?){4,}[ \t]*")
# What dots lead to, the price of a dish, ends its line.
_LED = re.compile(r"(?<![.…_·])(?<![.…_·] )(?:[.…_·] ?){4,}[ \t]{0,9}[^\s.…_·]")
_ITEM = re.compile(r"([•●◦▪■□‣⁃∙·○➢➤✓✔\uf000-\uf0ff–—*-]|\(?(?:\d{1,2}|[a-z])[.)])\s+(?=\S)")
_NUMBERED = re.compile(r"\d{1,2}[.)]")
_LETTERED = re.compile(r"\(?[a-z\d]{1,2}\)|[a-z]\.")
_MARK = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
# “call 06 12 ⏎ 34 56 78” in a narrow box.
_CUT_NUMBER = re.compile(r"\w \w+ (?:\d\d ?)+\n\d\d")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_ENDED = re.compile(r"[.!?:;…»”\")]$")


def read_pdf(data: bytes, name: str) -> Result:
    """The document of a PDF file; ``{"scanned": True}`` where :func:`read_scanned_pdf` says more.

    Raises:
        Unreadable: damaged, behind a password, only pictures, or without text.
    """
    pdf, scans = _open(data), Scans(None)
    pages = list(pages_of(pdf, scans))
    if scans.count and ocr.find_tesseract():
        return {"scanned": True}
    return _document(pdf, pages, scans, name)


def read_scanned_pdf(data: bytes, name: str) -> Iterator[Result]:
    """The document of a PDF file, with what :mod:`.ocr` recognises on scanned pages: slow.

    Before it, after each page, how many are read and how many there are:
    ``{"progress": [3, 12]}``.

    Raises:
        Unreadable: as :func:`read_pdf`.
    """
    program = ocr.find_tesseract()
    pdf, scans = _open(data), Scans(ocr.Recogniser(program) if program else None)
    pages = []
    for page in pages_of(pdf, scans):
        pages.append(page)
        yield {"progress": [len(pages), min(len(pdf), MAX_PAGES)]}
    yield _document(pdf, pages, scans, name)


def _open(data: bytes) -> Any:
    import pypdfium2  # type: ignore[import-untyped]

    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        is_locked = "password" in str(error).lower() or "security" in str(error).lower()
        is_other = b"%PDF" not in data[:1024]
        code = "extract_other_kind" if is_other else "extract_broken"
        raise Unreadable("extract_encrypted" if is_locked else code) from None


def _document(
    pdf: Any, pages: Sequence[tuple[PdfPage, list[Row]]], scans: Scans, name: str
) -> Result:
    writer = MarkdownWriter()
    margins = running_lines(pages)
    for line in dict.fromkeys(map(without_page_number, margins.values())):
        writer.paragraph("" if _BROWSERS_OWN.match(line) else line)
    properties = pdf.get_metadata_dict()
    contents = list(without_margins(pages, margins))
    if is_spreadsheet(str(properties.get("Creator") or "")):
        contents = with_columns_together(contents)
    PdfText([read_layout(page, rows) for page, rows in contents]).write(writer)
    if not writer.text and scans.count:
        raise Unreadable("extract_scan")
    title = str(properties.get("Title") or "")
    notice = CUT_PAGES if len(pages) < len(pdf) else CUT_SCANS if scans.count else ""
    return one_document(writer, name, title, notice)


class Scans:
    """Scanned pages of a file: hardly any text on them, and a picture.

    Attributes:
        count: how many of them were not recognised.
    """

    def __init__(self, recogniser: ocr.Recogniser | None) -> None:
        self._recogniser = recogniser
        self.count = 0

    def read(self, page: Any, as_written: PdfPage) -> PdfPage:
        """*page* as it is recognised, or *as_written*."""
        text_size = sum(len(piece.text) for piece in as_written.pieces)
        if text_size > MAX_ON_SCAN or not as_written.has_picture:
            return as_written
        result = self._recogniser.read(page) if self._recogniser else None
        if result is None:
            self.count += 1
        return result or as_written


def pages_of(pdf: Any, scans: Scans) -> Iterator[tuple[PdfPage, list[Row]]]:
    """The pages and their lines, as far as they are read."""
    pdf.init_forms()
    producer = pdf.get_metadata_value("Producer")
    blanks = next((kind for name, kind in WRITERS.items() if name in producer), Blanks.GUESSED)
    if is_spreadsheet(pdf.get_metadata_value("Creator")):
        blanks = Blanks.GUESSED
    size = 0
    for number in range(min(len(pdf), MAX_PAGES)):
        page = pdf[number]
        text_page = read_page(page, blanks)
        result = scans.read(page, text_page)
        if result is text_page:  # on a scan, what is filled in is recognised with the rest
            add_form(pdf, page, result)
        page.close()
        size += sum(len(piece.text) for piece in result.pieces)
        yield result, result.rows() if result.pieces else []
        if size > MAX_TEXT:
            return


def running_lines(pages: Sequence[tuple[PdfPage, list[Row]]]) -> dict[str, str]:
    """What stands at the top or the bottom of many pages, by what it is without its digits."""
    counts: Counter[str] = Counter()
    lines: dict[str, str] = {}
    other_prices: set[str] = set()
    for page, rows in pages:
        for key, text in {key: text for _at, key, text in _margin_lines(page, rows)}.items():
            counts[key] += 1
            if lines.setdefault(key, text) != text and _PRICE.search(text):
                other_prices.add(key)  # a catalogue has a room, and its price, on each page
    enough = max(2, 0.3 * len(pages))
    return {
        key: text for key, text in lines.items()
        if (counts[key] >= enough and key not in other_prices) or not without_page_number(text)
    }  # fmt: skip


def without_margins(
    pages: Sequence[tuple[PdfPage, list[Row]]], margins: dict[str, str]
) -> Iterator[tuple[PdfPage, list[Row]]]:
    """The pages without what stands on many of them."""
    for page, rows in pages:
        left_out = {at for at, key, _text in _margin_lines(page, rows) if key in margins}
        yield page, [row for at, row in enumerate(rows) if at not in left_out]


def _margin_lines(page: PdfPage, rows: Sequence[Row]) -> Iterator[tuple[int, str, str]]:
    ends = {*range(MARGIN_LINES), *range(len(rows) - MARGIN_LINES, len(rows))}
    for at in sorted(ends & set(range(len(rows)))):
        place = (rows[at][0].baseline - page.top_edge) / page.height
        if place < MARGIN or place > 1 - MARGIN:
            text = " ".join(piece.text for piece in rows[at])
            yield at, _DIGITS.sub("#", text), text


class PdfText:
    """The lines and tables of all pages, made into headings, paragraphs and items."""

    def __init__(self, pages: Sequence[Sequence[Item]]) -> None:
        self._pages = pages
        lines = [item for page in pages for item in page if isinstance(item, Line)]
        sizes: Counter[float] = Counter()
        bold = 0
        for line in lines:
            sizes[round(line.size * 2) / 2] += len(line.text)
            bold += len(line.text) if line.is_bold else 0
        for table in (item for page in pages for item in page if isinstance(item, TableBlock)):
            sizes[round(table.size * 2) / 2] += sum(len(cell) for row in table.rows for cell in row)
        self._body_size = sizes.most_common(1)[0][0] if sizes else 10.0
        self._body_is_bold = 2 * bold > sum(sizes.values())
        self._words = {word.lower() for line in lines for word in line.text.split()[:-1]}
        self._styles = sorted(
            {self._style(line) for line in lines if self._looks_like_heading(line)}, reverse=True
        )

    def write(self, writer: MarkdownWriter) -> None:
        """Write all of it."""
        block: list[Line] = []
        is_contents = False
        pages = tables_together([self.with_notes(page) for page in self._pages])
        for item in (item for page in pages for item in page):
            is_contents = is_contents and leads_to_pages(item)
            if is_contents:
                continue
            if isinstance(item, Line) and _CONTENTS.fullmatch(item.text):
                is_contents = True
            elif isinstance(item, TableBlock):
                self._write_block(block, writer)
                block = []
                writer.table(item.rows, item.header_rows)
            elif block and self.goes_on(block, item):
                block.append(item)
            else:
                self._write_block(block, writer)
                block = [item]
        self._write_block(block, writer)

    def with_notes(self, page: Sequence[Item]) -> list[Item]:
        """A page with its footnotes where they are referred to, or else at its end."""
        items: list[Item] = []
        notes: dict[str, Line] = {}
        note: Line | None = None
        for item in page:
            if isinstance(item, TableBlock) or item.size >= 0.95 * self._body_size:
                note = None
                items.append(item)
            elif match := _NOTE.fullmatch(item.text):
                note = replace(item, text=match[2])
                notes[match[1].translate(SUPERSCRIPT)] = note
            elif note is not None:
                note.text = joined(note.text, item.text, self._words)
            else:
                items.append(item)
        for line in (item for item in items if isinstance(item, Line)):
            for mark in _MARK.findall(line.text):
                if mark in notes and len(notes[mark].text) <= MAX_NOTE:
                    line.text = line.text.replace(mark, f" ({notes.pop(mark).text})", 1)
        return [*items, *notes.values()]

    def _write_block(self, lines: Sequence[Line], writer: MarkdownWriter) -> None:
        if not lines:
            return
        text = lines[0].text
        for line in lines[1:]:
            text = joined(text, line.text, self._words)
        text = _LEADERS.sub("\t", text)
        if self._looks_like_heading(lines[0]) and len(text) <= MAX_HEADING:
            writer.heading(1 + self._styles.index(self._style(lines[0])), text)
        elif mark := _ITEM.match(text):
            number = mark[1] if _NUMBERED.fullmatch(mark[1]) else "-"
            # “(a) on Wednesdays only” may be referred to.
            start = 0 if _LETTERED.fullmatch(mark[1]) else mark.end()
            writer.item(text[start:], 0, number)
        else:
            writer.paragraph(text)

    def _style(self, line: Line) -> tuple[float, bool]:
        return round(line.size * 2) / 2, line.is_bold

    def _looks_like_heading(self, line: Line) -> bool:
        is_large = line.size >= LARGER * self._body_size
        stands_out = line.is_bold and not self._body_is_bold and line.size >= self._body_size - 0.6
        return (
            (is_large or (stands_out and not line.text.endswith((".", ",", ";"))))
            and len(line.text) <= MAX_HEADING
            and bool(_LETTERS.search(line.text))
            and not (_ITEM.match(line.text) and not is_large and not line.text[:1].isdigit())
        )

    def goes_on(self, block: Sequence[Line], line: Line) -> bool:
        """Whether *line* is of the paragraph that the lines of *block* begin."""
        former = block[-1]
        is_dash = line.text[:1] in "–—" and self._looks_like_heading(former)
        if (
            (_ITEM.match(line.text) and not is_dash)
            or "\t" in former.text + line.text
            or _LED.search(former.text)
        ):
            return False
        if self._style(former) != self._style(line) and abs(former.size - line.size) > 0.6:
            return False
        is_heading = self._looks_like_heading(former)
        has_letters = bool(_LETTERS.search(line.text))  # “Prices and rules ⏎ 2026”
        if is_heading != self._looks_like_heading(line) and (has_letters or not is_heading):
            return False
        gap = line.baseline - former.baseline
        starts_small = line.text[:1].islower()
        if gap <= 0 or gap > 3 * line.size:  # the next column or page
            return starts_small and not is_heading and not _ENDED.search(former.text)
        if gap > 1.75 * line.size:
            return False
        if is_heading:
            return True
        if starts_small and not _ENDED.search(former.text):
            return True
        if _CUT_NUMBER.search(f"{former.text}\n{line.text}"):
            return True
        return not has_room(former, line, former.right)


def tables_together(pages: Sequence[list[Item]]) -> Sequence[list[Item]]:
    """The pages, what a table has on the next one joined to it."""
    table: Item | None = None
    for page in pages:
        if isinstance(table, TableBlock):
            while page and isinstance(first := page[0], Line) and table.takes(first):
                del page[0]
            if page and isinstance(first := page[0], TableBlock) and table.goes_on(first):
                table.add(first)
                del page[0]
        table = page[-1] if page else table
    return pages


def leads_to_pages(item: Item) -> bool:
    """Whether this is of a table of contents."""
    if isinstance(item, Line):
        return bool(_TO_PAGE.search(item.text))
    page_rows = sum(row[-1].isdigit() or bool(_TO_PAGE.search(row[-1])) for row in item.rows)
    return 2 * page_rows >= len(item.rows)
