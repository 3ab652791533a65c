"""Pages as site builders make them: what belongs together there is read together."""

from __future__ import annotations

import pytest
from support.files.read_page import text_of

DATES = """<h1>What is on</h1><div class="grid">
<div class="card"><span class="date">12 May</span><h3>Concert</h3><p>At 8 pm.</p></div>
<div class="card"><span class="date">14 June</span><h3>Fair</h3><p>From 7 am.</p></div></div>"""
PRICES = """<section><h2>Plans</h2>
<div><div class="card"><p>29 €<small>/month</small></p><h3>Basic</h3><p>Two.</p></div></div>
<div><div class="card"><h4>49 €</h4><h3>All</h3><p>Any.</p></div></div></section>"""
NEWS = """<h1>News</h1><ul><li><time>22/05/2026</time><h5><a href=/a>Trip</a></h5></li>
<li><time>03/04/2026</time><h5><a href=/b>Lottery</a></h5></li></ul>"""
BLOG = """<h1>Blog</h1><article><header><p class=meta>22/05/2019</p><h2>Trip</h2></header>
<p>By bus.</p></article><article><header><p class=meta>03/05/2018</p><h2>Lunch</h2></header>
<p>Bring bread.</p></article>"""
NO_CARDS = "<h1>A</h1><div><p>Open until 9 pm.</p><h2>B</h2><p>b</p></div>"
LABELS_OF_CARDS = """<div><p>Our team 2026 is made of people who have been here for a long time, and
who like to work for you, every day of the week.</p><h3>A</h3><p>a</p></div><div><h3>B</h3></div>"""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (DATES, "# What is on\n### Concert\n12 May\nAt 8 pm.\n### Fair\n14 June\nFrom 7 am."),
        (PRICES, "## Plans\n### Basic\n29 €/month\nTwo.\n### All\n49 €\nAny."),
        (NEWS, "# News\n##### Trip\n22/05/2026\n##### Lottery\n03/04/2026"),
        (BLOG, "# Blog\n## Trip\n22/05/2019\nBy bus.\n## Lunch\n03/05/2018\nBring bread."),
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
BY_ALPINE = f"""<div x-data="{{tab: 'w'}}"><button @click="tab = 'w'">Winter</button>
<button x-on:click="open = 1; tab='s'">Summer</button><div x-show="tab === 'w'">{WINTER}</div>
<div x-show="tab == 's'" style="display:none">{SUMMER}</div></div>"""
AROUND = f"""<div role="tablist"><div role="tab" aria-controls="w">Winter</div>
<div id="w" role="tabpanel">{WINTER}</div><div role="tab" aria-controls="s">Summer</div>
<div role="tab">Summer</div><div id="s" role="tabpanel" hidden>{SUMMER}</div></div>"""


@pytest.mark.parametrize(
    "tabs", [BY_SCRIPT, BY_LINK, BY_MARK, BY_PANEL, BY_CHOICE, BY_LABEL, BY_ALPINE, AROUND]
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


SLOTS = """<my-hours><template shadowrootmode="open"><p>Open <slot name="day"></slot> 9–5</p>
<slot></slot></template><b>Ring the bell.</b><span slot="day">Monday</span></my-hours>"""
SPLIT_PRICE = """<div class="price"><span>€</span><span class="integer-part">39</span>
<div class="after-price"><span class="fractional-part">90</span></div>
<span class="period">a month</span></div>"""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p><del>49 €</del> <ins>29 €</ins>, <s>9–12</s><strike>1</strike> 10–12</p>",
         "29 €, 10–12"),
        ('<p><span style="text-decoration: line-through">49 €</span> 29 €</p>', "29 €"),
        (SPLIT_PRICE, "€ 39.90 a month"),
        ('<p>9<span class="price-decimal">.</span><span class="a-price-fraction">50</span> €</p>',
         "9.50 €"),
        ('<p><span data-to-value="1500">0</span> guests, <b data-count="x">0</b> stars</p>',
         "1500 guests, 0 stars"),
        ('<p>Card</p><img data-src=m.jpg alt="Lunch: starter 8 €, main 15 €"><img alt="IMG 20h">',
         "Card\nLunch: starter 8 €, main 15 €"),
        ('<p>Card <img alt="Our terrace in the summer of 2026"></p>', "Card"),
        ("<p class=wide>Open daily 9–5</p><p class=narrow>Open daily 9–5</p><p>5 €</p><p>5 €</p>",
         "Open daily 9–5\n5 €\n5 €"),
        ("""<div class="swiper-slide swiper-slide-duplicate">Very kind!</div>
         <div class="swiper-slide">Very kind!</div><div class="slick-cloned">Good.</div>""",
         "Very kind!"),
        ('<p><a href="https://wa.me/33612345678?text=Hi">WhatsApp</a></p>',
         "WhatsApp (+33612345678)"),
        (SLOTS, "Open Monday 9–5\nRing the bell."),
        ("""<h1>Shop</h1><p>Open.</p><div id="iubenda-cs-banner">Cookies?</div>
         <div class="sp-dsgvo-popup">Cookies?</div>""", "# Shop\nOpen."),
    ],
)  # fmt: skip
def test_what_visitors_see_is_read_as_they_see_it(body: str, text: str) -> None:
    assert text_of(body) == text


DAYS = "<div class=text><p><span>Monday</span></p><p>Tue – Fri</p><p>Saturday</p></div>"
HOURS = "<div class=text><p>closed</p><p>9 am – 5 pm</p><p>10 am – 1 pm</p></div>"
WEEK_IN_COLUMNS = "| Monday | closed |\n| Tue – Fri | 9 am – 5 pm |\n| Saturday | 10 am – 1 pm |"
MENU = """<div class="items">
<div><div>Soup</div><div>with bread</div><div><span>£</span>6.50</div></div>
<div><div>Olives</div><div><span>£</span>4</div></div></div>"""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f"<section><div><h2>Hours</h2></div>{DAYS}{HOURS}<div><p>Ring.</p></div></section>",
         f"## Hours\n{WEEK_IN_COLUMNS}\nRing."),
        (f"<div><div><div>{DAYS}</div></div><div><div>{HOURS}</div></div></div>", WEEK_IN_COLUMNS),
        ("""<div><div><p>Cut<br>Cut and wash</p></div><div><p>25 €<br>32 €</p></div></div>""",
         "| Cut | 25 € |\n| Cut and wash | 32 € |"),
        ("<div><div><p>Home</p><p>About</p></div><div><p>1 Road</p><p>1234 Bath</p></div></div>",
         "| Home | About |\n| 1 Road | 1234 Bath |"),
        (MENU, "- Soup — with bread — £6.50\n- Olives — £4"),
        (MENU.replace("4</div>", "</div>"), "Soup — with bread — £6.50\nOlives\n£"),
    ],
)  # fmt: skip
def test_what_stands_side_by_side_is_read_together(body: str, text: str) -> None:
    assert text_of(body) == text


@pytest.mark.parametrize("name", ["has-breadcrumbs", "breadcrumb-off page", "no-breadcrumb"])
def test_a_page_whose_body_tells_of_crumbs_is_read(name: str) -> None:
    body = "<p>Every day from 11:00 to 23:00.</p>"
    assert "11:00" in text_of(f"<body class='home {name}'><header>Café</header>{body}</body>")


def test_the_title_beside_the_crumbs_is_read_and_the_crumbs_are_not() -> None:
    crumbs = "<ol><li><a href=/>Home</a></li><li>Our menu</li></ol>"
    text = text_of(
        f"<section class=breadcrumbs><div class=row><h2>What we cook</h2>{crumbs}</div></section>"
        "<section><p>Soup, 6 €.</p></section>"
    )
    assert text == "## What we cook\nSoup, 6 €."


def test_a_box_that_has_a_sidebar_is_none() -> None:
    text = text_of(
        "<div class='row has-sidebar'><h1>Prices</h1><p>A day costs 12 €.</p></div>"
        "<div class=sidebar><h3>Search</h3><p>Ask us anything.</p></div>"
    )
    assert text.index("12 €") < text.index("Ask us")
    assert text.startswith("# Prices")


def test_a_page_in_a_menu_that_is_never_closed_is_read_though_its_header_has_a_number() -> None:
    text = text_of(
        "<header><nav><a href=/>Home</a> <a href=tel:0298123456>02 98 12 34 56</a></header>"
        "<nav><p>We mend bicycles of every kind, also while you wait for them.</p>"
    )
    assert "while you wait" in text


BY_CLASS = """<h1>Help</h1><div class="faq-item"><button class="faq-question">Can I cancel?
<span class="icon">+</span></button><div class="faq-answer"><p>Until noon.</p></div></div>"""
BY_SCRIPT_ALONE = """<h1>Help</h1><button class="accordion">Delivery +</button>
<div class="panel" style="display:none"><p>On Fridays.</p></div><button>Order now</button>"""
BY_QUESTION = """<h1>Help</h1><div><button class="q1">Do you ship abroad? ▼</button></div>
<div class="x9"><p>Yes, to all countries of Europe.</p></div>"""
NO_TITLE = """<h1>Help</h1><p>We help.</p><button class="menu-toggle">Menu</button>
<div class="links"><p>Home</p></div><button>Any questions?</button><form><p>Ask.</p></form>"""
OVER = "<h1>Prices</h1><dl><dt>Seniors and +</dt><dd><ul><li>9 €</li></ul></dd></dl>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (BY_CLASS, "# Help\n## Can I cancel?\nUntil noon."),
        (BY_SCRIPT_ALONE, "# Help\n## Delivery\nOn Fridays."),
        (BY_QUESTION, "# Help\n## Do you ship abroad?\nYes, to all countries of Europe."),
        (NO_TITLE, "# Help\nWe help.\nHome\nAsk."),
        (OVER, "# Prices\n## Seniors and +\n- 9 €"),
    ],
)
def test_buttons_without_roles_head_the_panel_below_them(body: str, text: str) -> None:
    assert text_of(body) == text


CARD = """<h1>Care</h1><div class="card"><img src="a"><div>Back massage</div><div>45 €</div></div>
<div class="card"><p>Feet</p><p>30 minutes</p><p>35 €</p><a href="/b">Book</a></div>"""
WITH_ICONS = """<div class="grid"><div><svg></svg><div>Back</div><div>45 €</div></div>
<div><svg></svg><div>Feet</div><div>35 €</div></div></div>"""
PILLS = """<div><div><div>Off-peak</div><div>1h30</div></div>
<div><div>€10<span>/player</span></div><div>€42 a court</div></div></div>"""
DURATIONS = "<div><div><b>1h</b><b>2h</b></div><div><b>€10</b><b>€18</b></div></div>"
NO_CARD = (
    "<div><p>We ask for a deposit.</p><p>Bring 20 € or more in coins, please, and a pen.</p></div>"
)
HIDDEN_PART = "<div><div>Back</div><div>45 €</div><div hidden>50 €</div></div>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (CARD, "# Care\nBack massage — 45 €\nFeet — 30 minutes — 35 €"),
        (WITH_ICONS, "| Back | 45 € |\n| Feet | 35 € |"),
        (PILLS, "| Off-peak, 1h30 | €10/player, €42 a court |"),
        (DURATIONS, "| 1h | €10 |\n| 2h | €18 |"),
        (NO_CARD, "We ask for a deposit.\nBring 20 € or more in coins, please, and a pen."),
        (HIDDEN_PART, "Back — 45 €"),
    ],
)
def test_a_card_tells_its_price_beside_its_name(body: str, text: str) -> None:
    assert text_of(body) == text


LONG = "We are open all year, and look forward to your visit. " * 3
BESIDE = f"<table><tr><td>{LONG}</td><td><img src=a></td></tr></table>"
LISTS = "<table><tr><td><ul><li>One</li><li>Two</li></ul></td><td>Three</td></tr></table>"
LINKS = "<table><tr><td><a href=/a>Rooms</a></td><td><a href=/b>Prices</a></td></tr></table>"
TEXTS = f"<table>{2 * f'<tr><td>A</td><td><p>{2 * LONG}</p><p>Free.</p></td></tr>'}</table>"
DATA = "<table><tr><td>Adults</td><td>9 €</td></tr></table>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (BESIDE, LONG.strip()),
        (LISTS, "- One\n- Two\nThree"),
        (LINKS, "Rooms\nPrices"),
        (TEXTS, "\n".join(2 * ["A", (2 * LONG).strip(), "Free."])),
        (DATA, "| Adults | 9 € |"),
    ],
)
def test_a_table_that_only_puts_texts_side_by_side_is_none(body: str, text: str) -> None:
    assert text_of(body) == text


BADGES = """<h2>Plans</h2><div class="card"><h3>Small</h3><p>9 € a month.</p></div>
<div class="card"><span class="badge">Popular</span><h3>Large</h3><p>19 € a month.</p></div>"""
EYEBROW = """<p>We play indoors.</p><section><div class="head"><div>Prices</div>
<h2>What it costs</h2></div><p>9 € an hour.</p></section>"""
TWO_HEADINGS = "<h1>A</h1><div><p>Closed on Sundays</p><h2>B</h2><p>b</p><h2>C</h2><p>c</p></div>"
SENTENCE = "<h1>A</h1><div><p>Closed on Sundays.</p><h2>B</h2><p>b</p></div>"
LEFT_OVER = "<h1>A</h1><p>Short words</p><h2>B</h2><p>b</p>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (BADGES, "## Plans\n### Small\n9 € a month.\n### Large\nPopular\n19 € a month."),
        (EYEBROW, "We play indoors.\n## What it costs\nPrices\n9 € an hour."),
        (TWO_HEADINGS, "# A\nClosed on Sundays\n## B\nb\n## C\nc"),
        (SENTENCE, "# A\nClosed on Sundays.\n## B\nb"),
        (LEFT_OVER, "# A\nShort words\n## B\nb"),
    ],
)
def test_a_badge_above_a_heading_is_said_of_its_box(body: str, text: str) -> None:
    assert text_of(body) == text


def test_letters_of_icon_fonts_are_not_read() -> None:
    assert text_of("<p><i>\ue01d</i> Call us</p><p>\uf095</p>") == "Call us"


TEAMS = """<h1>Hours</h1><p><b>Under 13</b></p><ul><li>Tuesday 5 pm</li></ul>
<p><b>Menu at 25 €</b></p><ul><li>Soup</li><li>Fish</li></ul>"""
ONE_NOTE = "<h1>Hours</h1><p><b>Closed on 8 May</b></p><ul><li>Tuesday 5 pm</li></ul>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (TEAMS, "# Hours\n## Under 13\n- Tuesday 5 pm\n## Menu at 25 €\n- Soup\n- Fish"),
        (ONE_NOTE, "# Hours\nClosed on 8 May\n- Tuesday 5 pm"),
    ],
)
def test_bold_words_with_a_number_head_the_lists_below_them(body: str, text: str) -> None:
    assert text_of(body) == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>Mixed <span style='color:red'>24</span><span style='color:#f00'>9/-</span></p>",
         "Mixed 249/-"),
        ("<p><span style='color:red'>Hello.</span><span style='color:blue'>We open.</span></p>",
         "Hello. We open."),
        ("<p><span style='margin:9px'>Mon</span><span style='margin:9px'>9 am</span></p>",
         "Mon 9 am"),
        ("<p><span class=a>Mon</span><span class=b>9 am</span></p>", "Mon 9 am"),
        ("<p><span>Sat</span><b>12</b><span>June</span></p>", "Sat 12 June"),
        ("<p><b>10</b><i>km</i>, <b>H</b><i>2</i>, <b>new</b><i>er</i></p>", "10km, H2, newer"),
        ("<p>from 1 May to 9 May<br>from 2 July to 4 July</p>",
         "from 1 May to 9 May\nfrom 2 July to 4 July"),
        ("<p>We open at 9,<br>and close at 5</p>", "We open at 9, and close at 5"),
    ],
)  # fmt: skip
def test_letters_and_lines_stand_together_as_they_are_seen(body: str, text: str) -> None:
    assert text_of(body) == text


SEASONS = """<table><tr><td colspan=3>Prices 2026</td></tr>
<tr><td>Season</td><td>Dates</td><td>Price</td></tr>
<tr><td>high</td><td>30 June to 1 September</td><td>345 €</td></tr>
<tr><td>low</td><td>all other weeks</td><td>180 €</td></tr></table>"""
WEEK_PLAIN = """<table><tr><td>Monday</td><td>closed</td><td>by appointment</td></tr>
<tr><td>Tuesday</td><td>9 to 12</td><td>2 to 5</td></tr>
<tr><td>Friday</td><td>9 to 12</td><td>2 to 5</td></tr></table>"""


BUILT = """<h1>Boats</h1><div class="sb-heading sb-lg"><span>The cost of it</span></div>
<div class="sb-text"><p>A day is £165.</p></div>"""
NAMED_BOX = "<h1>A</h1><div class='bloc__titre'><div>Les chats</div></div><p>Ils sont deux.</p>"
SENTENCE = "<h1>A</h1><p class='title'>We open on Sundays.</p><p>b</p>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (BUILT, "# Boats\n## The cost of it\nA day is £165."),
        (NAMED_BOX, "# A\n## Les chats\nIls sont deux."),
        (SENTENCE, "# A\nWe open on Sundays.\nb"),
        ("<h1>A</h1><div class='subtitles'>Films</div><p>b</p>", "# A\nFilms\nb"),
        ("<h1>A</h1><div class='title-box'><p>Films</p><p>b</p></div>", "# A\nFilms\nb"),
    ],
)
def test_a_box_that_is_called_a_heading_is_that_of_the_text_below(body: str, text: str) -> None:
    assert text_of(body) == text


def test_a_row_of_plain_cells_names_columns_where_all_others_have_numbers() -> None:
    assert "| Prices 2026 |  |  |\n| Season | Dates | Price |\n| ---" in text_of(SEASONS)
    assert "---" not in text_of(WEEK_PLAIN)


BY_CLICK = """<h1>Questions</h1><div class="q"><a href="#" onclick="return open('r1')">May dogs come
in?</a></div><div class="r" id="r1" style="display:none"><p>Yes, on a lead.</p></div>
<div class="q"><a href="#" onclick="return open('r2')">Deposit</a></div>
<div class="r" id="r2" style="display: none"><p>30 %.</p></div>"""
BY_CLASSES = """<h1>Questions</h1><h3>May dogs come in?</h3><div hidden><p>Yes, on a lead.</p></div>
<p class="q">Deposit?</p><div style="display:none">30 %.</div>"""


@pytest.mark.parametrize("body", [BY_CLICK, BY_CLASSES])
def test_what_a_script_of_the_page_shows_at_a_click_is_read_below_its_question(body: str) -> None:
    lines = text_of(body).replace("?", "").split("\n")
    assert [line.lstrip("# ") for line in lines] == [
        "Questions",
        "May dogs come in",
        "Yes, on a lead.",
        "Deposit",
        "30 %.",
    ]
    assert lines[1].startswith("#")
    assert lines[3].startswith("#")


@pytest.mark.parametrize(
    "body",
    [
        "<p>Lost your password?</p><div style='display:none'><form>Your e-mail<input></form></div>",
        "<p>We are open.</p><div style='display:none'>Not yet published.</div>",
    ],
)
def test_other_hidden_boxes_stay_unread(body: str) -> None:
    assert "e-mail" not in text_of(body)
    assert "Not yet" not in text_of(body)
