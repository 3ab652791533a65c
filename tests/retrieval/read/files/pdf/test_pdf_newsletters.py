"""Newsletters in PDF: columns of text beside frames and tables, and cells with a colour."""

from __future__ import annotations

from collections.abc import Sequence

from support.files.pdf_files import Text, drawn, drawn_pdf
from support.files.read_file import read_bytes

Box = tuple[float, float, float, float]  # from the left, from the bottom, width, height
DAYS = [("Mon 4", "closed"), ("Tue 5", "Mass at 9 am"), ("Wed 6", "Choir at 7 pm")]
DAYS += [
    ("Thu 7", "Bible class"),
    ("Fri 8", "Youth club"),
    ("Sat 9", "Cleaning"),
    ("Sun 10", "Mass"),
]


def read(*drawings: bytes) -> list[str]:
    return str(read_bytes("x.pdf", drawn_pdf([b"".join(drawings)]))["text"]).split("\n\n")


def boxes(places: Sequence[Box], how: bytes = b"S") -> bytes:
    """Boxes, each drawn with a line (``S``) or filled (``f``)."""
    return b"".join(b"%g %g %g %g re %s\n" % (*place, how) for place in places)


def agenda(left: float, top: float, height: float = 30) -> bytes:
    """The days of a week: black cells with a box of the same black behind each line, and events."""
    cells: list[Box] = []
    lines: list[Text] = []
    for number, (day, event) in enumerate(DAYS):
        y = top - height * (number + 1)
        cells += [(left, y, 40, height), (left + 40, y, 160, height)]
        name, date = day.split()
        lines += [(left + 5, y + 18, name), (left + 5, y + 5, date), (left + 50, y + 12, event)]
    black = [(x, y, width, height) for x, y, width, height in cells if width == 40]
    inner: list[Box] = [(x + 2, y + half, 36, 13) for x, y, *_size in black for half in (2, 15)]
    return boxes(cells) + boxes(black + inner, b"f") + drawn(lines)


ROWS = [f"| {day} | {event} |" for day, event in DAYS]


def test_a_box_on_another_of_its_colour_is_no_line_of_a_table() -> None:
    assert read(agenda(50, 700))[0].split("\n") == ROWS


def test_a_frame_around_words_in_a_cell_is_no_column() -> None:
    frame = boxes([(92, 583, 30, 12)])
    assert read(agenda(50, 700), frame)[0].split("\n") == ROWS


def test_white_boxes_on_a_grey_one_are_cells() -> None:
    rows: list[Text] = [
        (60 + 100 * column, 690 - 20 * row, f"{row}{column} word")
        for row in range(3)
        for column in range(2)
    ]
    cells = [(50 + 100 * column, 685.0 - 20 * row, 98, 18) for row in range(3) for column in (0, 1)]
    text = read(
        b"0.6 g\n",
        boxes([(48, 640, 210, 70)], b"f"),
        b"1 g\n",
        boxes(cells, b"f"),
        b"0 g\n",
        drawn(rows),
    )
    assert text[0].startswith("| 00 word | 01 word |")


STORY = [
    "The chapel roof was mended in May by", "Hopper and Sons, who found two old",
    "coins between the beams and gave them", "to the museum. We thank all who gave",
    "money for the slates: there is enough", "left to paint the porch next spring if",
    "the weather is dry. Tea will be served", "after the service on each first Sunday",
    "of the month, and cakes are welcome at", "any time. Ask Jean for the key.",
]  # fmt: skip


def test_text_beside_a_table_or_short_lines_is_read_for_itself() -> None:
    story = drawn([(50, 700 - 14.0 * at, line) for at, line in enumerate(STORY)], size=11)
    table = read(story, agenda(340, 705))
    assert table[0].startswith("The chapel roof was mended in May by Hopper and Sons")
    assert table[0].endswith("Ask Jean for the key.")
    assert table[1].split("\n") == ROWS
    titles = [(340, 694, "Office"), (340, 646, "Cleaners"), (340, 598, "Flowers")]
    notices = [(360, 673, "Monday, 9 to 11"), (350, 625, "Ann, Rose and Peter"), (355, 577, "Mary")]
    notices += [*titles, (340, 560, "Keys")]
    short = read(story, drawn(notices))
    assert short[0] == table[0]
    assert "Monday, 9 to 11" in short
