"""What is filled into the form of a PDF is read where it stands."""

from __future__ import annotations

import pytest
from support.files.pdf_files import Text, drawn, pdf_of, stream
from support.files.read_file import read_bytes, read_office


def form(texts: list[Text], *fields: bytes, drawing: bytes = b"") -> str:
    """The text of a page with *texts* and a *drawing*, and with fields."""
    numbers = b" ".join(b"%d 0 R" % (6 + at) for at in range(len(fields)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[%s]>>>>" % numbers,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Annots[%s]"
        b"/Resources<</Font<</F 5 0 R>>>>>>" % numbers,
        stream(drawn(texts) + drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *fields,
    ]
    return read_bytes("x.pdf", pdf_of(objects))["text"]


def field(left: int, bottom: int, right: int, value: str, more: str = "", top: int = 0) -> bytes:
    """A field for text, as high as a line."""
    box = f"[{left} {bottom} {right} {top or bottom + 16}]"
    text = f"<</Type/Annot/Subtype/Widget/FT/Tx/T(f{left}{bottom})/V({value})/Rect{box}{more}>>"
    return text.encode()


def check(left: int, bottom: int, state: str) -> bytes:
    """A box that is checked in the *state* “Yes”."""
    box = f"[{left} {bottom} {left + 10} {bottom + 10}]/AP<</N<</Yes 5 0 R/Off 5 0 R>>>>"
    text = f"<</Type/Annot/Subtype/Widget/FT/Btn/T(c{left})/V/{state}/AS/{state}/Rect{box}>>"
    return text.encode()


def test_a_value_is_told_in_the_line_of_its_label() -> None:
    texts = [(50.0, 700.0, "Fee for adults"), (50.0, 680.0, "Fee for juniors")]
    fields = [field(200, 697, 300, "42 EUR"), field(200, 677, 300, "15 EUR")]
    assert form(texts, *fields) == "| Fee for adults | 42 EUR |\n| Fee for juniors | 15 EUR |"
    texts = [(50.0, 700.0, "Send it to"), (302.0, 700.0, "with your fee.")]
    # As programs put fields into a line of text: their lower edge on the line, or a bit above it.
    hanging = field(104, 702, 300, "3 Gaol Street")
    assert form(texts, hanging) == "Send it to 3 Gaol Street with your fee."


def test_a_value_below_its_label_is_told_with_it() -> None:
    texts = [(50.0, 700.0, "Town"), (250.0, 700.0, "Street")]
    fields = [field(50, 680, 200, "Derby"), field(250, 680, 400, "Gaol Street")]
    assert form(texts, *fields) == "Town : Derby — Street : Gaol Street"
    # The label before a field that went on the next line ends in a colon.
    texts = [(50.0, 700.0, "Fee:"), (300.0, 700.0, "reduced:")]
    fields = [field(80, 697, 200, "42 EUR"), field(50, 678, 200, "15 EUR")]
    assert form(texts, *fields) == "Fee: 42 EUR — reduced: 15 EUR"


def test_a_value_without_a_label_is_told_with_the_name_of_its_field() -> None:
    town = field(50, 600, 200, "Derby", "/TU(Town)")
    assert form([(50.0, 700.0, "Your booking")], town) == "Your booking\n\nTown : Derby"


@pytest.mark.parametrize(
    ("state", "text"), [("Yes", "I bring a dog. ✓"), ("Off", "I bring a dog.")]
)
def test_a_check_is_told_with_what_is_checked(state: str, text: str) -> None:
    assert form([(66.0, 700.0, "I bring a dog.")], check(50, 698, state)) == text


def test_lines_of_a_large_field_stay_lines() -> None:
    text = form([(50.0, 690.0, "Rules:")], field(90, 645, 300, "No dogs.\\n\\n No fires.", top=700))
    assert text == "Rules: No dogs.\n\nNo fires."


def test_fields_that_nobody_sees_and_passwords_are_not_read() -> None:
    hidden = field(90, 698, 200, "Derby", "/F 2")
    password = field(90, 678, 200, "hunter", "/Ff 8192")
    assert (
        form([(50.0, 700.0, "Town:"), (50.0, 680.0, "Key:")], hidden, password) == "Town:\n\nKey:"
    )


def test_frames_around_fields_are_no_table() -> None:
    texts = [(50.0, 725.0, "Send it to"), (50.0, 701.0, "Adults"), (50.0, 677.0, "Juniors")]
    sizes = [(120, 722, 400, "Gaol Street"), (200, 698, 300, "42 EUR"), (200, 674, 300, "")]
    fields = [field(*size) for size in sizes]
    frames = b"".join(
        b"%d %d %d 20 re S\n" % (left - 2, bottom - 2, right - left + 4)
        for left, bottom, right, _value in sizes
    )
    # So near to each other, they would touch as the lines of cells do.
    text = form(texts, *fields, drawing=frames)
    assert text == "Send it to — Gaol Street\n\nAdults — 42 EUR\n\nJuniors"


def test_cells_that_fields_fill_are_a_table() -> None:
    texts = [(50.0, 700.0, "Adults"), (50.0, 677.0, "Juniors"), (50.0, 654.0, "Name")]
    values = [(697, "42 EUR"), (674, "15 EUR"), (651, "")]
    fields = [field(201, bottom, 345, value, top=bottom + 17) for bottom, value in values]
    cells = b"".join(b"%d %d 150 23 re S\n" % (x, y) for x in (48, 198) for y in (694, 671, 648))
    text = form(texts, *fields, drawing=cells)
    assert text == "| Adults | 42 EUR |\n| Juniors | 15 EUR |\n| Name |  |"


def test_a_value_beside_its_label_stays_in_its_line_where_blanks_are_written() -> None:
    assert "Music must stop at 11.30 pm" in read_office("hall-form.pdf")["text"]
