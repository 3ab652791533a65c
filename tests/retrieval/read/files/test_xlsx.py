"""Excel workbooks are read as they are shown."""

from __future__ import annotations

import pytest
from lxml import etree  # type: ignore[import-untyped]
from support.files.office_files import xlsx
from support.files.read_file import read_bytes, read_office

from chatbot_server.retrieval.read.files.office.xlsx import cell_formats, column_of, displayed


def test_a_real_workbook_is_a_heading_and_a_table() -> None:
    lines = read_office("camping.xlsx")["text"].split("\n")
    assert lines[0] == "# camping"
    assert lines[2] == "| Hébergement | Basse saison | Haute saison | Ouvert depuis |"
    assert lines[4].startswith("| Emplacement tente | 14")
    assert lines[4].endswith("| 2024-05-01 |")
    assert lines[6].startswith("| Remise | 10 % |")


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (45413.0, "d/m/yyyy", "2024-05-01"),
        (0.375, "h:mm", "09:00"),
        (0.1, "0%", "10 %"),
        (0.125, "0.0%", "12.5 %"),
        (9.5, '#,##0.00 "€"', "9.50 €"),
        (80.0, "#,##0.00 [$€-40C]", "80 €"),
        (7.0, "", "7"),
    ],
)
def test_a_number_is_told_as_it_is_displayed(value: float, code: str, text: str) -> None:
    assert displayed(value, code) == text


def test_cells_know_their_columns() -> None:
    assert [column_of(name, 5) for name in ("A1", "AB12", "")] == [0, 27, 5]


def test_what_is_no_workbook_is_refused() -> None:
    assert read_bytes("x.xlsx", b"PK nothing") == {"error": "extract_broken"}


def test_merged_cells_say_the_same_and_hidden_ones_nothing() -> None:
    rows = [
        ["Prices 2026", "", "", ""],
        ["Room", "Cost", "Winter", "Summer"],
        ["Sea view", "20 €", "50 €", "70 €"],
        ["", "20 €", "closed", ""],
        ["Attic", "1 €", "2 €", "3 €"],
    ]
    data = xlsx(rows, merged=("A1:D1", "A3:A4", "C4:D4"), hidden_column=2, hidden_row=5)
    assert read_bytes("x.xlsx", data)["text"] == (
        "## Prices 2026\n\n| Room | Winter | Summer |\n| --- | --- | --- |\n"
        "| Sea view | 50 € | 70 € |\n| Sea view | closed | closed |"
    )
    assert read_bytes("x.xlsx", data)["title"] == "Prices 2026"
    assert read_bytes("prices.xlsx", xlsx(rows[1:]))["title"] == "Prices"


def test_what_is_struck_out_is_no_price() -> None:
    runs = "<r><rPr><strike/></rPr><t>45 €</t></r><r><t> 39 €</t></r><rPh><t>a</t></rPh>"
    rows = [["Day", "Price"], ["Monday", f"</t>{runs}<t>"]]
    assert "| Monday | 39 € |" in read_bytes("x.xlsx", xlsx(rows))["text"]


def test_a_cell_whose_font_is_struck_out_says_nothing() -> None:
    fonts = "<fonts><font/><font><strike/></font><font><strike val='0'/></font></fonts>"
    cells = "".join(f"<xf numFmtId='9' fontId='{at}'/>" for at in range(4))
    styles = etree.fromstring(f"<styleSheet>{fonts}<cellXfs>{cells}</cellXfs></styleSheet>")
    assert cell_formats(styles) == ["0%", None, "0%", "0%"]
