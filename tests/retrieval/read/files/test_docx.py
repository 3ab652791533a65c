"""Word documents are read as a person reads them: rows with their columns, notes where they stand."""  # noqa: E501

from __future__ import annotations

import pytest
from support.files.office_files import docx, docx_of
from support.files.read_file import read_bytes, read_office


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{run(text)}</w:p>"


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"


def row(*cells: str) -> str:
    return f"<w:tr>{''.join(cells)}</w:tr>"


def read(body: str) -> str:
    return read_bytes("x.docx", docx_of(body))["text"]


def test_a_real_document_keeps_all_that_a_person_sees() -> None:
    document = read_office("camping.docx")
    assert document["title"] == "Camping Les Pins : tarifs et règlement"
    blocks = document["text"].split("\n\n")
    assert blocks[0] == "12 chemin des Pins, 40600 Biscarrosse – 05 58 00 11 22"
    assert "pour la saison 2026. (Taxe de séjour de 0,60 € par adulte en plus.)" in blocks[2]
    assert blocks[3:5] == [
        "## Tarifs par nuit",
        "\n".join(
            [
                "| Hébergement | Basse saison | Haute saison |",
                "| --- | --- | --- |",
                "| Emplacement tente | 14 € | 22 € |",
                "| Mobil-home 4 places | 55 € | 98 € |",
                "| Chalet 6 places | 80 € | 145 € |",
                "| Cabane perchée | 65 € toute l’année | 65 € toute l’année |",
            ]
        ),
    ]
    assert "- les draps, à 8 € la paire\n- le lit pour bébé, gratuit\n" in document["text"]
    assert blocks[-1] == "En cas d’urgence, appelez le gardien au 06 12 34 56 78."


def test_cells_that_are_one_say_the_same_of_each_row_and_column() -> None:
    down, on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    wide = '<w:gridSpan w:val="2"/>'
    table = "".join(
        [
            row(cell("Room"), cell("Winter", wide), cell("Summer", wide)),
            row(cell(""), cell("Night"), cell("Week"), cell("Night"), cell("Week")),
            row(cell("Sea view", down), cell("50 €"), cell("300 €"), cell("70 €"), cell("400 €")),
            row(cell("", on), cell("55 €"), cell("310 €"), cell("closed", wide)),
        ]
    )
    assert read(f"<w:tbl>{table}</w:tbl>").split("\n") == [
        "| Room | Winter, Night | Winter, Week | Summer, Night | Summer, Week |",
        "| --- | --- | --- | --- | --- |",
        "| Sea view | 50 € | 300 € | 70 € | 400 € |",
        "| Sea view | 55 € | 310 € | closed | closed |",
    ]


def test_a_title_between_rows_is_told_with_those_that_follow() -> None:
    wide = '<w:gridSpan w:val="2"/>'
    rows = [row(cell("Menu", wide)), row(cell("Dish"), cell("Price"))]
    rows += [row(cell("Starters", wide)), row(cell("Soup"), cell("6 €"))]
    assert read(f"<w:tbl>{''.join(rows)}</w:tbl>") == (
        "Menu\n\n| Dish | Price |\n| --- | --- |\n| Starters › Soup | 6 € |"
    )


def test_a_table_of_labels_and_values_has_no_row_of_headings() -> None:
    rows = row(cell("Address"), cell("12 Mill Lane")) + row(cell("Town"), cell("Derby"))
    assert read(f"<w:tbl>{rows}</w:tbl>") == "| Address | 12 Mill Lane |\n| Town | Derby |"


def test_a_table_that_only_places_things_is_read_as_what_is_in_it() -> None:
    inner = f"<w:tbl>{row(cell('Day'), cell('Hours'))}{row(cell('Monday'), cell('9 to 5'))}</w:tbl>"
    cells = cell("We sell bicycles.") + f"<w:tc>{inner}</w:tc>"
    assert read(f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>") == (
        "We sell bicycles.\n\n| Day | Hours |\n| --- | --- |\n| Monday | 9 to 5 |"
    )


NOT_STRUCK, PICTURES = '<w:strike w:val="0"/>', '<w:rFonts w:ascii="Wingdings"/>'


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (paragraph("Hours", '<w:outlineLvl w:val="1"/>'), "## Hours"),
        ("<w:p><w:r><w:t>Tea</w:t><w:tab/><w:t>2 €</w:t></w:r></w:p>", "Tea — 2 €"),
        ("<w:p><w:r><w:t>Tea :</w:t><w:tab/><w:t>2 €</w:t></w:r></w:p>", "Tea : 2 €"),
        ("<w:p><w:r><w:t>Mill Lane</w:t><w:br/><w:t>Derby</w:t></w:r></w:p>", "Mill Lane\nDerby"),
        (f"<w:p>{run('We are ')}<w:del>{run('closed')}</w:del>{run('open')}</w:p>", "We are open"),
        (f"<w:p>{run('Open')}{run(' (secret)', '<w:vanish/>')}</w:p>", "Open"),
        (f"<w:p>{run('45 €', '<w:strike/>')}{run('39 €')}{run('1', '<w:dstrike/>')}</w:p>", "39 €"),
        (f"<w:p>{run('45 €', NOT_STRUCK)}</w:p>", "45 €"),
        ("<w:p><w:r><w:sym w:font='Wingdings' w:char='F0FB'/><w:t> Tea</w:t></w:r></w:p>", "✗ Tea"),
        (f"<w:p>{run('ü', PICTURES)}</w:p>", "✓"),
        ("<w:p><w:r><w:sym w:font='Symbol' w:char='D800'/><w:t>a</w:t></w:r></w:p>", "a"),
        ("<w:p><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>" + paragraph("Open"), "Open"),
        (paragraph("# 3 is closed"), "\\# 3 is closed"),
        (f"<w:sdt><w:sdtContent>{paragraph('Open')}</w:sdtContent></w:sdt>", "Open"),
    ],
)  # fmt: skip
def test_what_a_reader_sees_is_read_and_nothing_else(body: str, text: str) -> None:
    assert read(body) == text


@pytest.mark.parametrize(
    ("texts", "read_as"),
    [
        (("*Starters", "Soup"), "## Starters\n\nSoup"),
        (("Open.", "*Children (under 8)", "Soup"), "Open.\n\n## Children (under 8)\n\nSoup"),
        (("Open daily.", "*Closed on 25 May", "Soup"), "Open daily.\n\nClosed on 25 May\n\nSoup"),
        (("*Line 7 to Derby", "Soup"), "## Line 7 to Derby\n\nSoup"),
        (("*Starters", "*Mains", "Soup"), "Starters\n\n## Mains\n\nSoup"),
        (("Soup", "*We like it hot."), "Soup\n\nWe like it hot."),
        (("Soup", "*Enjoy"), "Soup\n\nEnjoy"),
    ],
)  # fmt: skip
def test_a_paragraph_all_in_bold_heads_what_follows(texts: tuple[str, ...], read_as: str) -> None:
    bold = (run(text.lstrip("*"), "<w:b/>" * text.startswith("*")) for text in texts)
    assert read("".join(f"<w:p>{one}</w:p>" for one in bold)) == read_as


def test_bold_words_in_a_cell_are_no_heading() -> None:
    inner = f"<w:tc><w:p>{run('Lunch', '<w:b/>')}</w:p><w:p>{run('| Soup')}</w:p></w:tc>"
    rows = row(cell("Menu"), cell("Price")) + f"<w:tr>{inner}{cell('9 €')}</w:tr>"
    assert read(f"<w:tbl>{rows}</w:tbl>").split("\n")[-1] == "| Lunch, \\| Soup | 9 € |"


def test_a_text_box_is_read_once_though_it_is_stored_twice() -> None:
    box = f"<w:txbxContent>{paragraph('Ring twice.')}</w:txbxContent>"
    both = f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
    space = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    alternate = f"<mc:AlternateContent {space}>{both}</mc:AlternateContent>"
    assert read(f"<w:p><w:r>{alternate}</w:r></w:p>") == "Ring twice."


def test_dots_and_addresses_that_were_typed_are_read_as_meant() -> None:
    text = read_bytes("card.docx", docx("Soup ............ 6 €, ask info [at] mill [dot] example"))
    assert text["text"] == "Soup — 6 €, ask info@mill.example"
