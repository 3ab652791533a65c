"""OpenDocument texts, sheets and slides are read as they are shown."""

from __future__ import annotations

import pytest
from support.files.office_files import opendocument
from support.files.read_file import read_bytes, read_office


def cell(text: str, more: str = "") -> str:
    return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"


def row(*cells: str, more: str = "") -> str:
    return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"


def table(*rows: str, name: str = "", more: str = "") -> str:
    return f'<table:table table:name="{name}" {more}>{"".join(rows)}</table:table>'


COVERED = "<table:covered-table-cell/>"


def read(body: str, kind: str = "text", styles: str = "", **parts: str) -> str:
    name = {"text": "x.odt", "spreadsheet": "x.ods", "presentation": "x.odp"}[kind]
    return read_bytes(name, opendocument(body, kind, styles, **parts))["text"]


def test_a_real_text_says_what_the_same_text_in_word_says() -> None:
    text = read_office("camping.odt")
    assert text == read_office("camping.docx")
    assert text["text"].startswith("12 chemin des Pins, 40600 Biscarrosse – 05 58 00 11 22\n\n# ")
    assert "| Cabane perchée | 65 € toute l’année | 65 € toute l’année |" in text["text"]
    assert "- les draps, à 8 € la paire\n- le lit pour bébé, gratuit\n" in text["text"]


def test_a_paragraph_all_in_bold_heads_what_follows() -> None:
    weight = '<style:text-properties style:font-weight="bold"/>'
    bold = f'<style:style style:name="B">{weight}</style:style>'
    body = '<text:p text:style-name="B">Starters</text:p><text:p>Soup</text:p>'
    assert read(body, styles=bold) == "## Starters\n\nSoup"


def test_a_real_sheet_is_a_heading_and_a_table() -> None:
    lines = read_office("camping.ods")["text"].split("\n")
    assert lines[0] == "# prices"
    assert lines[2:5] == [
        "| Hébergement | Basse saison | Haute saison | Ouvert depuis |",
        "| --- | --- | --- | --- |",
        "| Emplacement tente | 14 | 22 | 2024-05-01 |",
    ]


def test_real_slides_are_read_below_their_titles_and_hidden_ones_are_not() -> None:
    slides = read_office("groupes.odp")
    assert slides == read_office("groupes.pptx")
    assert "## Réserver\n\n- Par téléphone au 05 58 00 11 22\n  - de 9 h à 18 h\n" in slides["text"]
    assert "Marge interne" not in slides["text"]


def test_cells_that_are_one_say_the_same_of_each_row_and_column() -> None:
    wide, down = 'table:number-columns-spanned="2"', 'table:number-rows-spanned="2"'
    header = row(cell("Room"), cell("Winter, night"), cell("Winter, week"))
    rows = [
        f"<table:table-header-rows>{header}</table:table-header-rows>",
        row(cell("Sea view", down), cell("50 €"), cell("300 €")),
        row(COVERED, cell("closed", wide), COVERED),
    ]
    assert read(table(*rows)).split("\n") == [
        "| Room | Winter, night | Winter, week |",
        "| --- | --- | --- |",
        "| Sea view | 50 € | 300 € |",
        "| Sea view | closed | closed |",
    ]


def test_what_is_hidden_is_not_read() -> None:
    styles = (
        '<style:style style:name="off" style:family="text">'
        '<style:text-properties text:display="none"/></style:style>'
    )
    body = (
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
        '<text:p>We open at <text:span text:style-name="off">secret</text:span>nine'
        "<office:annotation><text:p>check!</text:p></office:annotation>.</text:p>"
        '<text:section text:display="none"><text:p>secret</text:p></text:section>'
    )
    assert read(body, styles=styles) == "We open at nine."


def test_hidden_sheets_rows_and_columns_are_not_read() -> None:
    styles = (
        '<style:style style:name="off" style:family="table">'
        '<style:table-properties table:display="false"/></style:style>'
    )
    columns = '<table:table-column/><table:table-column table:visibility="collapse"/>'
    rows = [
        row(cell("Product"), cell("Cost"), cell("Price")),
        row(cell("Bread"), cell("1 €"), cell("3 €")),
        row(cell("Cake"), cell("2 €"), cell("9 €"), more='table:visibility="filter"'),
    ]
    body = table(columns, *rows, name="Feuille1")
    body += table(row(cell("secret")), name="Margin", more='table:style-name="off"')
    assert read(body, "spreadsheet", styles) == (
        "| Product | Price |\n| --- | --- |\n| Bread | 3 € |"
    )


def test_lists_keep_their_depth_and_numbers_and_headings_in_them() -> None:
    styles = (
        '<text:list-style style:name="L"><text:list-level-style-number text:level="1"'
        ' style:num-format="1"/></text:list-style>'
    )
    inner = "<text:list><text:list-item><text:p>Sugar</text:p></text:list-item></text:list>"
    items = f"<text:list-item><text:p>Mix</text:p>{inner}</text:list-item>"
    items += "<text:list-item><text:p>Bake</text:p></text:list-item>"
    heading = '<text:list><text:list-item><text:h text:outline-level="2">Steps</text:h>'
    body = f'{heading}</text:list-item></text:list><text:list text:style-name="L">{items}'
    assert read(body + "</text:list>", styles=styles) == ("## Steps\n\n1. Mix\n  - Sugar\n2. Bake")


def test_names_in_bold_below_a_title_begin_a_table_of_a_sheet() -> None:
    weight = '<style:text-properties style:font-weight="bold"/>'
    styles = f'<style:style style:name="B">{weight}</style:style>'
    names = [cell(name, 'table:style-name="B"') for name in ("Boat", "Hour", "Day")]
    rows = [["Stay", "Low", "High"], ["Tent", "9", "12"], ["Hire"], ["Canoe", "8", "30"]]
    lines = [row(*map(cell, texts)) for texts in rows]
    lines.insert(3, row(*names))
    text = read(table(*lines, name="Prices"), "spreadsheet", styles)
    assert "| Tent | 9 | 12 |\n\n## Hire\n\n| Boat | Hour | Day |" in text


def test_a_sheet_of_a_thousand_million_cells_is_a_row() -> None:
    many = 'table:number-columns-repeated="16384"'
    rows = row(cell("9", many), more='table:number-rows-repeated="1048576"')
    text = read(table(row(cell("Day"), cell("Hour")), rows, name="Hours"), "spreadsheet")
    # Columns that say what the one before says are one.
    assert text == "# Hours\n\n| Day | Hour |  |\n| --- | --- | --- |\n| 9 | 9 | 9 |"


@pytest.mark.parametrize("name", ["x.odt", "x.ods", "x.odp"])
def test_what_is_damaged_or_protected_says_so(name: str) -> None:
    locked = "<m:file-entry><m:encryption-data/></m:file-entry>"
    assert read_bytes(name, opendocument("", manifest=locked)) == {"error": "extract_encrypted"}
    assert read_bytes(name, opendocument("")) == {"error": "extract_no_text"}
    assert read_bytes(name, b"PK nothing") == {"error": "extract_broken"}


def test_what_is_struck_out_is_not_read() -> None:
    line = '<style:text-properties style:text-line-through-style="solid"/>'
    styles = f'<style:style style:name="S">{line}</style:style>'
    span = '<text:p>From <text:span text:style-name="S">45 €</text:span> 39 €</text:p>'
    assert read(span, styles=styles) == "From 39 €"
    sheet = table(row(cell("Day"), cell("45 €", 'table:style-name="S"'), cell("39 €")))
    assert read(sheet, "spreadsheet", styles) == "| Day | 39 € |"
