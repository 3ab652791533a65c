"""Scanned pages are recognised where Tesseract is installed, and named where it is not."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
from support.files.pdf_files import drawn, drawn_pdf, scanned_pdf
from support.files.read_file import read_bytes
from support.sites.crawling import extractor

from chatbot_server.retrieval.read.extractor_child import answer
from chatbot_server.retrieval.read.files.pdf import ocr

ROWS = [
    ("Pitch", "Low season", "High season"),
    ("Tent", "12.00 EUR", "18.50 EUR"),
    ("Chalet for six", "80 EUR", "145 EUR"),
]
PRICES = (
    drawn([(50, 740, "Camping of the Pines")], "B", 22)
    + drawn([(50, 700, "Prices")], "B", 15)
    + b"".join(
        drawn([(x, 670 - 20 * at, text) for x, text in zip((50, 220, 350), row, strict=True)])
        for at, row in enumerate(ROWS)
    )
    + drawn([(50, 570, "Rules")], "B", 15)
    + drawn(
        [
            (50, 545, "Dogs are welcome on a lead, except in the main building and"),
            (50, 530, "the pool. You leave before 11 o'clock. Call 05 56 12 34 56."),
        ]
    )
)
TEXT = """# Camping of the Pines

## Prices

| Pitch | Low season | High season |
| --- | --- | --- |
| Tent | 12.00 EUR | 18.50 EUR |
| Chalet for six | 80 EUR | 145 EUR |

## Rules

Dogs are welcome on a lead, except in the main building and the pool. You leave before 11 o'clock. \
Call 05 56 12 34 56."""


def recognised(data: bytes) -> Any:
    request = {"kind": "scanned", "name": "x.pdf", "url": "file:x.pdf", "charset": ""}
    result = answer(request | {"data": base64.b64encode(data).decode()})
    while "progress" in result:
        result = answer({"kind": "more"})
    return result


def test_a_scan_is_read_with_its_headings_and_tables() -> None:
    data = scanned_pdf([PRICES, drawn([])])
    read: list[tuple[int, int]] = []
    extraction = extractor.read(
        data, "pdf", "x.pdf", "file:x.pdf", progress=lambda *pages: read.append(pages)
    )
    assert read == [(1, 2), (2, 2)]
    (draft,) = extraction.drafts
    assert draft.title == "Camping of the Pines"
    assert draft.text == TEXT
    assert extraction.notice == ""


def test_pages_that_are_too_many_to_recognise_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "MAX_PAGES", 1)
    pages = [drawn([(50, 700, text)], size=20) for text in ("First page.", "Second page.")]
    result = recognised(scanned_pdf(pages, 100))
    assert result["notice"] == "extract_cut_scans"
    assert "First page." in result["documents"][0]["text"]
    assert "Second" not in result["documents"][0]["text"]


@pytest.mark.parametrize(
    "program", ["exit 1", "exec sleep 20", "echo '<span class=ocr_line title=bbox>'"]
)
def test_a_tesseract_that_fails_leaves_a_scan_unread(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "tesseract"
    file.write_text(f"#!/bin/sh\n[ $1 = --list-langs ] || {program}\n")
    file.chmod(0o755)
    monkeypatch.setattr(ocr, "find_tesseract", lambda: str(file))
    monkeypatch.setattr(ocr, "PAGE_SECONDS", 0.3)
    data = scanned_pdf([drawn([(50, 700, "Hello")])], 50)
    assert recognised(data) in ({"error": "extract_scan"}, {"error": "extract_no_text"})


def test_without_tesseract_scanned_pages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "find_tesseract", lambda: None)
    scan = scanned_pdf([PRICES], 50)
    assert read_bytes("x.pdf", scan) == {"error": "extract_scan"}


def test_of_a_file_with_text_and_scans_the_text_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "find_tesseract", lambda: None)
    both, written = pypdfium2.PdfDocument.new(), io.BytesIO()
    text = drawn_pdf([drawn([(50, 700, "We open at nine, on Sundays at ten o'clock.")])])
    for part in (text, scanned_pdf([PRICES], 50)):
        both.import_pages(pypdfium2.PdfDocument(part))
    both.save(written)
    request = {
        "kind": "pdf",
        "name": "x.pdf",
        "data": base64.b64encode(written.getvalue()).decode(),
    }
    result = answer(request)
    assert result["notice"] == "extract_cut_scans"
    assert result["documents"][0]["text"] == "We open at nine, on Sundays at ten o'clock."
