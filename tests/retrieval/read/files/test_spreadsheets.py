"""A sheet holds several tables, each under its title, whatever program made or printed it."""

from __future__ import annotations

import pytest
from support.files.office_files import xlsx
from support.files.read_file import read_bytes, read_office

from chatbot_server.retrieval.read.files.office.sheet import parts_of
from chatbot_server.retrieval.read.files.pdf.page.pieces import PdfPage, Piece
from chatbot_server.retrieval.read.files.pdf.spreadsheet import with_columns_together

HIRE = "| Matériel | 1 heure | Demi-journée | Journée | Caution |"


def blocks_of(name: str) -> list[str]:
    """The headings, texts and tables of a real file; how deep headings are, programs differ in."""
    return [block.lstrip("# ") for block in read_office(name)["text"].split("\n\n")]


def test_each_table_of_a_sheet_has_its_title_and_its_columns() -> None:
    blocks = blocks_of("nautique.xlsx")
    hire = blocks.index("Location de matériel")
    assert blocks[hire + 1].startswith(f"{HIRE}\n| --- |")
    assert "| Paddle | 10 € | 22 € | 35 € | 200 € |" in blocks[hire + 1]
    extras = blocks.index("Suppléments")
    assert blocks[extras + 1].startswith("| Supplément | Prix |\n| --- |")


@pytest.mark.parametrize("name", ["nautique.ods", "nautique-calc.pdf", "nautique-lines.pdf"])
def test_a_sheet_reads_alike_however_it_was_saved_or_printed(name: str) -> None:
    assert blocks_of(name) == blocks_of("nautique.xlsx")


def test_columns_go_on_under_a_title_that_names_no_others() -> None:
    rows = [["", "Small", "Large"], ["Tea", "2 €", "3 €"], [], ["Cakes"], ["Tart", "4 €", "6 €"]]
    assert list(parts_of(rows)) == [([], [row for row in rows if row])]


def test_what_stands_above_a_table_is_no_row_of_it() -> None:
    rows = [["Prices 2026"], [], ["Boats"], ["Boat", "Price"], ["Canoe", "9 €"], ["Raft", "7 €"]]
    assert list(parts_of(rows)) == [([rows[0], rows[2]], rows[3:])]


def test_a_title_in_merged_rows_is_told_once_and_a_last_line_heads_nothing() -> None:
    title, last = 2 * [["Prices 2026", "", ""]], ["Tax ........ 0,60 €", "", ""]
    rows = [*title, ["Pitch", "Low", "High"], ["Tent", "9", "12"], ["", "", ""], last]
    data = xlsx(rows, ("A1:C2", "A6:C6"), hidden_column=2)
    text = read_bytes("prices.xlsx", data)["text"]
    assert text.count("Prices 2026") == 1
    assert "| Pitch | High |" in text
    assert text.endswith("\n\nTax — 0,60 €")


def page_of(*rows: tuple[str, ...]) -> tuple[PdfPage, list[list[Piece]]]:
    """A page on which the cells of *rows* stand below each other."""
    return PdfPage(), [
        [
            Piece(text, 50.0 + 90 * at, 90.0 + 90 * at, 20.0 * y, 10.0, False)
            for at, text in enumerate(cells)
        ]
        for y, cells in enumerate(rows)
    ]


def test_a_page_of_further_columns_stands_beside_the_one_it_goes_on_from() -> None:
    names = [(f"Boat {'abcd'[at]}", f"{at} €") for at in range(4)]
    further = [(f"{at}0 €",) for at in range(4)]
    joined = with_columns_together([page_of(*names), page_of(*further)])
    assert [[piece.text for piece in row] for row in joined[0][1]] == [
        [*name, *more] for name, more in zip(names, further, strict=True)
    ]
    assert len(joined) == 1


def test_a_page_that_goes_on_below_stays_a_page_of_its_own() -> None:
    names = [(f"Boat {'abcd'[at]}", f"{at} €") for at in range(4)]
    assert len(with_columns_together([page_of(*names), page_of(*names)])) == 2


def test_two_rows_name_the_columns_and_what_stands_below_an_empty_row_has_none() -> None:
    rows = [
        ["Hall", "Residents", "", "Others", ""],
        ["", "1 day", "2 days", "1 day", "2 days"],
        ["Large", "120 €", "200 €", "180 €", "300 €"],
        ["", "", "", "", ""],
        ["Deposit", "500 €"],
    ]
    text = read_bytes("x.xlsx", xlsx(rows, ("A1:A2", "B1:C1", "D1:E1")))["text"]
    assert text.split("\n") == [
        "| Hall | Residents, 1 day | Residents, 2 days | Others, 1 day | Others, 2 days |",
        "| --- | --- | --- | --- | --- |",
        "| Large | 120 € | 200 € | 180 € | 300 € |",
        "",
        "| Deposit | 500 € |",
    ]


def test_a_sheet_whose_first_day_is_closed_has_no_names_of_columns() -> None:
    sheet = xlsx([["Monday", "closed", ""], ["Tuesday", "9–12", "14–18"], ["Friday", "9–12", ""]])
    assert "---" not in read_bytes("x.xlsx", sheet)["text"]


PRICES = [["Stay", "Low", "High"], ["Tent", "9", "12"], ["Caravan", "14", "19"]]
BOATS = [["Boat", "Hour", "Day"], ["Canoe", "8", "30"], ["Raft", "free", "9"]]
TITLE = [["Hire", "", ""]]


def blocks_of_rows(
    rows: list[list[str]], merged: tuple[str, ...] = (), bold_rows: tuple[int, ...] = ()
) -> list[str]:
    return read_bytes("x.xlsx", xlsx(rows, merged, bold_rows=bold_rows))["text"].split("\n\n")


@pytest.mark.parametrize("merged", [(), ("A4:C4",)])
def test_names_in_bold_below_a_title_begin_another_table(merged: tuple[str, ...]) -> None:
    blocks = blocks_of_rows([*PRICES, *TITLE, *BOATS], merged, bold_rows=(1, 5))
    assert blocks[1:] == ["## Hire", "| Boat | Hour | Day |\n" + blocks[2].partition("\n")[2]]
    assert "| Canoe | 8 | 30 |" in blocks[2]
    assert "Low" not in blocks[2]


def test_rows_below_a_title_whose_first_one_has_no_price_go_on() -> None:
    more = [["Cot", "on request", "free"], ["Dog", "3", "4"]]
    text = "\n\n".join(blocks_of_rows([*PRICES, ["Extras", "", ""], *more], ("A4:C4",)))
    assert "| Extras › Dog | 3 | 4 |" in text
    assert "## Extras" not in text
    in_bold = blocks_of_rows([*PRICES, ["Extras", "", ""], *more], ("A4:C4",), (1, 2, 3, 4, 5, 6))
    assert "\n\n".join(in_bold) == text
    notes = [["Stay", "Price"], ["Tent", "9"], ["Extras", "", ""], ["Dog", "3", "a night"]]
    assert "Extras" in blocks_of_rows([*notes, ["Cat", "2", "a night"]], ("A3:C3",))[0]


def test_merged_cells_that_only_place_tables_above_each_other_are_one_column() -> None:
    rows = [["Stay", "Low", "", "High"], ["Tent", "9", "", "12"], ["Van", "14", "", "19"]]
    rows += [["Hire", "", "", ""]]
    rows += [["Boat", "", "Hour", "Deposit"], ["Canoe", "", "8", "50"], ["Raft", "", "9", "none"]]
    upper, lower = (f"B{at}:C{at}" for at in (1, 2, 3)), (f"A{at}:B{at}" for at in (5, 6, 7))
    blocks = blocks_of_rows(rows, (*upper, "A4:D4", *lower))
    assert blocks == [
        "| Stay | Low | High |\n| --- | --- | --- |\n| Tent | 9 | 12 |\n| Van | 14 | 19 |",
        "## Hire",
        "| Boat | Hour | Deposit |\n| --- | --- | --- |\n| Canoe | 8 | 50 |\n| Raft | 9 | none |",
    ]


def test_rules_below_a_table_are_texts_under_their_titles() -> None:
    rules = [["Dogs", "", ""], ["Dogs stay on a lead.", "", ""]]
    assert blocks_of_rows([*PRICES, *rules])[1:] == ["## Dogs", "Dogs stay on a lead."]
    assert blocks_of_rows([*PRICES, ["Tax comes on top.", "", ""]])[1:] == ["Tax comes on top."]


@pytest.mark.parametrize("corner", ["Cut", ""])
def test_three_rows_name_the_columns(corner: str) -> None:
    rows = [[corner, "Hair", "", "", ""], [corner, "Short", "", "Long", ""]]
    rows += [[corner, "All", "Pupils", "All", "Pupils"], ["Colour", "45", "38", "62", "52"]]
    rows += [["Dry", "18", "15", "26", "21"]]
    [text] = blocks_of_rows(rows, ("B1:E1", "B2:C2", "D2:E2"))
    names = "Hair, Short, All | Hair, Short, Pupils | Hair, Long, All | Hair, Long, Pupils"
    assert text.startswith(f"| {corner} | {names} |\n| --- |")


def test_lines_of_a_list_below_a_title_in_bold_head_nothing() -> None:
    rows = [
        ["Workshop"],
        ["Puncture: 12 €"],
        ["Brakes: 18 €"],
        ["Free quotes"],
        ["Contact"],
        ["Call."],
    ]
    lines = ["Puncture: 12 €", "Brakes: 18 €", "Free quotes"]
    assert blocks_of_rows(rows, bold_rows=(1, 5)) == ["## Workshop", *lines, "## Contact", "Call."]
    in_small = [["Workshop"], ["puncture: 12 €"], ["brakes: 18 €"], ["Contact"], ["Call."]]
    blocks = ["## Workshop", "puncture: 12 €", "brakes: 18 €", "## Contact", "Call."]
    assert blocks_of_rows(in_small) == blocks


def test_a_plain_title_heads_the_table_below_it_beside_others_in_bold() -> None:
    rows = [["Our prices", "", ""], ["Boats for hire", "", ""], *BOATS]
    assert blocks_of_rows(rows, bold_rows=(1,))[:2] == ["## Our prices", "## Boats for hire"]


def test_a_sentence_that_runs_over_the_columns_is_no_line_of_the_last_row() -> None:
    blocks = blocks_of("velos-calc.pdf")
    note = "À partir de trois jours de location, nous retirons 15 % du prix de la journée. "
    assert note + "Cette remise ne vaut pas pour le tandem." in blocks
    prices = next(block for block in blocks if "VTT" in block).split("\n")
    assert prices[-1] == "| Vélos électriques › Vélo cargo | 27 € | 42 € | 31 € | 48 € |"
