"""Presentations are read slide by slide, each below its title."""

from __future__ import annotations

from support.files.office_files import pptx
from support.files.read_file import read_bytes, read_office


def shape(text: str, kind: str = "", at: tuple[int, int] | None = None, more: str = "") -> str:
    place = f"<p:ph {kind}/>" if kind else ""
    offset = f'<a:xfrm><a:off x="{at[0]}" y="{at[1]}"/></a:xfrm>' if at else ""
    paragraphs = "".join(f"<a:p><a:r><a:t>{one}</a:t></a:r></a:p>" for one in text.split("\n"))
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="1" {more}/><p:nvPr>{place}</p:nvPr></p:nvSpPr>'
        f"<p:spPr>{offset}</p:spPr><p:txBody>{paragraphs}</p:txBody></p:sp>"
    )


def table(*rows: str) -> str:
    return (
        "<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr/></p:nvGraphicFramePr><a:graphic>"
        f'<a:graphicData><a:tbl><a:tblPr firstRow="1"/>{"".join(rows)}</a:tbl></a:graphicData>'
        "</a:graphic></p:graphicFrame>"
    )


def row(*cells: str) -> str:
    return f"<a:tr>{''.join(cells)}</a:tr>"


def cell(text: str, more: str = "") -> str:
    run = f"<a:r><a:t>{text}</a:t></a:r>"
    return f"<a:tc {more}><a:txBody><a:p>{run}</a:p></a:txBody></a:tc>"


def read(*slides: str) -> str:
    return read_bytes("x.pptx", pptx(*slides))["text"]


TITLE, BODY = 'type="title"', 'type="body"'


def test_a_real_presentation_is_read_below_its_titles() -> None:
    document = read_office("groupes.pptx")
    assert document["title"] == "Camping Les Pins : accueil des groupes"
    assert document["text"].split("\n\n") == [
        "# Camping Les Pins : accueil des groupes",
        "Saison 2026",
        "## Tarifs des groupes",
        "\n".join(
            [
                "| Groupe | Basse saison | Haute saison |",
                "| --- | --- | --- |",
                "| Écoles | 6 € par enfant | 8 € par enfant |",
                "| Associations | 9 € | 12 € |",
            ]
        ),
        "## Réserver",
        "- Par téléphone au 05 58 00 11 22\n  - de 9 h à 18 h\n- Acompte de 30 %",
    ]


def test_slides_come_in_their_order_and_hidden_ones_and_shapes_do_not() -> None:
    first = shape("Welcome", TITLE) + shape("secret", BODY, more='hidden="1"')
    footer = shape("1 Mill Lane, Derby", 'type="ftr"') + shape("2", 'type="sldNum"')
    second = shape("Open daily\nFree parking", BODY) + shape("Hours", TITLE) + footer
    assert read(first, "hidden" + shape("Margin", TITLE), second) == (
        "1 Mill Lane, Derby\n\n# Welcome\n\n## Hours\n\n- Open daily\n- Free parking"
    )


def test_boxes_are_read_from_the_top_down_and_the_top_one_can_be_the_title() -> None:
    boxes = shape("9 € each", at=(9, 900_000)) + shape("Adults", at=(1, 900_000))
    assert read(shape("Start", TITLE), boxes + shape("Prices", at=(5, 10))) == (
        "# Start\n\n## Prices\n\nAdults\n\n9 € each"
    )


def test_cells_that_are_one_say_the_same_of_each_row_and_column() -> None:
    rows = [
        row(cell("Room"), cell("Winter"), cell("Summer")),
        row(cell("Sea view", 'rowSpan="2"'), cell("50 €"), cell("70 €")),
        row(cell("", 'vMerge="1"'), cell("closed", 'gridSpan="2"'), cell("", 'hMerge="1"')),
    ]
    assert read(shape("Rooms", TITLE) + table(*rows)) == (
        "# Rooms\n\n| Room | Winter | Summer |\n| --- | --- | --- |\n"
        "| Sea view | 50 € | 70 € |\n| Sea view | closed | closed |"
    )


def test_what_is_no_presentation_is_refused() -> None:
    assert read_bytes("x.pptx", b"PK nothing") == {"error": "extract_broken"}
    assert read_bytes("x.pptx", pptx(shape(""))) == {"error": "extract_no_text"}


def test_what_is_struck_out_on_a_slide_is_not_read() -> None:
    struck = '<a:r><a:rPr strike="sngStrike"/><a:t>45 €</a:t></a:r>'
    kept = '<a:r><a:rPr strike="noStrike"/><a:t>39 €</a:t></a:r>'
    body = shape("Price", BODY).replace("</a:p>", f"{struck}{kept}</a:p>")
    assert read(shape("Day", TITLE) + body).endswith("Price39 €")
