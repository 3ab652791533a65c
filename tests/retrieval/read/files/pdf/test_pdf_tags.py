"""Tables and lists of PDF files that the program which wrote them tagged as such."""

from __future__ import annotations

import pypdfium2  # type: ignore[import-untyped]
import pytest
from support.files.pdf_files import pdf_of, stream
from support.files.read_file import read_bytes, read_office

from chatbot_server.retrieval.read.files.pdf.page import tags
from chatbot_server.retrieval.read.files.pdf.page.pieces import Piece
from chatbot_server.retrieval.read.files.pdf.page.reader import mark_items
from chatbot_server.retrieval.read.files.pdf.page.tags import TaggedTable, TextTag
from chatbot_server.retrieval.read.files.pdf.tables.tagged import tagged_tables

BICYCLES = read_office("velos-two-chromium.pdf")["text"].split("\n\n")
CLIMBING = read_office("climb-tagged.pdf")["text"].split("\n\n")


def below(blocks: list[str], heading: str) -> list[str]:
    """The lines of what stands below *heading*."""
    return blocks[blocks.index(f"## {heading}") + 1].split("\n")


def test_names_above_several_columns_and_titles_between_rows_are_told_with_each_cell() -> None:
    table = below(CLIMBING, "Entry")
    assert table[0] == (
        "| Who | Off-peak, Bouldering only | Off-peak, All walls "
        "| Peak, Bouldering only | Peak, All walls |"
    )
    nothing = "not sold at peak times"
    assert table[-1] == f"| Family of four | £24.00 | £31.00 | {nothing} | {nothing} |"
    rope = "| Only with a lead certificate › 60 m rope | £6.00 | £50 |"
    assert rope in below(CLIMBING, "Hire")


def test_a_table_that_goes_on_in_the_next_column_is_one_table() -> None:
    assert below(BICYCLES, "Horaires d’ouverture") == [
        "| Jour | Avril à septembre | Octobre à mars |",
        "| --- | --- | --- |",
        "| Lundi | fermé | fermé |",
        "| Mardi à vendredi | 9 h – 12 h 30 et 14 h – 18 h 30 | 10 h – 12 h et 14 h – 17 h |",
        "| Samedi | 8 h 30 – 19 h | 10 h – 17 h |",
        "| Dimanche | 8 h 30 – 13 h | fermé |",
    ]


def test_a_table_that_goes_on_on_the_next_page_is_one_table() -> None:
    assert below(CLIMBING, "Courses") == [
        "| Course | Length | Age | Price |",
        "| --- | --- | --- | --- |",
        "| Taster | 1 hour | 8 and over | £18 |",
        "| Beginners' rope course | 2 evenings | 16 and over | £62 |",
        "| Learn to lead | 3 evenings | 18 and over | £95 |",
        "| Self-rescue | 1 day | 18 and over |  |",  # its price spans the end of the page
        "| Mini Monkeys | 45 minutes | 4 to 7 | £9.50 |",
    ]


def test_items_whose_bullets_are_drawn_stay_items() -> None:
    assert below(BICYCLES, "Réparations à l’atelier")[:2] == [
        "- crevaison : 12 €, chambre à air comprise",
        "- réglage des freins : 18 €",
    ]
    assert "- No bare feet on the walls." in below(CLIMBING, "House rules")


@pytest.mark.parametrize(
    ("cells", "rows", "is_grid"),
    [
        ([[(0, 0)], [(0, 1)], [(1, 0)], [(1, 1)]], 2, True),
        ([[(0, 0), (0, 1)], [(1, 0)], [(1, 1)]], 2, True),
        ([[(0, 0)], [(0, 1)]], 1, False),  # places things side by side
        ([[(0, 0)], [(0, 1)], [(1, 0)]], 2, False),  # a cell is missing
        ([[(0, 0), (0, 1)], [(0, 1)], [(1, 0)], [(1, 1)]], 2, False),  # two in one place
    ],
)
def test_tags_that_make_no_grid_are_not_believed(
    cells: list[list[tuple[int, int]]], rows: int, is_grid: bool
) -> None:
    assert TaggedTable(cells, row_count=rows, column_count=2).is_grid is is_grid


def piece_at(x: float, baseline: float, text: str, tag: TextTag) -> Piece:
    return Piece(text, x, x + 6 * len(text), baseline, 10, is_bold=False, tag=tag)


def test_a_cell_with_times_below_each_other_holds_rows_and_is_read_by_where_they_stand() -> None:
    table = TaggedTable([[(0, 0)], [(0, 1)], [(1, 0)], [(1, 1)]], row_count=2, column_count=2)
    cells = [(50, 10, "Day", 0), (99, 10, "What", 1), (50, 24, "9.30", 2), (99, 24, "Walk", 3)]
    rows = [[piece_at(x, y, text, TextTag(table, at)) for x, y, text, at in cells]]
    assert len(tagged_tables(rows)[0]) == 1
    later = [
        piece_at(50, 36, "11.00", TextTag(table, 2)),
        piece_at(99, 36, "Swim", TextTag(table, 3)),
    ]
    assert tagged_tables([*rows, later]) == ([], [*rows, later])


def test_an_item_with_its_price_at_the_end_of_the_line_gets_no_bullet() -> None:
    dish, other = TextTag(item=1), TextTag(item=2)
    pieces = [piece_at(50, 10, "Soup", dish), piece_at(300, 10, "4 €", dish)]
    pieces.append(piece_at(50, 24, "Ask for more.", other))
    mark_items(pieces)
    assert [piece.text for piece in pieces] == ["Soup", "4 €", "• Ask for more."]


def tagged_pdf(span: bytes) -> bytes:
    """A table of two rows, the first cell of which spans *span* columns."""
    words = ("Walk", "Price", "Mill", "9 pounds")
    texts = [
        b"/TD <</MCID %d>> BDC BT /F 11 Tf 1 0 0 1 %d %d Tm (%s) Tj ET EMC"
        % (number, 50 + 200 * (number % 2), 700 - 20 * (number // 2), word.encode())
        for number, word in enumerate(words)
    ]
    properties = b"/StructParents 0/Resources<</Font<</F 5 0 R>>>>"
    cell = b"<</S/TD/P %d 0 R/Pg 3 0 R/K %d/A<</O/Table/ColSpan %s>>>>"
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R/MarkInfo<</Marked true>>/StructTreeRoot 6 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R%s>>" % properties,
            stream(b"\n".join(texts)),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            b"<</Type/StructTreeRoot/K 7 0 R/ParentTree<</Nums[0[10 0 R 11 0 R 12 0 R 13 0 R]]>>>>",
            b"<</S/Table/P 6 0 R/K[8 0 R 9 0 R]>>",
            b"<</S/TR/P 7 0 R/K[10 0 R 11 0 R]>>",
            b"<</S/TR/P 7 0 R/K[12 0 R 13 0 R]>>",
            *(cell % (8 + at // 2, at, b"1" if at else span) for at in range(4)),
        ]
    )


@pytest.mark.parametrize(
    "span", [b"1", b"60", b"-5", b"9" * 60, b"9" * 60 + b".5", b"0." + b"0" * 60]
)
def test_spans_that_no_table_has_break_nothing(span: bytes) -> None:
    text = read_bytes("walks.pdf", tagged_pdf(span))["text"]
    assert all(word in text for word in ("Walk", "Price", "Mill", "9 pounds"))


@pytest.mark.parametrize(("bound", "count"), [("", 4), ("MAX_ELEMENTS", 0), ("MAX_CHILDREN", 0)])
def test_more_tags_than_are_read_are_bounded(
    bound: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if bound:
        monkeypatch.setattr(tags, bound, 1)
    page = pypdfium2.PdfDocument(tagged_pdf(b"1"))[0]
    page_tags = tags.PageTags(page)
    in_table = [page_tags.of(text.raw).table for text in page.get_objects()]
    assert sum(table is not None for table in in_table) == count
