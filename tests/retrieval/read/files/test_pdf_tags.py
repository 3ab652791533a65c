"""Tables and lists of PDF files that the program which wrote them tagged as such."""

from __future__ import annotations

import pytest
from support.files.read_file import read_office

from chatbot_server.retrieval.read.files.pdf.tags import TaggedTable

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
