"""Web pages that an office program printed: tables without lines, whose cells nearly touch."""

from __future__ import annotations

import pytest
from support.files.read_file import read_office

PLAIN, STYLED, BICYCLES = (
    read_office(name)["text"].split("\n\n")
    for name in ("climb-plain.pdf", "climb-styled.pdf", "velos-styled.pdf")
)


def below(blocks: list[str], heading: str) -> list[str]:
    """The lines of the table below *heading*."""
    return blocks[blocks.index(heading) + 1].split("\n")


@pytest.mark.parametrize("blocks", [PLAIN, STYLED])
def test_cells_that_span_columns_and_wrapped_names_keep_the_columns(blocks: list[str]) -> None:
    nothing = "not sold at peak times"
    peak = "Peak, Bouldering only | Peak, All walls"
    assert below(blocks, "## Entry") == [
        f"| Who | Off-peak, Bouldering only | Off-peak, All walls | {peak} |",
        "| --- | --- | --- | --- | --- |",
        "| Adult | £8.50 | £11.00 | £10.50 | £13.50 |",
        "| Student or over 60 | £7.00 | £9.00 | £8.50 | £11.50 |",
        "| Child, 6 to 15 | £5.50 | £7.50 | £6.50 | £9.00 |",
        f"| Family of four | £24.00 | £31.00 | {nothing} | {nothing} |",
    ]


@pytest.mark.parametrize("blocks", [PLAIN, STYLED])
def test_titles_between_rows_are_told_with_the_rows_below(blocks: list[str]) -> None:
    table = below(blocks, "## Hire")
    assert table[2] == "| For everybody › Climbing shoes | £3.50 | none |"
    assert table[-1] == "| Only with a lead certificate › Set of quickdraws | £4.50 | £40 |"


def test_a_cell_in_the_middle_between_two_rows_is_of_both() -> None:
    assert "| Self-rescue | 1 day | 18 and over | £95 |" in below(STYLED, "## Courses")
    assert below(BICYCLES, "# Accessoires")[-1] == "| Porte-carte | 1 € | 30 € |"


def test_names_told_again_on_the_next_page_are_no_row_and_head_nothing() -> None:
    assert not [block for block in STYLED + BICYCLES if block.startswith("### ")]
    assert sum(block.count("Octobre à mars") for block in BICYCLES) == 1


def test_a_name_in_the_middle_beside_two_lines_is_that_of_their_row() -> None:
    hours = "| Mardi à vendredi | 9 h – 12 h 30 et 14 h – 18 h 30 | 10 h – 12 h et 14 h – 17 h |"
    assert hours in below(BICYCLES, "# Horaires d’ouverture")


def test_lines_that_are_justified_part_no_cells() -> None:
    blocks = read_office("velos-two.pdf")["text"].split("\n\n")
    assert (
        "Le magasin est fermé le 1er mai et du 20 décembre au 5 janvier. Les jours fériés de "
        "juillet et d’août, nous ouvrons comme le dimanche."
    ) in blocks
    assert (
        "Il n’y a pas de remorque pour chien. Un petit chien peut voyager dans le panier du vélo "
        "de ville, s’il pèse moins de huit kilos."
    ) in blocks


def test_bullets_that_nearly_touch_are_those_of_items() -> None:
    assert "- crevaison : 12 €, chambre à air comprise" in "\n".join(BICYCLES).split("\n")
