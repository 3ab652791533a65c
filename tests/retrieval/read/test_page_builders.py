"""Pages as site builders make them: what belongs together there is read together."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.read.html_page import read_html


def text_of(body: str, language: str = "en") -> str:
    """The text read from a page with this body, without empty lines."""
    page = f"<html lang={language}><head><title>T</title></head><body>{body}</body></html>"
    documents = read_html(page.encode(), "p", "https://s.example/p", "")["documents"]
    return "\n".join(line for one in documents for line in one["text"].split("\n") if line)


DATES = """<h1>What is on</h1><div class="grid">
<div class="card"><span class="date">12 May</span><h3>Concert</h3><p>At 8 pm.</p></div>
<div class="card"><span class="date">14 June</span><h3>Fair</h3><p>From 7 am.</p></div></div>"""
PRICES = """<section><h2>Plans</h2>
<div><div class="card"><p>29 €<small>/month</small></p><h3>Basic</h3><p>Two.</p></div></div>
<div><div class="card"><h4>49 €</h4><h3>All</h3><p>Any.</p></div></div></section>"""
NEWS = """<h1>News</h1><ul><li><time>22/05/2026</time><h5><a href=/a>Trip</a></h5></li>
<li><time>03/04/2026</time><h5><a href=/b>Lottery</a></h5></li></ul>"""
NO_CARDS = "<h1>A</h1><div><p>Open until 9 pm.</p><h2>B</h2><p>b</p></div>"
LABELS_OF_CARDS = """<div><p>Our team 2026 is made of people who have been here for a long time, and
who like to work for you, every day of the week.</p><h3>A</h3><p>a</p></div><div><h3>B</h3></div>"""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (DATES, "# What is on\n### Concert\n12 May\nAt 8 pm.\n### Fair\n14 June\nFrom 7 am."),
        (PRICES, "## Plans\n### Basic\n29 €/month\nTwo.\n### All\n49 €\nAny."),
        (NEWS, "# News\n##### Trip\n22/05/2026\n##### Lottery\n03/04/2026"),
        (NO_CARDS, "# A\nOpen until 9 pm.\n## B\nb"),
    ],
)  # fmt: skip
def test_what_stands_above_the_heading_of_a_card_is_said_of_that_card(body: str, text: str) -> None:
    assert text_of(body) == text


def test_a_paragraph_above_a_heading_stays_there() -> None:
    assert text_of(LABELS_OF_CARDS).startswith("Our team 2026")


WINTER = "<p>50 € a night</p>"
SUMMER = "<p>90 € a night</p>"
BY_SCRIPT = f"""<button onclick="openTab(event, 'W')">Winter</button>
<button onclick="openTab(event, 'S')">Summer</button>
<div id="W" class="tabcontent">{WINTER}</div>
<div id="S" class="tabcontent" style="display:none">{SUMMER}</div>"""
BY_LINK = f"""<ul hidden><li><a href="#w">Winter</a></li><li><a href="#s">Summer</a></li></ul>
<div id="w">{WINTER}</div><div id="s" hidden>{SUMMER}</div>"""
BY_MARK = f"""<div role="tablist"><a data-w-tab="Tab 1"><div>Winter</div></a>
<a data-w-tab="Tab 2"><div>Summer</div></a></div>
<div><div data-w-tab="Tab 1">{WINTER}</div><div data-w-tab="Tab 2">{SUMMER}</div></div>"""
BY_PANEL = f"""<div role="tablist"><button role="tab" id="1">Winter</button>
<button role="tab" id="2">Summer</button></div>
<div role="tabpanel" aria-labelledby="1">{WINTER}</div>
<div role="tabpanel" aria-labelledby="2" hidden>{SUMMER}</div>"""
BY_CHOICE = f"""<div><input type="radio" id="1"><input type="radio" id="2">
<div><label for="1">Winter</label><label for="2">Summer</label></div>
<div><div>{WINTER}</div><div>{SUMMER}</div></div></div>"""
BY_LABEL = f"""<div><input type="radio" id="1"><label for="1">Winter</label>
<input type="radio" id="2"><label for="2">Summer</label>
<div><div>{WINTER}</div><div>{SUMMER}</div></div></div>"""
AROUND = f"""<div role="tablist"><div role="tab" aria-controls="w">Winter</div>
<div id="w" role="tabpanel">{WINTER}</div><div role="tab" aria-controls="s">Summer</div>
<div role="tab">Summer</div><div id="s" role="tabpanel" hidden>{SUMMER}</div></div>"""


@pytest.mark.parametrize(
    "tabs", [BY_SCRIPT, BY_LINK, BY_MARK, BY_PANEL, BY_CHOICE, BY_LABEL, AROUND]
)
def test_each_panel_is_read_below_the_name_of_its_tab(tabs: str) -> None:
    text = text_of(f"<h2>Prices</h2>{tabs}")
    assert text == "## Prices\n### Winter\n50 € a night\n### Summer\n90 € a night"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("""<nav><a href="#a">About</a><a href="#p">Prices</a></nav>
         <section id="a"><h2>Who we are</h2><p>A mill.</p></section>
         <section id="p"><p>Adults 5 €</p></section>""",
         "## Who we are\nA mill.\n## Prices\nAdults 5 €"),
        ("""<p><a href="#a">Go on</a> <a href="#b">Book</a></p>
         <h2 id="a">Rooms</h2><p>Ten.</p><h2 id="b">Booking</h2><p>By telephone.</p>""",
         "Go on Book\n## Rooms\nTen.\n## Booking\nBy telephone."),
        ("""<div class="panel-group" role="tablist"><div role="tab" id="h"><h4><a role="button"
         data-toggle="collapse" href="#c" aria-controls="c">Is there parking?</a></h4></div>
         <div id="c" class="collapse" role="tabpanel" aria-labelledby="h">Yes.</div></div>""",
         "#### Is there parking?\nYes."),
        ("""<div><div class="elementor-tab-title" data-tab="1" role="button" aria-controls="c">
         <a>Is there parking?</a></div><div id="c" data-tab="1" role="region">Yes.</div></div>""",
         "## Is there parking?\nYes."),
    ],
)  # fmt: skip
def test_what_has_a_heading_gets_no_other(body: str, text: str) -> None:
    assert text_of(body) == text
