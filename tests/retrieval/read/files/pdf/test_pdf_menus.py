"""Menus and price lists in PDF: dishes in two columns, descriptions, prices in the middle."""

from __future__ import annotations

from support.files.pdf_files import Text, drawn, drawn_pdf
from support.files.read_file import read_bytes

LEFT = [("Leek and potato soup", "5.50", "with soda bread"), ("Pike", "7.20", "horseradish, toast")]
LEFT += [("Beetroot salad", "6.80", "walnuts, cheese")]
RIGHT = [("Fish and chips", "13.50", "with peas"), ("Ale pie", "14.75", "mash, greens")]
RIGHT += [("Risotto", "12.90", "vegan on request")]


def read(*drawings: bytes) -> str:
    return str(read_bytes("x.pdf", drawn_pdf([b"".join(drawings)]))["text"])


def dishes(
    x: float, y: float, price: float, menu: list[tuple[str, str, str]], below: float
) -> bytes:
    """A column of dishes from *x* to *price*, each above what it is made of."""
    names: list[Text] = []
    notes: list[Text] = []
    for number, (name, cost, note) in enumerate(menu):
        names += [(x, y - 27 * number, name), (price, y - 27 * number, cost)]
        notes += [(x, y - 27 * number - below, note)]
    return drawn(names) + drawn(notes, size=9)


def test_two_columns_of_dishes_are_read_one_after_the_other_however_near_they_are() -> None:
    titles = drawn([(50, 720, "Starters")], "B", 16) + drawn([(303, 733, "Mains")], "B", 16)
    text = read(titles, dishes(50, 690, 275, LEFT, 11), dishes(303, 705, 500, RIGHT, 13))
    assert text == (
        "# Starters\n\n| Leek and potato soup, with soda bread | 5.50 |"
        "\n| Pike, horseradish, toast | 7.20 |"
        "\n| Beetroot salad, walnuts, cheese | 6.80 |\n\n# Mains"
        "\n\n| Fish and chips, with peas | 13.50 |\n| Ale pie, mash, greens | 14.75 |"
        "\n| Risotto, vegan on request | 12.90 |"
    )


def test_rows_of_two_names_and_two_prices_stay_rows() -> None:
    rows = [("Room one", "60", "Breakfast", "9"), ("Room two", "70", "Dinner", "24")]
    rows += [("Room three", "80", "Lunch", "18"), ("Room four", "90", "Picnic", "12")]
    places = (50, 200, 303, 500)
    drawing = [
        (x, 700.0 - 20 * at, text)
        for at, row in enumerate(rows)
        for x, text in zip(places, row, strict=True)
    ]
    assert "| Room one | 60 | Breakfast | 9 |" in read(drawn(drawing))


def test_a_cell_in_the_middle_beside_two_lines_is_of_the_first() -> None:
    drawing: list[Text] = []
    for y, day, hours in ((700, "Monday", "9–12"), (670, "Tuesday", "10–12")):
        drawing += [(50, y - 6, day), (150, y, hours), (150, y - 12, "14–18"), (250, y - 6, "Ann")]
    drawing += [(50, 640, "Friday"), (150, 640, "closed"), (250, 640, "Paul")]
    text = read(drawn(drawing))
    assert text.split("\n") == [
        "| Monday | 9–12 14–18 | Ann |",
        "| Tuesday | 10–12 14–18 | Ann |",
        "| Friday | closed | Paul |",
    ]


def test_a_cell_in_the_middle_beside_three_lines_is_of_the_first() -> None:
    lines = [
        (50.0, 700.0, "Pottery for families"),
        (50.0, 687.0, "with children of six"),
        (50.0, 674.0, "years or more"),
    ]
    lines += [(250.0, 687.0, "90 €"), (50.0, 650.0, "Drawing"), (250.0, 650.0, "60 €")]
    lines += [(50.0, 626.0, "Weaving"), (250.0, 626.0, "70 €")]
    assert read(drawn(lines)).split("\n") == [
        "| Pottery for families with children of six years or more | 90 € |",
        "| Drawing | 60 € |",
        "| Weaving | 70 € |",
    ]
    # Lines that are as far from each other as from the next dish: the first one heads them.
    rows = [(50.0, 700.0, "Drinks"), (50.0, 687.0, "Tea"), (250.0, 687.0, "2 €")]
    rows += [(50.0, 674.0, "with lemon"), (50.0, 661.0, "Milk"), (250.0, 661.0, "3 €")]
    assert "| Tea, with lemon | 2 € |" in read(drawn(rows))


def test_headings_between_tables_alone_are_headings() -> None:
    tables = [
        (50.0, 700.0, "Tea"),
        (250.0, 700.0, "2 €"),
        (50.0, 680.0, "Milk"),
        (250.0, 680.0, "3 €"),
    ]
    text = read(drawn([(50.0, 740.0, "Drinks")], size=18), drawn(tables))
    assert text == "# Drinks\n\n| Tea | 2 € |\n| Milk | 3 € |"
