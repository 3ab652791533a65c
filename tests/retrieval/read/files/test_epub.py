"""Books are read chapter by chapter, in the order of reading."""

from __future__ import annotations

import pytest
from lxml import etree  # type: ignore[import-untyped]
from support.files.office_files import epub, zipped
from support.files.read_file import OFFICE, read_bytes, read_office

from chatbot_server.retrieval.read.files.office.epub import lacks_heads, read_epub

HOURS = "<h1>Opening hours</h1><table><tr><th>Day</th><th>Hours</th></tr>"
HOURS += "<tr><td>Monday</td><td>9 to 5</td></tr></table>"


def test_chapters_are_pages_in_their_order() -> None:
    document = read_bytes(
        "guide.epub",
        epub({"b one.xhtml": "<h1>Welcome</h1><p>To the house of bread.</p>", "a.xhtml": HOURS}),
    )
    assert document == {
        "title": "The house guide",
        "text": "# Welcome\n\nTo the house of bread.\n\n# Opening hours\n\n"
        "| Day | Hours |\n| --- | --- |\n| Monday | 9 to 5 |",
    }


def test_a_book_whose_headings_are_only_larger_or_bold_keeps_them() -> None:
    document = read_office("nautique.epub")
    headings = [line for line in document["text"].split("\n") if line.startswith("#")]
    assert document["title"] == "Base nautique de Vaubrun — tarifs et règlement 2026"
    assert headings[:2] == [f"# {document['title']}", "## Hébergements (prix par nuit)"]
    assert headings[-3:] == ["### Feux et barbecues", "### Vélos et voitures", "## Contact"]
    assert len(headings) == 15


def test_a_book_of_a_program_that_leaves_out_the_names_of_columns_says_so() -> None:
    book = (OFFICE / "nautique.epub").read_bytes()
    assert read_epub(book, "nautique.epub")["notice"] == "extract_no_heads"
    assert read_epub(epub({"a.xhtml": HOURS}), "a.epub")["notice"] == ""


@pytest.mark.parametrize(
    ("table", "is_told"),
    [
        ("| Tent | 9 | 12 |\n| Van | 14 | 19 |", True),
        ("| Stay | Low | High |\n| --- | --- | --- |\n| Tent | 9 | 12 |", False),
        ("| Breakfast | 9 |\n| Lunch | 14 |", False),
    ],
)
def test_a_book_whose_tables_have_their_names_is_not_said_to_lack_them(
    table: str, is_told: bool
) -> None:
    book = etree.fromstring('<package><meta content="libepubgen/0.1.1"/></package>')
    assert lacks_heads(book, f"# Prices\n\n{table}\n\nTax comes on top.") == is_told


def test_the_table_of_contents_is_no_chapter() -> None:
    book = epub({"nav.xhtml": "<p>Contents</p>", "a.xhtml": HOURS})
    assert "Contents" not in read_bytes("guide.epub", book)["text"]


def test_a_book_with_protected_chapters_says_so_and_one_with_protected_fonts_is_read() -> None:
    for part, is_read in (("OEBPS/a.xhtml", False), ("OEBPS/font.otf", True)):
        encryption = f'<e><CipherReference URI="{part}"/></e>'
        result = read_bytes("x.epub", epub({"a.xhtml": HOURS}, encryption))
        assert ("text" in result) == is_read
        assert is_read or result == {"error": "extract_encrypted"}


def test_what_is_no_book_is_refused() -> None:
    assert read_bytes("x.epub", zipped({"mimetype": "a"})) == {"error": "extract_other_kind"}
    assert read_bytes("x.epub", epub({"a.xhtml": ""})) == {"error": "extract_no_text"}
