"""Answers on the server's own pages."""

from __future__ import annotations

from chatbot_server.web.markdown import in_html


def test_amounts_times_and_numbers_stay_together() -> None:
    text = "Prix : 25 € de 10 h – 19 h 30, 04 78 55, **5 × 3 h** ?"
    kept = "Prix␣: 25␣€ de 10␣h␣– 19␣h␣30, 04␣78␣55, <strong>5␣×␣3␣h</strong>␣?"
    assert in_html(text) == f"<p>{kept}</p>\n".replace("␣", "\u00a0")


def test_code_keeps_its_blanks_and_no_markup_gets_through() -> None:
    assert in_html("`a ? 25 €`") == "<p><code>a ? 25 €</code></p>\n"
    assert in_html("<b>1 € & 2</b>") == "<p>&lt;b&gt;1\u00a0€ &amp; 2&lt;/b&gt;</p>\n"
