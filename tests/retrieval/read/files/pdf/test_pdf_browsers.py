"""What browsers print of pages without style: cells nearly touch, and forms touch tables."""

from __future__ import annotations

import pytest
from support.files.read_file import read_office

BLOCKS = read_office("maison-chromium.pdf")["text"].split("\n\n")


def below(heading: str) -> list[str]:
    """The lines of what stands below *heading*."""
    return BLOCKS[BLOCKS.index(f"## {heading}") + 1].split("\n")


@pytest.mark.parametrize(
    ("heading", "lines"),
    [
        ("Cours", ["| Cours | Âge | Jour | Horaire | Salle | Cotisation |",
                   "| Yoga | adultes | jeudi | 19 h – 20 h 30 | Salle 2 | 210 € |"]),
        ("Cantine", ["|  | Lundi | Mardi | Jeudi |",
                     "| Dessert | Pomme | Compote | Gâteau maison |"]),
        ("Piscine", ["|  | Public | Couloirs | Aquagym |", "| Lundi | 10–12 | 7–9 |  |",
                     "| Mardi |  | 7–9 | 19–20 |"]),
    ],
)  # fmt: skip
def test_cells_that_nearly_touch_keep_their_columns(heading: str, lines: list[str]) -> None:
    table = below(heading)
    assert table[0] == lines[0]
    assert set(lines) <= set(table)


def test_blanks_that_must_not_break_a_line_part_no_cells() -> None:
    assert below("Salon") == ["Un acompte de 30 % est demandé ; il est rendu jusqu’à 48 h avant."]
    prices = next(block for block in BLOCKS if "Prestation" in block).split("\n")
    assert prices[0] == "| Prestation | Durée | Tarif normal | Tarif réduit |"
    assert prices[-1] == "| Forfait mariée (essai compris) | 3 h | 140 € | – |"


def test_letters_that_stand_apart_make_one_word() -> None:
    assert "Tarifs et horaires" in BLOCKS


def test_a_field_to_write_in_that_touches_a_table_is_no_row_of_it() -> None:
    table = ["| Salle | Journée |", "| --- | --- |", "| Grande salle | 150 € |"]
    assert below("Location") == [*table, "| Petite salle | 60 € |"]
    assert "Nom" in BLOCKS
