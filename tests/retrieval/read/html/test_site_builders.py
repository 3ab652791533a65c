"""What the builders of sites emit: tabs, lists of prices, shops, hidden addresses."""

from __future__ import annotations

import pytest
from support.files.read_page import text_of

from chatbot_server.retrieval.read.typed_signs import with_signs

BOTH_TITLES = """<h2>Fees</h2><div role="tablist"><div class="tab-title mobile" role="tab"
aria-controls="a">Private</div><div id="a" role="tabpanel" hidden="false"><p>£52</p></div>
<div class="tab-title mobile" role="tab" aria-controls="b">NHS</div>
<div id="b" role="tabpanel" hidden="hidden"><p>£26</p></div></div>"""
BY_PLACE = """<h2>Fees</h2><ul class="pb_tabs_controls"><li><a href="#">Private</a></li>
<li><a href="#">NHS</a></li></ul><div class="all"><div><p>£52</p></div>
<div><p>£26</p></div></div>"""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (BOTH_TITLES, "## Fees\n### Private\n£52\n### NHS\n£26"),
        (BY_PLACE, "## Fees\n### Private\n£52\n### NHS\n£26"),
    ],
)
def test_panels_are_read_below_their_tabs_wherever_these_stand(body: str, text: str) -> None:
    assert text_of(body) == text


ON_SALE = """<h1>Stool</h1><div class="price price--on-sale"><div class="price__regular">£120</div>
<div class="price__sale"><s>£120</s> £95</div><span class="badge price__badge-sale">Sale</span>
<span class="badge price__badge-sold-out">Sold out</span></div>"""
CART = """<h1>Stool</h1><div id="CartDrawer" class="cart-drawer"><h2>Your cart is empty</h2>
<p>£0.00</p></div><p>Solid oak.</p><div class="contact_captcha"><p>4 + 9</p></div>"""
BY_GOOGLE = """<style>.c0{font-weight:400}.c1{color:#000;font-weight:700}</style>
<div class="doc-content"><h1>Rules</h1><p><span class="c1">Wifi</span></p>
<p><span class="c0">Ask us.</span></p><p><span class="c0">Open daily.</span></p></div>"""
ITEMS = """<ul><li><div><div><span>Crab roll</span></div><div><span>£11</span></div></div>
<div>On brown bread</div></li><li><div><div><span>Soup</span></div><div><span>£6</span></div></div>
<div>With a roll</div></li></ul>"""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (ON_SALE, "# Stool\n£95\nSale"),
        (ON_SALE.replace("price--on-sale", "x"), "# Stool\n£120\nSale"),
        (CART, "# Stool\nSolid oak."),
        (ITEMS, "- Crab roll — £11 — On brown bread\n- Soup — £6 — With a roll"),
        ("<p class=MsoListParagraph><span>·<span>\xa0\xa0\xa0 </span></span>Vests</p><p>• </p>",
         "- Vests\n•"),
        (BY_GOOGLE, "# Rules\n## Wifi\nAsk us.\nOpen daily."),
        (BY_GOOGLE.replace("doc-content", "x"), "# Rules\nWifi\nAsk us.\nOpen daily."),
        ("<p>\u200bOpen \ufeffdaily</p><p>\u200b</p>", "Open daily"),
        ("<p>small 6.90 €<br>large 11.50 €</p>", "small 6.90 €\nlarge 11.50 €"),
        ("<table><tr><td>Mon</td><td>Tue</td></tr><tr><td>closed</td><td>9–5</td></tr></table>",
         "| Mon | closed |\n| Tue | 9–5 |"),
        ("<p>Hi.</p><footer><a href=/a>Legal</a> | <a href=/b>Privacy</a></footer>", "Hi."),
        ("<p>Soup <i>......</i> <b>6 €</b></p>", "Soup — 6 €"),
    ],
)  # fmt: skip
def test_what_builders_of_sites_emit_is_read_as_it_is_seen(body: str, text: str) -> None:
    assert text_of(body) == text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Mail: info [at] mill [dot] example.", "Mail: info@mill.example."),
        ("info(at)mill.example", "info@mill.example"),
        ("anna {at} mill {dot} example", "anna@mill.example"),
        ("kontakt[ät]linde[punkt]example", "kontakt@linde.example"),
        ("mairie [arobase] st-aubin [point] example", "mairie@st-aubin.example"),
        ("office AT mill DOT example", "office@mill.example"),
        ("hola (arroba) molino (punto) example", "hola@molino.example"),
        ("Repas chez nous point final", "Repas chez nous point final"),
        ("We sit at mill. dot the i (at) home.", "We sit at mill. dot the i (at) home."),
        ("Soup ............ 7,50 €", "Soup — 7,50 €"),
        ("Oysters (six)………… £12", "Oysters (six) — £12"),
        ("Wine . . . . . 4 . . . . . 18", "Wine — 4 — 18"),
        ("Well..... perhaps", "Well..... perhaps"),
        ("Name: ________", "Name: ________"),
    ],
)
def test_what_is_typed_in_place_of_signs_is_read_as_meant(typed: str, meant: str) -> None:
    assert with_signs(typed) == meant


REPEATED = """<div role=list><div role=listitem><div><div><p>Massage</p></div>
<div><p>60 min</p></div><div><p>£55</p></div><a href=/b><span>Book</span></a></div></div></div>"""
TEAM = """<div><div><div class=photo></div><div>Ann Gray</div><div>Vet</div>
<a href="mailto:ann@mill.example"><svg></svg></a></div><div><div>Ben Hale</div><div>Nurse</div>
<a href="mailto:ben@mill.example"><svg></svg></a></div></div>"""
SEASON = "<h3>Winter</h3><div class=row><div>Mon–Fri</div><div>10–16</div></div>"
LEADERS = """<ul><li><span>Soup</span><span>........</span><span>6 €</span></li>
<li><span>Fish</span><span></span><span>9 €</span></li></ul>"""
NOTE = """<table><tr><th>Hall</th><th>Half a day</th><th>A day</th></tr><tr><td rowspan=2>Large</td>
<td>120 €</td><td>200 €</td></tr><tr><td colspan=2>with the kitchen: 50 € more</td></tr></table>"""
UNDERLINED = """<table><tr><td><b>Prices</b><br><br>Oil: 59 €<br><br><u>Hours</u><br>Daily<br></td>
</tr></table>"""
NAMED_TAB = """<h1>Tea</h1><ul role=tablist><li><a role=tab aria-controls=d href="#d">About</a></li>
</ul><div id=d role=tabpanel><h2>About</h2><p>Green.</p></div>"""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (REPEATED, "Massage — 60 min — £55"),
        (TEAM, "| Ann Gray | Vet | ann@mill.example |\n| Ben Hale | Nurse | ben@mill.example |"),
        (SEASON, "### Winter\nMon–Fri — 10–16"),
        (LEADERS, "| Soup | 6 € |\n| Fish | 9 € |"),
        (NOTE, ("| Hall | Half a day | A day |\n| --- | --- | --- |\n| Large | 120 € | 200 € |\n"
         "| Large — with the kitchen: 50 € more |  |  |")),
        (UNDERLINED, "## Prices\nOil: 59 €\n## Hours\nDaily"),
        (NAMED_TAB, "# Tea\n## About\nGreen."),
        ("<div><span>Lunch</span> <span>24 €</span><em>at noon only</em></div>",
         "Lunch 24 € at noon only"),
    ],
)  # fmt: skip
def test_what_belongs_together_in_boxes_is_read_on_one_line(body: str, text: str) -> None:
    assert text_of(body) == text


WEBFLOW_FAQ = """<div class="faq-item w-dropdown"><div class="faq-question w-dropdown-toggle">
<div class="icon w-icon-dropdown-toggle"></div><div>Do I need a mat?</div></div>
<nav class="faq-answer w-dropdown-list"><p>No. Towels cost £2.</p></nav></div>"""
WEBFLOW_MENU = """<div class="w-dropdown"><div class="w-dropdown-toggle"><div>Shop</div></div>
<nav class="w-dropdown-list"><a class="w-dropdown-link" href="/a">Mats</a></nav></div>"""


def test_answers_that_webflow_opens_are_read_and_its_menus_are_not() -> None:
    text = text_of(f"<h1>Yoga</h1>{WEBFLOW_FAQ}<p>Call us.</p>{WEBFLOW_MENU}")
    assert text.startswith("# Yoga\n## Do I need a mat?\nNo. Towels cost £2.")
    assert "Mats" not in text


def test_panels_of_tabs_with_headings_of_their_own_keep_their_names() -> None:
    tabs = "".join(
        f'<button data-bs-toggle="tab" data-bs-target="#{name}">{name}</button>'
        for name in ("High", "Low")
    )
    panels = "".join(
        f'<div class="tab-pane" id="{name}"><h4>Hours</h4><p>{hours}</p></div>'
        for name, hours in (("High", "9 to 7"), ("Low", "10 to 4"))
    )
    text = text_of(f"<h1>Kayaks</h1><div>{tabs}</div><div>{panels}</div>")
    assert text == "# Kayaks\n## High\n#### Hours\n9 to 7\n## Low\n#### Hours\n10 to 4"


def test_below_an_accordion_the_heading_of_another_box_is_not_opened_again() -> None:
    question = "<details><summary>Cheques?</summary><p>No, by card.</p></details>"
    shops = "<div><h3>Town</h3><p>4 Main St</p></div><div><h3>Port</h3><p>1 Quay</p></div>"
    text = text_of(f"<h1>Bread</h1>{shops}{question}<p>Order two days before.</p>")
    assert text.endswith("#### Cheques?\nNo, by card.\n# Bread\nOrder two days before.")
    text = text_of(f"<h1>Bread</h1><div><h2>FAQ</h2></div><div>{question}<p>Ring us.</p></div>")
    assert text.endswith("### Cheques?\nNo, by card.\n## FAQ\nRing us.")


def test_below_a_list_of_questions_the_heading_above_them_holds_again() -> None:
    answers = "<dt>Are you hiring?</dt><dd>A baker, from May. Write to us.</dd>"
    text = text_of(f"<h1>Bread</h1><h2>FAQ</h2><dl>{answers}</dl><p>4 Main St, Hull.</p>")
    assert text.endswith(
        "### Are you hiring?\nA baker, from May. Write to us.\n## FAQ\n4 Main St, Hull."
    )
    hours = "<dl><dt>Monday</dt><dd>9 to 12</dd></dl>"
    assert text_of(f"<h1>Hours</h1>{hours}<p>Closed in May.</p>").count("# Hours") == 1


def test_a_box_that_opens_an_answer_and_asks_is_a_question() -> None:
    opens = '<div role="button" aria-controls="c9"><p>May I pause?</p></div>'
    answer = '<div id="c9" aria-hidden="true"><p>Twice.</p></div>'
    assert text_of(f"<h1>Box</h1><div>{opens}{answer}</div>") == "# Box\n## May I pause?\nTwice."


@pytest.mark.parametrize(
    ("dish", "text"),
    [
        ("<span>Tarte<em>apple, cream</em></span>", "Tarte apple, cream"),
        ("<span>Cider<small>3,50 €</small></span>", "Cider 3,50 €"),
        ("re<em>do</em> <i>H</i>ello, W<span>elcome to us</span>", "redo Hello, Welcome to us"),
    ],
)
def test_what_style_sheets_put_below_a_word_is_apart_from_it(dish: str, text: str) -> None:
    assert text_of(f"<p>{dish}</p>") == text


def test_what_ends_a_card_is_read_in_it_and_a_line_above_the_header_in_the_margin() -> None:
    card = """<div class="plan-card"><h3>Small</h3><p>9 €</p>
    <div class="plan-card__footer"><p>Bring a card.</p></div></div>"""
    top = '<div id="top-header"><p>Ring 01632 960111</p></div>'
    text = text_of(
        f"{top}<h1>Plans</h1>{2 * card}<div class='site-footer'><p>1 Mill Lane</p></div>"
    )
    assert text.endswith("### Small\n9 €\nBring a card.\n# T\nRing 01632 960111\n1 Mill Lane")
    assert text.count("Bring a card.") == 2
    text = text_of(f"<h1>Plans</h1>{card.replace('h3', 'h2')}")
    assert text.endswith("# T\nBring a card.")
    text = text_of(
        "<div class=site><div class=site-footer>1 Mill Lane</div><h1>A</h1><p>b</p></div>"
    )
    assert text == "# A\nb\n# T\n1 Mill Lane"


@pytest.mark.parametrize(
    ("notice", "is_read"),
    [
        ("© 2026 Mill – 12 quai des Prés, 74000 Annecy", True),
        ("© 2019–2026 Mill, 3 Quay Road, York YO1 7AB", True),
        ("© 2026 Mill. All rights reserved. Version 10.24510", False),
        ("Linde 2026, alle Rechte vorbehalten", False),
        ("Molino 2026. Todos los derechos reservados", False),
    ],
)
def test_an_address_beside_a_copyright_is_read(notice: str, is_read: bool) -> None:
    assert (
        notice in text_of(f"<main><h1>A</h1><p>b</p></main><footer>{notice}</footer>")
    ) is is_read


@pytest.mark.parametrize("price", ["19 €/mois", "19 € par mois", "£9 per visit", "$5 / week"])
def test_a_heading_that_is_a_price_for_a_time_is_that_of_the_name_above(price: str) -> None:
    text = text_of(f"<h1>Plans</h1><h4>Small</h4><h2>{price}</h2><p>Until 4 pm.</p>")
    assert text == f"# Plans\n#### Small — {price}\nUntil 4 pm."
    text = text_of("<h1>Plans</h1><h4>Small</h4><h2>19 rooms</h2><p>Until 4 pm.</p>")
    assert text == "# Plans\nSmall\n## 19 rooms\nUntil 4 pm."


def test_a_dish_above_its_description_has_the_price_beside_both() -> None:
    dish = (
        "<div><div><p>Soup</p><p>With bread</p></div><div><span>£</span><span>6</span></div></div>"
    )
    assert text_of(f"<h1>Menu</h1><div>{dish}</div>") == "# Menu\nSoup — With bread — £6"


def test_a_title_of_google_docs_heads_its_page_and_comments_of_writers_are_not_read() -> None:
    page = """<div class="doc-content"><p class="c1 title">Our rules</p><h2>Bins</h2><p>On Tuesday.
    <sup><a href="#cmnt1" id="cmnt_ref1">[a]</a></sup></p><div><p><a href="#cmnt_ref1" id="cmnt1">
    [a]</a>ask Tom</p></div></div>"""
    assert text_of(page) == "# Our rules\n## Bins\nOn Tuesday."
    word = """<p>On Tuesday.<span class=MsoCommentReference>
    <a class=msocomanchor>[T1]</a></span></p>
    <div style='mso-element:comment-list'><p>ask Tom</p></div>"""
    assert text_of(word) == "On Tuesday."


def test_words_and_an_amount_in_parts_of_their_own_stand_apart() -> None:
    price = "<p><small>from</small><strong>£95</strong><small>/ night</small></p>"
    assert text_of(price) == "from £95/ night"


def test_several_definitions_that_are_sentences_stand_one_after_the_other() -> None:
    terms = "<dl><dt>Dogs</dt><dd>On a lead.</dd><dd>Small ones</dd><dd>free</dd></dl>"
    assert text_of(terms) == "| Dogs | On a lead. Small ones; free |"
