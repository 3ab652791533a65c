"""Tables of PDF files that only gaps show, with rows of names above them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.files.pdf_files import drawn, drawn_pdf
from support.files.read_file import read_bytes

PLACES = (50, 170, 240, 310, 380, 450)
PRICES = [("Hall", "120 €", "180 €", "250 €", "390 €"), ("Barn", "40 €", "60 €", "75 €", "110 €")]
BODY = "| Hall | 120 € | 180 € | 250 € | 390 € |\n| Barn | 40 € | 60 € | 75 € | 110 € |"
RULE = "| --- | --- | --- | --- | --- |"


def row_at(
    y: float, cells: Sequence[str], places: Sequence[float] = PLACES
) -> list[tuple[float, float, str]]:
    """The *cells* of a row, those that are not empty."""
    return [(x, y, text) for x, text in zip(places, cells, strict=False) if text]


def read(head: bytes, rows: Sequence[Sequence[str]] = PRICES) -> str:
    body = [each for at, row in enumerate(rows) for each in row_at(640 - 20 * at, row)]
    return str(read_bytes("x.pdf", drawn_pdf([head + drawn(body)]))["text"])


WEEK = [(195.0, 680.0, "Weekdays"), (335.0, 680.0, "Weekend")]  # in the middle above two columns
ROOMS = ("Room", "Member", "Guest", "Member", "Guest")
NAMES = "| Room | Weekdays, Member | Weekdays, Guest | Weekend, Member | Weekend, Guest |"
NAMED = f"{NAMES}\n{RULE}\n{BODY}"


def test_names_above_several_columns_are_told_with_each_of_them() -> None:
    assert read(drawn([*WEEK, *row_at(660, ROOMS)])) == NAMED
    assert read(drawn([*WEEK, *row_at(660, ROOMS)], "B")) == NAMED
    top = [*WEEK, (50, 680, "Room"), *row_at(660, ("", *ROOMS[1:]))]
    assert read(drawn(top)) == NAMED
    left = row_at(680, ("", "Weekdays", "", "Weekend"))  # at the left edge of their columns
    assert read(drawn([*left, *row_at(660, ROOMS)])) == NAMED


def test_a_name_beside_all_rows_of_names_is_that_of_its_column_alone() -> None:
    head = [*WEEK, (50, 670, "Room"), (450, 670, "Seats")]
    head += row_at(660, ("", "Member", "Guest", "Member", "Guest"))
    text = read(drawn(head, "B"), [(*row, "200") for row in PRICES])
    assert text.startswith(f"{NAMES} Seats |")


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ([("", "1 hour", "Day", "Week", "Month")], "|  | 1 hour | Day | Week | Month |"),
        ([("", "Low", "High", "Low", "High"), ("", "(May)", "(July)", "(May)", "(July)")],
         "|  | Low, (May) | High, (July) | Low, (May) | High, (July) |"),
    ],
)  # fmt: skip
def test_names_beside_an_empty_corner_stand_above_their_columns(
    head: list[tuple[str, ...]], names: str
) -> None:
    lines = [each for at, row in enumerate(head) for each in row_at(660 + 15 * at, row[:])]
    if len(head) == 2:
        lines = [*row_at(675, head[0]), *row_at(660, head[1])]
    assert read(drawn(lines)) == f"{names}\n{RULE}\n{BODY}"


def test_a_shorter_row_of_values_names_no_columns() -> None:
    hours = [("Saturday", "9–12"), ("Tuesday", "9–12", "14–18"), ("Friday", "9–12", "14–18")]
    assert "---" not in read(b"", hours)
    assert "---" not in read(drawn(row_at(660, ("Monday", "closed"))), hours[1:])


def test_a_heading_in_larger_letters_ends_a_table_and_dots_lead_to_no_price() -> None:
    head = drawn(row_at(720, ("Soup........", "6 €"))) + drawn(row_at(700, ("Salad", "....7 €")))
    head += drawn([(50, 670, "Main courses")], size=16)
    assert read(head, [("Trout......", "19 €"), ("Stew......", "15 €")]).split("\n\n") == [
        "| Soup | 6 € |\n| Salad | 7 € |",
        "# Main courses",
        "| Trout | 19 € |\n| Stew | 15 € |",
    ]


def test_items_whose_bullets_stand_apart_are_no_table_and_stay_whole() -> None:
    first = (160, 700, "Bring a cap, a towel and a coin of one pound for the")
    second = (160, 672, "Rinse before you swim.")
    items = [(50, 700, "•"), first, (50, 686, "locker by the door."), (50, 672, "•"), second]
    page = drawn_pdf([drawn(items)])
    assert read_bytes("x.pdf", page)["text"].split("\n") == [
        "- Bring a cap, a towel and a coin of one pound for the locker by the door.",
        "- Rinse before you swim.",
    ]


def test_a_line_with_gaps_above_rows_that_have_none_there_is_no_table() -> None:
    lines = [(50, 700, "We tell of it with the attribute"), (260, 700, "role"), (310, 700, ":")]
    lines += [
        (50, 686, "main:"),
        (110, 686, "the content"),
        (50, 672, "menu:"),
        (110, 672, "links"),
    ]
    text = read_bytes("x.pdf", drawn_pdf([drawn(lines)]))["text"]
    assert "| main: | the content |\n| menu: | links |" in text
    assert "| We tell" not in text


def test_names_at_the_left_of_columns_whose_numbers_stand_at_the_right_are_theirs() -> None:
    head = [(50, 680, "Pitch"), (130, 680, "July"), (250, 680, "August")]
    head += [(x, 660, text) for x, text in zip((130, 190, 250, 310), ROOMS[1:], strict=True)]
    numbers = [(50, 640, "Tent"), (50, 620, "Caravan")]
    numbers += [(x, y, str(y + x)) for y in (640, 620) for x in (170, 230, 290, 350)]
    text = read_bytes("x.pdf", drawn_pdf([drawn([*head, *numbers])]))["text"]
    assert "| Tent | 810 | 870 | 930 | 990 |" in text
    assert text.startswith(
        "| Pitch | July, Member | July, Guest | August, Member | August, Guest |"
    )


def test_a_first_row_that_fills_its_cells_is_one_of_the_table() -> None:
    hours = [(50, 700, "Tuesday and Wednesday"), (181, 700, "10 am"), (50, 680, "Saturday")]
    hours += [(181, 680, "10 am"), (50, 660, "Sunday"), (181, 660, "1 pm")]
    text = read_bytes("x.pdf", drawn_pdf([drawn(hours)]))["text"]
    assert text == "| Tuesday and Wednesday | 10 am |\n| Saturday | 10 am |\n| Sunday | 1 pm |"
    rules = [(50, 700, "4."), (60, 700, "Dogs and cats"), (50, 680, "4.1"), (72, 680, "On a lead.")]
    text = read_bytes("x.pdf", drawn_pdf([drawn(rules)]))["text"]
    assert "| 4. |" not in text


MEALS = [
    ("", "Monday", "Tuesday", "Thursday"),
    ("Starter", "Grated carrots", "Green salad", "Beetroot"),
    ("Main", "Roast chicken with rice", "Vegetable lasagne", "Fish and spinach"),
    ("Cheese", "Plain yoghurt", "Mature cheddar", "Cream cheese"),
    ("Dessert", "A fresh apple", "Stewed fruit", "Chocolate cake"),
]
CLASSES = [
    ("Class", "Age", "Day", "Fee"),
    ("Little judo", "five to six", "Wednesday and Friday", "150 €"),
    ("Junior judo", "seven to ten", "Tuesday and Saturday", "180 €"),
    ("Gentle gym", "seniors", "Monday", "165 €"),
    ("Yoga", "adults", "Thursday", "210 €"),
]


@pytest.mark.parametrize("table", [MEALS, CLASSES])
def test_a_table_full_of_words_is_no_text_in_columns(table: Sequence[Sequence[str]]) -> None:
    places = (50, 135, 275, 420)
    head = drawn(row_at(680, table[0], places), "B")
    body = [each for at, row in enumerate(table[1:]) for each in row_at(660 - 20 * at, row, places)]
    text = str(read_bytes("x.pdf", drawn_pdf([head + drawn(body)]))["text"])
    assert [line for line in text.split("\n") if "---" not in line] == [
        f"| {' | '.join(row)} |" for row in table
    ]
