"""Paragraphs whose lines are parted by line breaks, as editors of text make them."""

from __future__ import annotations

import pytest
from support.files.read_page import text_of

BOLD = """<h1>Help</h1><p><strong>Do you deliver?</strong><br>On Fridays.<br><br><strong>Can I pay
by card?<br></strong>From 10 €.<br>\xa0<br><b>Are dogs welcome?</b> On a lead.</p>"""
BY_STYLE = """<h1>Help</h1><div><span style="font-weight: 700">Do you deliver?</span><br>On
Fridays.<br><br><span style="font-weight:bold">Can I pay by card?</span><br>From 10 €.</div>"""
PLAIN = """<h1>Help</h1><p>Ask us.<br><br>Do you deliver?<br>On Fridays.<br><br>Can I pay by
card?<br>From 10 €.</p>"""
QUESTIONS = "# Help\n## Do you deliver?\nOn Fridays.\n## Can I pay by card?\nFrom 10 €."
LONE = "<h1>Help</h1><p><b>When are you here?</b><br>From nine to five.</p><p>Call us.</p>"
GROUPS = """<h1>Team</h1><p><b>The office:</b><br>Ann answers.<br>Ben writes.<br><br>
<b>The kitchen</b><br>Cleo cooks.</p><p><b>The garden</b></p><p>Dan digs.</p>"""
MENU = """<h1>Card</h1><p><b>Soup of the day</b><br>6 €<br><br><b>Trout</b><br>with almonds<br>
17 €</p>"""
NO_HEADINGS = """<h1>A</h1><p>We <b>never</b><br>close, and <b>always?</b><br>answer.</p>
<p><b>Ann</b><br>cooks</p><p>Who are we?<br><br>A mill.</p><b style="font-weight:normal"><p>Open
daily</p><p>Ring</p></b>"""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (BOLD, f"{QUESTIONS}\n## Are dogs welcome?\nOn a lead."),
        (BY_STYLE, QUESTIONS),
        (PLAIN, QUESTIONS.replace("##", "Ask us.\n##", 1)),
        (LONE, "# Help\n## When are you here?\nFrom nine to five.\nCall us."),
        (GROUPS, ("# Team\n## The office\nAnn answers.\nBen writes.\n## The kitchen\nCleo cooks.\n"
         "## The garden\nDan digs.")),
        (MENU, "# Card\n- Soup of the day — 6 €\n- Trout — with almonds — 17 €"),
        (NO_HEADINGS, ("# A\nWe never close, and always? answer.\nAnn cooks\nWho are we?\n"
         "A mill.\nOpen daily\nRing")),
    ],
)  # fmt: skip
def test_lines_that_head_others_of_their_paragraph_are_headings(body: str, text: str) -> None:
    assert text_of(body) == text
