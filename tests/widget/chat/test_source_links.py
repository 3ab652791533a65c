"""A source's link leads to its words: by where a real browser scrolls to."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from support.widget.host_pages import HostPages
from support.widget.scripted_server import DONE, Script
from support.widget.visits import Visitor, box_of, viewport_of

from chatbot_server.retrieval.answer.show.sources import link_to

pytestmark = pytest.mark.browser
FAR = "<p>" + "Other words that are not looked for. " * 300 + "</p>"
PAGE = f"""<p>Monday is a busy day; 9 am is early.</p>{FAR}
<ol><li>Book a slot.</li><li id="item">Bring the bike <em>before noon</em>, or later.</li></ol>{FAR}
<table><tr><th>Day</th><th>From</th><th>To</th></tr><tr><td>Sunday</td><td>–</td><td>–</td></tr>
<tr id="row"><td>Monday</td><td>9&nbsp;am</td><td>5 pm</td></tr></table>{FAR}
<p id="long">Non-stop, a &amp; b: the price of a <b>double</b> room is 80&#8239;€ – all included.</p>
{FAR}<ul><li id="dash">Tea — for two</li></ul>{FAR}<h2 id="hours">Opening hours</h2>{FAR}"""
SENTENCES = {
    "item": "2. Bring the bike *before noon*, or later.",
    "row": "- Monday — From: 9 am; To: 5 pm",
    "long": "Non-stop, a & b: the price of a **double** room is 80 € – all included.",
    "dash": "- Tea — for two",
    "hours": "Opening hours",
}


@pytest.mark.parametrize("place", SENTENCES)
def test_a_source_s_link_scrolls_to_the_words(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script, place: str
) -> None:
    quoted = pages.add(PAGE, tag="", name="quoted.html")
    source = {"title": "Page", "url": link_to(quoted, SENTENCES[place]), "quote": "Words"}
    script.answers["?"] = [
        ("token", {"text": "Here."}),
        ("sources", {"items": [source]}),
        ("done", DONE | {"origin": "pages"}),
    ]
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?").answered("Here.")
        with it.page.context.expect_page() as opened:
            it.panel.get_by_role("link", name="Page").click()
        target = opened.value
        target.wait_for_function("scrollY > 0")
        box = box_of(target.locator(f"#{place}"))
        assert box is not None
        assert 0 <= box["y"] < viewport_of(target)["height"]
