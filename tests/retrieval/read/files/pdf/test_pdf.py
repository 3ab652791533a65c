"""PDF files are read as a person reads them, whatever program made them."""

from __future__ import annotations

import pytest
from support.files.office_files import docx_of
from support.files.pdf_files import drawn, drawn_pdf, pdf_of, stream
from support.files.read_file import read_bytes, read_office

from chatbot_server.retrieval.read.files.pdf import ocr
from chatbot_server.retrieval.read.files.pdf.document import running_lines
from chatbot_server.retrieval.read.files.pdf.page.pieces import PdfPage, Piece

HOURS = "Horaires de l’accueil"
PROSE = "Our house lies at the end of the lane"


def read(*pages: bytes, rotate: int = 0) -> str:
    return read_bytes("x.pdf", drawn_pdf(pages, rotate))["text"]


def sections(name: str) -> list[str]:
    """The blocks of a real file from its first heading on, without its notes and boxes."""
    text = read_office(name)["text"]
    blocks = text[text.index("# Camping") :].split("\n\n")
    aside = ("saison 2026", "Taxe", "urgence")
    return [block for block in blocks if not any(words in block for words in aside)]


@pytest.mark.parametrize("name", ["camping.pdf", "camping-two.pdf", "camping-chromium.pdf"])
def test_what_real_programs_print_reads_like_what_was_typed(name: str) -> None:
    blocks = sections(name)
    if name == "camping-two.pdf":
        assert "12 chemin des Pins" in blocks.pop()  # one page: no telling that it is a footer
    assert blocks == sections("camping.docx")
    assert "Taxe de séjour de 0,60 € par adulte en plus." in read_office(name)["text"]


def test_lines_become_sentences_and_hyphens_go() -> None:
    lines = [
        (50, 700, "You can cancel free of charge until seven days before your arri-"),
        (50, 686, "val. After that we keep the first night, unless some other guest"),
        (50, 672, "takes the room."),
        (50, 640, "Breakfast is at eight."),
    ]
    assert read(drawn(lines)) == (
        "You can cancel free of charge until seven days before your arrival. After that we keep"
        " the first night, unless some other guest takes the room.\n\nBreakfast is at eight."
    )


def test_what_is_larger_or_bold_is_a_heading() -> None:
    page = drawn([(50, 750, "Our house")], size=20) + drawn([(50, 700, "Dogs")], font="B")
    page += drawn([(50, 680, "Dogs are welcome in the garden and in the annexe.")])
    page += drawn([(50, 640, "No dog sleeps in a bed.")], font="B")
    assert read(page).split("\n\n") == [
        "# Our house",
        "## Dogs",
        "Dogs are welcome in the garden and in the annexe.",
        "No dog sleeps in a bed.",
    ]


def test_columns_are_read_one_after_the_other() -> None:
    left = [(50, 700 - 14 * at, f"{PROSE}, left {at}") for at in range(5)]
    right = [(320, 700 - 14 * at, f"{PROSE}, right {at}") for at in range(5)]
    lines = [line for pair in zip(left, right, strict=True) for line in pair]
    words = read(drawn(lines)).replace("\n\n", " ").replace(PROSE, "").replace(", ", "").split()
    assert words == [*["left", "right"][:1], "0"] + [
        word for at in range(1, 5) for word in ("left", str(at))
    ] + [word for at in range(5) for word in ("right", str(at))]


def test_short_columns_below_a_title_are_read_one_after_the_other() -> None:
    words = [
        (60, 630, "Please book at the town hall three weeks before the"),
        (60, 617, "date. A deposit of 500 is asked for when you sign"),
        (60, 604, "the contract."),
        (350, 604, "Music ends at one. Keys come back the next"),
        (350, 591, "day before ten."),
        (350, 565, "1. Sweep the floor."),
    ]
    words += [
        (350, 656, "are kept, save in an emergency of any kind."),
        (60, 565, "Free of charge."),
    ]
    titles = [(60, 654, "Booking"), (60, 580, "To cancel"), (350, 630, "Hours")]
    below = drawn([(60, 500, "Boats")], "B", 14)
    page = drawn([(60, 690, "Our rules")], "B", 14) + drawn(words) + drawn(titles, "B") + below
    text = read(page)
    assert "A deposit of 500 is asked for when you sign the contract." in text
    assert "Music ends at one. Keys come back the next day before ten." in text
    assert text.index("Free of charge") < text.index("are kept") < text.index("Boats")


def test_columns_with_tables_are_read_one_after_the_other() -> None:
    text = read_office("nautique-two.pdf")["text"]
    headings = [line.lstrip("# ") for line in text.split("\n") if line.startswith("#")]
    assert headings[2:6] == ["Location de matériel", "Cours et stages", "Suppléments", HOURS]
    assert "Entre trente et huit jours, l’acompte de 30 % reste acquis. À moins de" in text


def test_a_table_without_lines_keeps_row_and_column() -> None:
    rows = [("Room", "Winter", "Summer"), ("Single", "50 ", "70 "), ("Double", "80 ", "")]
    places = (50, 200, 300)
    texts = [
        (x, 700 - 20 * at, text)
        for at, row in enumerate(rows)
        for x, text in zip(places, row, strict=True)
        if text
    ]
    assert read(drawn(texts)).split("\n") == [
        "| Room | Winter | Summer |",
        "| --- | --- | --- |",
        "| Single | 50 | 70 |",
        "| Double | 80 |  |",
    ]


def test_a_table_with_drawn_lines_keeps_merged_cells() -> None:
    lines = b"".join(
        b"%d %d m %d %d l S\n" % line
        for line in [
            *((50, y, 350, y) for y in (700, 680, 660, 640)),
            *((x, 640, x, 700) for x in (50, 150, 350)),
            (250, 660, 250, 700),
        ]
    )
    texts = [(55, 685, "Room"), (155, 685, "Winter"), (255, 685, "Summer")]
    texts += [(55, 665, "Single"), (155, 665, "50 euros"), (255, 665, "70 euros")]
    texts += [(55, 645, "Barn"), (155, 645, "closed until 2030")]
    assert read(lines + drawn(texts)).split("\n") == [
        "| Room | Winter | Summer |",
        "| --- | --- | --- |",
        "| Single | 50 euros | 70 euros |",
        "| Barn | closed until 2030 | closed until 2030 |",
    ]


def test_dots_that_lead_to_a_price_part_it_from_its_name() -> None:
    assert read(drawn([(50, 700, "Tea ............ 2 euros")])) == "Tea — 2 euros"


def test_what_dots_lead_to_ends_its_line() -> None:
    names = ("Old tomatoes, cold soup of the house", "Potted mackerel with lemon and bread")
    dishes = [
        (50, 700 - 12 * at, f"{name} ............ {price} euros")
        for at, (name, price) in enumerate(zip(names, (8, 7), strict=True))
    ]
    assert read(drawn(dishes)).split("\n\n") == [
        "Old tomatoes, cold soup of the house — 8 euros",
        "Potted mackerel with lemon and bread — 7 euros",
    ]


def test_the_letter_of_a_note_stays_with_it() -> None:
    lines = [
        (50, 700, "Buses leave at 8:05 (a) and at noon."),
        (50, 670, "(a) not in the holidays"),
    ]
    assert read(drawn(lines)).endswith("- (a) not in the holidays")


def test_a_turned_page_is_read_along_its_lines() -> None:
    lines = [(100, 50, "You can cancel free of charge until seven days before you"),
             (114, 50, "arrive.")]  # fmt: skip
    assert read(drawn(lines, turned=True), rotate=90) == (
        "You can cancel free of charge until seven days before you arrive."
    )


def test_what_stands_on_every_page_is_read_once_and_its_number_never() -> None:
    pages = [
        drawn([(50, 780, "Mill Lane 12, Derby"), (280, 20, f"Page {at} of 3")])
        + drawn([(50, 400, f"{PROSE} of number {at}.")])
        for at in (1, 2, 3)
    ]
    assert read(*pages).split("\n\n") == [
        "Mill Lane 12, Derby",
        *(f"{PROSE} of number {at}." for at in (1, 2, 3)),
    ]


def test_a_sentence_goes_on_over_the_end_of_a_page() -> None:
    pages = drawn([(50, 300, "The house is open from the first")]), drawn([(50, 600, "of May.")])
    assert read(*pages) == "The house is open from the first of May."


def test_a_table_of_contents_is_no_text() -> None:
    page = drawn([(50, 700, "Contents")], size=16)
    page += drawn([(50, 670, "1 Dogs ........... 2"), (50, 655, "2 Cats ........... 3")])
    page += drawn([(50, 600, "Dogs are welcome.")])
    assert read(page) == "Dogs are welcome."


def test_a_scan_is_called_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "find_tesseract", lambda: None)
    picture = (
        b"/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray"
    )
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page + b"/Resources<</XObject<</P 5 0 R>>>>>>",
        stream(b"600 0 0 800 0 0 cm /P Do"),
        stream(b"\x80", picture),
    ]
    assert read_bytes("x.pdf", pdf_of(objects)) == {"error": "extract_scan"}


def test_an_old_or_locked_office_file_is_called_so() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    assert read_bytes("x.docx", ole) == {"error": "extract_old"}
    locked = ole + "EncryptedPackage".encode("utf-16-le")
    assert read_bytes("x.docx", locked) == {"error": "extract_encrypted"}
    assert read_bytes("x.docx", docx_of("<w:p/>")) == {"error": "extract_no_text"}


def page_with(*lines: str) -> tuple[PdfPage, list[list[Piece]]]:
    """A page with *lines* at its top."""
    rows = [[Piece(line, 0, 90, 20.0 * y, 10, is_bold=False)] for y, line in enumerate(lines)]
    return PdfPage(height=800.0), rows


def test_a_price_at_the_top_of_each_page_is_no_header() -> None:
    pages = [page_with(f"Room {at} – 8{at} €", f"The Mill – page {at}/3") for at in (1, 2, 3)]
    assert list(running_lines(pages)) == ["The Mill – page #/#"]
    pages = [page_with("From 80 €", f"The Mill – page {at}/3") for at in (1, 2, 3)]
    assert list(running_lines(pages)) == ["From # €", "The Mill – page #/#"]
