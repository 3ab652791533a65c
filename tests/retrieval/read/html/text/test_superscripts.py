"""What stands above or below the line is read as people say it."""

from __future__ import annotations

import pytest
from support.files.read_page import text_of


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("9<sup>€50</sup>, £7<sup>20</sup>, 5<sub>90</sub> €", "9.50 €, £7.20, 5.90 €"),
        ("10 m<sup>2</sup>, CO<sub>2</sub>, 10<sup>-3</sup>, 11<sub>2</sub>",
         "10 m², CO2, 10⁻³, 11₂"),
        ("1<sup>1</sup>/<sub>2</sub> cups, <sup>1</sup>&frasl;<sub>10</sub> mm, 2 <sup>3</sup>/4",
         "1 1/2 cups, 1/10 mm, 2 3/4"),
        ("£19<sup>90</sup>/24 months", "£19.90/24 months"),
        ("8<sup>30</sup>–12<sup>00</sup>, until 18<sup>15</sup> h", "8:30–12:00, until 18:15 h"),
        ("8<sup>30</sup>–12<sup>00</sup> €", "8.30–12.00 €"),
        ("the 1<sup>st</sup>, Chatbot<sup>TM</sup>, daily<sup>1</sup>",
         "the 1st, Chatbot™, daily¹"),
    ],
)  # fmt: skip
def test_what_is_raised_or_lowered_is_read_on_the_line(body: str, text: str) -> None:
    assert text_of(f"<p>{body}</p>", "en") == text


def test_what_is_raised_is_written_as_in_the_page_s_language() -> None:
    body = "<p>9<sup>50</sup> €, n<sup>o</sup> 3, 1<sup>er</sup> étage, M<sup>me</sup> Le Goff</p>"
    assert text_of(body, "fr") == "9,50 €, n° 3, 1er étage, Mme Le Goff"
