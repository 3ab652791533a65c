"""The text of scanned pages, by Tesseract where the machine has it; it is no part of this program.

What it recognises becomes pieces at their places, like the text of any PDF: the same code makes
headings, columns and tables of them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import Any

from chatbot_server.retrieval.read.files.pdf.page.pieces import COLUMN_GAP, PdfPage, Piece

# ISO 639-2, as its data files are called; all are tried at once, so more of them make it slow.
LANGUAGES = ("fra", "eng", "deu", "spa", "ita", "por", "nld")
MAX_LANGUAGES = 3
DOTS_PER_INCH = 250
MAX_PIXELS = 12_000_000
MAX_OUTPUT = 5_000_000
MAX_PAGES = 100
PAGE_SECONDS = 60.0
# Of all pages of a file; a page of dense text takes two to five seconds of a core.
SECONDS = 240.0
# Of a hundred; below it, Tesseract has taken a stain or a picture for letters.
LEAST_CONFIDENCE = 40.0
SAME_SIZE = 1.1
_BOX = re.compile(r"bbox (\d+) (\d+) (\d+) (\d+)")
_BASELINE = re.compile(r"baseline (-?[\d.]+) (-?[\d.]+)")
_SIZE = re.compile(r"x_size ([\d.]+)")
_CONFIDENCE = re.compile(r"x_wconf (\d+)")


def find_tesseract() -> str | None:
    """The program, if it is on this machine."""
    return shutil.which("tesseract")


class Recogniser:
    """Recognises the pages of one file, as long as its time lasts."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._languages = "+".join(languages(program))
        self._deadline = time.monotonic() + SECONDS
        self._pages_left = MAX_PAGES

    @property
    def is_over(self) -> bool:
        """Whether no further page is recognised."""
        return self._pages_left <= 0 or time.monotonic() >= self._deadline

    def read(self, page: Any) -> PdfPage | None:
        """What stands on a scanned *page* of ``pypdfium2``; None: that was not to be found out."""
        if self.is_over:
            return None
        self._pages_left -= 1
        width, height = page.get_size()
        scale = min(DOTS_PER_INCH / 72, (MAX_PIXELS / max(1.0, width * height)) ** 0.5)
        bitmap = page.render(scale=scale, grayscale=True)
        rows = memoryview(bitmap.buffer).cast("B")
        picture = b"".join(
            rows[at * bitmap.stride : at * bitmap.stride + bitmap.width]
            for at in range(bitmap.height)
        )
        head = b"P5 %d %d 255\n" % (bitmap.width, bitmap.height)
        bitmap.close()
        output = self._recognise(head + picture, round(72 * scale))
        if output is None:
            return None
        pieces = list(_pieces(output, scale))
        even_out_sizes(pieces)
        return PdfPage(pieces, top_edge=0.0, height=max(1.0, height), has_picture=True)

    def _recognise(self, picture: bytes, resolution: int) -> bytes | None:
        seconds = min(PAGE_SECONDS, self._deadline - time.monotonic())
        language = ["-l", self._languages] if self._languages else []
        try:
            process = subprocess.run(
                [self._program, "-", "-", *language, "--dpi", str(resolution), "hocr"],
                input=picture,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
                timeout=max(0.1, seconds),
                preexec_fn=lambda: os.nice(10),  # visitors come first
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        is_good = process.returncode == 0 and len(process.stdout) <= MAX_OUTPUT
        return process.stdout if is_good else None


def languages(program: str) -> list[str]:
    """Those of :data:`LANGUAGES` that Tesseract has data for, a few at most."""
    try:
        process = subprocess.run(
            [program, "--list-langs"], capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    names = process.stdout.decode("utf-8", "replace").split()
    return [language for language in LANGUAGES if language in names][:MAX_LANGUAGES]


def _pieces(output: bytes, scale: float) -> Iterator[Piece]:
    """The pieces of a page in Tesseract's hOCR, at *scale* pixels a point."""
    from lxml import html  # type: ignore[import-untyped]

    parser = html.HTMLParser(encoding="utf-8", huge_tree=False)
    tree = html.document_fromstring(output, parser=parser)
    for line in tree.xpath(
        "//*[@class='ocr_line' or @class='ocr_header' or @class='ocr_caption'"
        " or @class='ocr_textfloat']"
    ):
        title = line.get("title") or ""
        box, baseline, size = _BOX.search(title), _BASELINE.search(title), _SIZE.search(title)
        if box is None or size is None:
            continue
        rise = float(baseline[2]) if baseline else 0.0
        y, height = (float(box[4]) + rise) / scale, float(size[1]) / scale
        piece: Piece | None = None
        for text, start, end in _words(line):
            x0, x1 = start / scale, end / scale
            if piece and x0 - piece.x1 < COLUMN_GAP * height:
                piece.text, piece.x1 = f"{piece.text} {text}", x1
                continue
            if piece:
                yield piece
            piece = Piece(text, x0, x1, y, height, is_bold=False)
        if piece:
            yield piece


def even_out_sizes(pieces: list[Piece]) -> None:
    """Give the same size to what differs by less than letters of one font do when measured."""
    size = 0.0
    for piece in sorted(pieces, key=lambda piece: piece.size):
        if piece.size > SAME_SIZE * size:
            size = piece.size
        piece.size = round(size)


def _words(line: Any) -> Iterator[tuple[str, int, int]]:
    """The words of a line with their left and right."""
    for word in line.iter("span"):
        title = word.get("title") or ""
        box, confidence = _BOX.search(title), _CONFIDENCE.search(title)
        text = " ".join("".join(word.itertext()).split())
        if box and confidence and text and float(confidence[1]) >= LEAST_CONFIDENCE:
            yield text, int(box[1]), int(box[3])
