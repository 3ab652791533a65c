"""A sheet holds several tables, each under its title, whatever program made or printed it."""

from __future__ import annotations

import pytest
from support.files.office_files import xlsx
from support.files.read_file import read_bytes, read_office

from chatbot_server.retrieval.read.files.office.sheet import parts_of
from chatbot_server.retrieval.read.files.pdf.page import PdfPage, Piece
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
    assert list(parts_of(rows)) == [(["Prices 2026", "Boats"], rows[3:])]


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
