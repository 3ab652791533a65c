"""Rows of tables are told with their headings."""

from __future__ import annotations

import pytest
from support.files.read_page import text_of

from chatbot_server.retrieval.language.facts import spelled_number
from chatbot_server.retrieval.language.tables import in_sentences, markdown_table
from chatbot_server.retrieval.read.files.writer import table_blocks

TABLE = "Before.\n| Day | From | To |\n|---|:--|--:|\n| Monday | 9 am | |\n| Sunday | | |\nAfter."

POOLS = """| Pool | Hours | Rules | Price |
|---|---|---|---|
| Small | 9–12 | Caps, e.g. of silk, are worn. No food! Dogs stay out. | 2 € |"""
TOLD_OF_POOLS = """- Small — Hours: 9–12
- Small — Rules: Caps, e.g. of silk, are worn.
- Small — Rules: No food!
- Small — Rules: Dogs stay out.
- Small — Price: 2 €"""
BUSES = """| Stop | weekdays | weekdays | weekdays | Saturdays |
|---|---|---|---|---|
| Station | 6:42 | 7:15 | – | 8:00 |"""
NEW_LINE = "\n"
XS, YS = " ".join(60 * "x"), " ".join(60 * "y")


def test_each_row_is_told_with_its_headings() -> None:
    assert in_sentences(TABLE).split("\n") == [
        "Before.",
        "- Monday — From: 9 am",
        "- Sunday",
        "After.",
    ]


def test_french_has_a_blank_before_its_colons() -> None:
    assert "Monday — From\u00a0: 9 am" in in_sentences(TABLE, "fr")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("| A | B |\n| C | D |", "- A — B\n- C — D"),  # no headings
        ("|  | Price |\n|---|---|\n| Tea | 2 € | hot | |", "- Tea — Price: 2 €; hot"),
        ("| A |\n|---|", ""),
        (POOLS, TOLD_OF_POOLS),
        (f"{POOLS}\n{POOLS.split(NEW_LINE)[2]}", TOLD_OF_POOLS),  # a cell that spans two rows
        (BUSES, "- Station — weekdays: 6:42, 7:15; Saturdays: 8:00"),
        (f"| A | {XS} | {YS} |", f"- A — {XS}\n- A — {YS}"),
        ("| Bun | Price | Size |\n|---|---|---|\n| Rye | 2 € | - |", "- Rye — Price: 2 €"),
        ("| Bun | Price | Size |\n|---|---|---|\n| Rye | – | 9–12 cm |", "- Rye — Size: 9–12 cm"),
        ("|", "|"),
        ("no | table", "no | table"),
        ("", ""),
    ],
)
def test_odd_tables_lose_nothing(rows: str, told: str) -> None:
    assert in_sentences(rows) == told


def test_a_grid_of_cells_is_told_row_by_row() -> None:
    grid = [
        ["", "Low season", "Low season", "High season"],
        ["Cabin", "2 nights", "a week", "a week"],
        ["With a lake view"] * 4,
        ["For 4", "80 €", "400 €", "700 €"],
        ["For 6", "closed", "closed", "a|b\n c"],
        ["", "", "", ""],
        ["Tents", "12 €"],
    ]
    assert in_sentences("\n".join(markdown_table(grid, 2))).split("\n") == [
        (
            "- With a lake view › For 4 — Low season, 2 nights: 80 €; Low season, a week: 400 €;"
            " High season, a week: 700 €"
        ),
        (
            "- With a lake view › For 6 — Low season, 2 nights: closed; Low season, a week: closed;"
            r" High season, a week: a\|b c"
        ),
        "- With a lake view › Tents — Low season, 2 nights: 12 €",
    ]
    assert in_sentences("\n".join(markdown_table([["Monday", "9"], ["1", "1"]]))) == (
        "- Monday — 9\n- 1 — 1"
    )
    assert markdown_table([]) == []


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("trente-cinq", 35),
        ("quatre-vingt-dix-sept", 97),
        ("vingt-et-un", 21),
        ("deux-cents", 200),
        ("thirty-five", 35),
        ("dozens", 12),
        ("centaine", 100),
        ("rendez-vous", None),
        ("un", None),
        ("", None),
    ],
)
def test_numbers_in_words_are_numbers(word: str, number: int | None) -> None:
    assert spelled_number(word) == number


def test_what_stands_across_below_a_table_is_kept() -> None:
    rows = [["Pitch", "Low", "High"], ["Tent", "9 €", "12 €"]]
    rows += [[text] * 3 for text in ("Chalets", "Sheets are extra.", "Huts")]
    rows += [
        ["For two", "40 €", "55 €"],
        *([text] * 3 for text in ("No cheques.", "VAT is in it.")),
    ]
    assert in_sentences("\n".join(markdown_table(rows, 1))).split("\n") == [
        "- Tent — Low: 9 €; High: 12 €",
        "- Chalets",
        "- Sheets are extra.",
        "- Huts › For two — Low: 40 €; High: 55 €",
        "- No cheques.",
        "- VAT is in it.",
    ]
    blocks = table_blocks(rows, None)
    assert [kind for kind, _ in blocks] == ["table", "paragraph", "paragraph"]
    assert [text for _, text in blocks[1:]] == ["No cheques.", "VAT is in it."]


def test_lines_in_a_cell_are_parted_as_sentences_and_words_are() -> None:
    cell = "Bring towels\nShoes stay\noutside.\nNo dogs"
    rows = [["Pool", "Rules"], ["Small", cell], ["Big", "none"]]
    ((_kind, table),) = table_blocks(rows, 1)
    assert "| Small | Bring towels, Shoes stay outside. No dogs |" in table


def rows_of_boxes(*rows: str) -> str:
    """Rows of cells, parted by bars, as Bootstrap has them."""
    cells = ("".join(f'<div class="col">{cell}</div>' for cell in row.split("|")) for row in rows)
    return "".join(f'<div class="row">{each}</div>' for each in cells)


HIRE = rows_of_boxes("<b></b>|<b>1 hour</b>|<b>Day</b>", "Kayak|£12|£35", "Canoe|£20|£55")
HIRE_TEXT = "|  | 1 hour | Day |\n| --- | --- | --- |\n| Kayak | £12 | £35 |\n| Canoe | £20 | £55 |"
GRID = "".join(
    f'<div class="cell">{cell}</div>' for cell in ("7:00", "Yin", "—", "9:00", "—", "Flow")
)
HEADS = "".join(f'<div class="cell head">{cell}</div>' for cell in ("Time", "Mon", "Tue"))
GRID_TEXT = "| Time | Mon | Tue |\n| --- | --- | --- |\n| 7:00 | Yin | — |\n| 9:00 | — | Flow |"

PLAIN_GRID = "".join(f"<p>{cell}</p>" for cell in ("Who", "Day", "Year", "Kids", "2 €", "20 €"))
PLAIN_TEXT = "| Who | Day | Year |\n| --- | --- | --- |\n| Kids | 2 € | 20 € |"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f"<h1>Hire</h1>{HIRE}<p>Ring us.</p>", f"# Hire\n{HIRE_TEXT}\nRing us."),
        (f"<h1>Hire</h1>{rows_of_boxes('We lend|helmets|too', 'and|life|jackets')}<p>a</p>",
         "# Hire\nWe lend\nhelmets\ntoo\nand\nlife\njackets\na"),
        (f"<h1>Classes</h1><div>{HEADS}{GRID}</div>", f"# Classes\n{GRID_TEXT}"),
        (f"<h1>Pool</h1><div class='md:grid-cols-3'>{PLAIN_GRID}</div>", f"# Pool\n{PLAIN_TEXT}"),
    ],
)  # fmt: skip
def test_rows_of_boxes_among_other_content_and_grids_of_cells_are_tables(
    body: str, text: str
) -> None:
    assert text_of(body) == text


def test_two_rows_that_name_columns_are_told_without_marks_too() -> None:
    rows = ("<td rowspan=2></td><td colspan=2>Saturday</td>", "<td>Morning</td><td>Evening</td>")
    body = "".join(f"<tr>{row}</tr>" for row in (*rows, "<td>Kids</td><td>9:00</td><td>17:00</td>"))
    assert text_of(f"<table>{body}</table>") == (
        "|  | Saturday, Morning | Saturday, Evening |\n| --- | --- | --- |\n| Kids | 9:00 | 17:00 |"
    )
    assert "Saturday, Evening" in text_of(
        f"<table>{body}<tr><td colspan=3>Free for those under six</td></tr></table>"
    )
    note = "<tr><td>Seniors</td><td colspan=2>Free of charge with us</td></tr>"
    assert "| Kids | 9:00 | 17:00 |" in (text := text_of(f"<table>{body}{note}</table>"))
    assert "Saturday, Evening" in text


@pytest.mark.parametrize("classes", [("d-flex", ""), ("", "badge")])
def test_what_stands_at_the_end_of_a_line_is_a_word_of_its_own(classes: tuple[str, str]) -> None:
    item = f'<li class="{classes[0]}">Jacket<span class="{classes[1]}">£3</span></li>'
    assert text_of(f"<ul>{item}<li>Bag<i>gage</i></li></ul>") == "- Jacket £3\n- Baggage"


HIRE = """<table><tr><td><b>Boat</b></td><td colspan=2><b>Hire</b></td></tr><tr><td></td>
<td>1 hour</td><td>Day</td></tr><tr><td>Canoe</td><td>$15</td><td>$60</td></tr></table>"""
COURSES = """<table><tr><th></th><th colspan=2>Term</th></tr><tr><td>Course</td><td>Member</td>
<td>Guest</td></tr><tr><td>Frogs</td><td>£5</td><td>£6</td></tr></table>"""
RULE = "| --- | --- | --- |"
PRICED = COURSES.replace("Course</td><td>Member", "Ducks</td><td>£4")


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (HIRE, "| Boat | Hire, 1 hour | Hire, Day |\n| --- | --- | --- |\n| Canoe | $15 | $60 |"),
        (COURSES, f"| Course | Term, Member | Term, Guest |\n{RULE}\n| Frogs | £5 | £6 |"),
        (PRICED, f"|  | Term | Term |\n{RULE}\n| Ducks | £4 | Guest |\n| Frogs | £5 | £6 |"),
    ],
)  # fmt: skip
def test_plain_cells_below_a_head_that_spans_columns_name_them_too(table: str, text: str) -> None:
    assert text_of(table) == text


@pytest.mark.parametrize(
    ("rows", "has_names"),
    [
        ([["Lundi", "Fermé", "Fermé"], ["Mardi", "9 h – 12 h", "14 h – 18 h"]], False),
        ([["Mo–Di", "geschlossen"], ["Mi", "9–12"], ["Do", "9–12"]], False),
        ([["Jour", "Matin", "Soir"], ["Mardi", "9 h – 12 h", "14 h – 18 h"]], True),
        ([["Monday", "Tuesday", "Friday"], ["closed", "9–12", "9–12"]], True),
    ],
)
def test_a_first_row_of_a_day_that_is_closed_names_no_columns(
    rows: list[list[str]], has_names: bool
) -> None:
    ((_kind, table),) = table_blocks(rows, None)
    assert ("---" in table) is has_names


def test_days_are_known_in_the_languages_of_pages() -> None:
    days = "".join(f"<p>{day}</p>" for day in ("Montag", "Dienstag", "Freitag"))
    hours = "".join(f"<p>{hours}</p>" for hours in ("9–12", "9–12", "geschlossen"))
    text = text_of(f"<h1>Praxis</h1><div><div>{days}</div><div>{hours}</div></div>", "de")
    assert text.endswith("| Montag | 9–12 |\n| Dienstag | 9–12 |\n| Freitag | geschlossen |")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_table_of_names_alone_is_read(count: int) -> None:
    names = "<tr><th>Prices</th><th>Hours</th><th>Hours</th></tr>"
    assert "Prices" in text_of(f"<table>{names}{count * '<tr><td></td><td>5 €</td></tr>'}</table>")
