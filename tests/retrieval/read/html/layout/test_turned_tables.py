"""Tables of plain cells: names and values stand together, wherever the table has them."""

from __future__ import annotations

import pytest
from support.files.read_page import text_of


def rows(*cells: str) -> str:
    """A table of plain cells; a row's are parted by bars."""
    lines = ("</td><td>".join(row.split("|")) for row in cells)
    return f"<table>{''.join(f'<tr><td>{line}</td></tr>' for line in lines)}</table>"


APPLES_AND_PEARS = "| Apples | 2 € |\n| Pears | 3 € |"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rows("Apples|Pears", "2 €|3 €"), APPLES_AND_PEARS),
        (rows("Apples|Pears", "2 €|3 €").replace("td>", "th>", 4), APPLES_AND_PEARS),
        (rows("Apples<br>Pears|2 €<br>3 €"), APPLES_AND_PEARS),
        (rows("Apples|", "2 €|", "Pears|Plums", "3 €|4 €"), ("| Apples |  |\n| 2 € |  |\n"
         "| Pears | Plums |\n| 3 € | 4 € |")),
        (rows("Apples|Pears", "2 €|3 €", "Plums|Figs", "4 €|5 €"),
         f"{APPLES_AND_PEARS}\n| Plums | 4 € |\n| Figs | 5 € |"),
        (rows("Mon|Tue|Wed", "closed|9:00–12:00|9 am – 5 pm"),
         "| Mon | closed |\n| Tue | 9:00–12:00 |\n| Wed | 9 am – 5 pm |"),
        (rows("Under 9<br>(2019)|Monday: 14:30<br>Friday: 14:00", "Under 11|Monday: 15:30"),
         "| Under 9 (2019) | Monday: 14:30, Friday: 14:00 |\n| Under 11 | Monday: 15:30 |"),
        (rows("|Low|High", "Tent|9 €|12 €"), ("|  | Low | High |\n| --- | --- | --- |\n"
         "| Tent | 9 € | 12 € |")),
        (rows("Room|Low|High", "Small|40 €|60 €"), ("| Room | Low | High |\n| --- | --- | --- |\n"
         "| Small | 40 € | 60 € |")),
        (rows("Massage|30 min<br>60 min|45 €<br>75 €", "Stones|75 min|90 €"),
         "| Massage | 30 min | 45 € |\n| Massage | 60 min | 75 € |\n| Stones | 75 min | 90 € |"),
        (rows("Massage|30 min<br>60 min|Ann<br>Tom", "Stones|75 min|Ann"),
         "| Massage | 30 min, 60 min | Ann, Tom |\n| Stones | 75 min | Ann |"),
        (rows("Zone|Day|Charge", "Town|Tuesday|free", "Villages|Monday|4 €", "Coast|Friday|6 €"),
         ("| Zone | Day | Charge |\n| --- | --- | --- |\n| Town | Tuesday | free |\n"
          "| Villages | Monday | 4 € |\n| Coast | Friday | 6 € |")),
        (rows("Soup|6 €", "Fish|16 €"), "| Soup | 6 € |\n| Fish | 16 € |"),
    ],
)  # fmt: skip
def test_a_table_has_a_row_for_each_thing_it_tells_of(body: str, text: str) -> None:
    assert text_of(body) == text
