"""A page as it is read: what stands on it, in order, and nothing that no visitor sees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.files.read_page import text_of

from chatbot_server.retrieval.read.document import Unreadable
from chatbot_server.retrieval.read.html_page import read_html

ACCORDION = """<h1>Help</h1>
<div class="accordion"><h2 class="accordion-header"><button class="accordion-button collapsed"
 data-bs-target="#a">Do you deliver?</button></h2><div id="a" class="collapse">No.</div></div>
<details><summary>Can I pay by card?</summary><p>Yes.</p></details>
<p>Ask us anything.</p>
<button class="accordion" aria-expanded="false" aria-controls="b">Is there parking?</button>
<div id="b" hidden>Behind the house.</div>
<input type="checkbox" id="c"><label for="c">Are dogs welcome?</label><div>On a lead.</div>
<button>Accept all</button>"""
RUN_IN = """<h1>Shop</h1>
<p><b>Opening hours.</b> We are open from Tuesday to Saturday, and later on the first Sunday.</p>
<p><strong>Turnaround</strong> :<br>Most repairs are done within three days of your next visit.</p>
<p><b>Note:</b> by card only.</p>
<p><b>Do you ship?</b> Yes.</p><p><b>And abroad?</b><br>No.</p>"""
TABS = """<ul role="tablist"><li><a role="tab" href="#w" data-toggle="tab">Winter</a></li></ul>
<div id="w" role="tabpanel" style="display:none"><p>Closed.</p></div>"""
WEEK = """<table><caption>Our hours</caption>
<tr><td rowspan=2><b>Day</b></td><td colspan=2><b>Open</b></td></tr>
<tr><td><b>Morning</b></td><td><b>Evening</b></td></tr>
<tr><td>Monday</td><td colspan=2>closed</td></tr>
<tr><td>Tuesday</td><td>9–12</td><td>2–6<br>8–9</td></tr></table>"""
LIST = """<p>We rent:</p><ul><li>Rooms<ul><li>Single: 40 €</li><li>Double: 60 €</li></ul></li>
<li><p>Bikes</p><p>also for children</p></li></ul>"""
CARDS = """<ul><li><h3>Ann</h3><p>Cooks.</p></li><li><h3>Ben</h3><p>Serves.</p></li></ul>"""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>one\n  two</p><p>three<br>Four<br>and more</p>", "one two\nthree\nFour and more"),
        ("<div>a<div>b</div>c</div>", "a\nb\nc"),
        ("<p><b>Chat</b><i>bot</i> <span>Monday</span><span>closed</span></p>",
         "Chatbot Monday closed"),
        ("<p><span>L</span><span>o</span><span>v</span><span>e</span></p>", "Love"),
        ("<h2><a href=/x>Linked</a> <a class=headerlink href=#x>¶</a></h2><p>a</p>",
         "## Linked\na"),
        ("<h1><img src=x alt='The Mill'></h1><p>a</p>", "# The Mill\na"),
        ("<div role=heading aria-level=3>Named</div><p>a</p>", "### Named\na"),
        ("<h2>Cake</h2><h2>3 €</h2><p>Sweet.</p><h2>Tea</h2>", "## Cake — 3 €\nSweet.\nTea"),
        ("<h1>A</h1><p><b>Are you open?</b></p><p>No.</p><p><b>Closed until 12 May</b></p><p>b</p>",
         "# A\n## Are you open?\nNo.\nClosed until 12 May\nb"),
        (RUN_IN, ("# Shop\n## Opening hours\nWe are open from Tuesday to Saturday, and later on the"
         " first Sunday.\n## Turnaround\nMost repairs are done within three days of your next"
         " visit.\nNote: by card only.\n## Do you ship?\nYes.\n## And abroad?\nNo.")),
        ("<p><b>Address:</b> 1 Mill Road, Harrowden</p><p><b>Phone:</b> 01632 960 418</p>",
         "Address: 1 Mill Road, Harrowden\nPhone: 01632 960 418"),
        (("<main><h1>Help</h1><details><summary>Dogs?</summary><p>No.</p></details></main>"
          "<footer><p>Hull, 01632 960 418</p></footer>"),
         "# Help\n## Dogs?\nNo.\n# T\nHull, 01632 960 418"),
        (ACCORDION, ("# Help\n## Do you deliver?\nNo.\n## Can I pay by card?\nYes.\n# Help\n"
         "Ask us anything.\n## Is there parking?\nBehind the house.\n## Are dogs welcome?\n"
         "On a lead.")),
        (TABS, "## Winter\nClosed."),
        (WEEK, ("Our hours\n| Day | Open, Morning | Open, Evening |\n| --- | --- | --- |\n"
         "| Monday | closed | closed |\n| Tuesday | 9–12 | 2–6, 8–9 |")),
        ("<table><tr><td><h2>Left</h2><p>a</p></td><td>b</td></tr></table>", "## Left\na\nb"),
        (("<table><tr><td><h1>Prices</h1><table><tr><th>For</th><th>Price</th></tr><tr><td>Tea</td>"
          "<td>2 €</td></tr></table></td></tr></table>"),
         "# Prices\n| For | Price |\n| --- | --- |\n| Tea | 2 € |"),
        (LIST, ("We rent:\n- Rooms — Single: 40 €\n- Rooms — Double: 60 €\n"
         "- Bikes — also for children")),
        (CARDS, "### Ann\nCooks.\n### Ben\nServes."),
        (("<dl><dt>Check-in</dt><dd>4 pm</dd><dt>Pets</dt><dt>Dogs</dt><dd>no</dd>"
          "<dd>sorry</dd></dl>"),
         "| Check-in | 4 pm |\n| Pets, Dogs | no; sorry |"),
        ("<dl><dt>Why?</dt><dd><p>So.</p></dd></dl>", "## Why?\nSo."),
        (("<div><div><span>Mon</span><span>9–5</span></div><div><span>Sun</span><span>closed</span>"
         "</div></div>"), "| Mon | 9–5 |\n| Sun | closed |"),
        (("<div><div class=l>Mon</div><div class=v>9–5</div><div class=l>Sun</div>"
         "<div class=v>closed</div></div>"), "| Mon | 9–5 |\n| Sun | closed |"),
        (("<div><div><p>Room</p><p>Low</p><p>High</p></div><div><p>Small</p><p>40 €</p><p>60 €</p>"
         "</div></div>"), "| Room | Low | High |\n| --- | --- | --- |\n| Small | 40 € | 60 € |"),
        (("<p>Call <a href='tel:+33123456789'>us</a> or <a href=mailto:a@b.example?subject=x>write"
         "</a>, <a href='tel:+33123456789'>01 23 45 67 89</a></p>"),
         "Call us (+33123456789) or write (a@b.example), 01 23 45 67 89"),
        ("<address>1 Mill Road<br>69005 Lyon</address>", "1 Mill Road, 69005 Lyon"),
        ("<pre>a = 1\n\n  b = 2</pre>", "a = 1\n  b = 2"),
        ("<p>9<sup>€50</sup>, £7<sup>20</sup>, 10 m<sup>2</sup>, the 1<sup>st</sup></p>",
         "9.50 €, £7.20, 10 m², the 1st"),
        (("<p style='display: none'>a</p><p hidden>b</p><template><p>c</p></template>"
         "<p aria-hidden=true>d</p><p style='font-size:0'>e</p><noscript>f</noscript>"
         "<p style='font-size:0.9em'>g</p><span class=sr-only>h</span>"), "g"),
        ("<span aria-hidden=true>★★★★☆</span><span class=sr-only>4 of 5</span>", "4 of 5"),
        ("<span aria-hidden=true>9 €</span><span class=sr-only>nine euros</span>", "9 €"),
        ("<div class=swiper-slide aria-hidden=true>a</div>", "a"),
        ("<div id=cookie-banner>We use cookies.</div><div class=breadcrumbs>Home › x</div><p>a</p>",
         "a"),
        ("<section class=cookie-policy><h1>Cookies</h1><p>We use 2.</p></section>",
         "# Cookies\nWe use 2."),
        ("<form><label for=q>Name</label><input id=q><button>Send</button><p>Or call.</p></form>",
         "Or call."),
        ("<nav><a href=/a>a</a></nav><section id=menu><h2>Menu</h2><p>Soup</p></section>",
         "## Menu\nSoup"),
        (("<nav><ul><li><a href=/a>a</a><li>Call <a href=tel:1>01 23 45 67 89</a></ul></nav>"
          "<nav><a href=/1>1</a> <a href=/2>2</a> 3 4 5 6 7 8 9 10</nav><h1>A</h1><p>b</p>"),
         "# A\nb\n# T\n01 23 45 67 89"),
        ("<header><h1>The Mill</h1><p>Since 1900.</p></header><p>a</p>",
         "# The Mill\nSince 1900.\na"),
        (("<header>Call 01 23</header><main><h1>A</h1><p>a</p></main>"
          "<footer><h3>Hours</h3><p>9–5</p>"
         "<ul><li><a href=/x>Terms</a></li></ul><p>© 2026</p></footer>"),
         "# A\na\n# T\nCall 01 23\n### Hours\n9–5"),
        (("<h1>A</h1><p>a</p><h2>On the map</h2><iframe src=/m></iframe>"
          "<footer>© 2026 The Mill · Call 01 23 45 67 89</footer>"),
         "# A\na\nOn the map\n# T\n© 2026 The Mill · Call 01 23 45 67 89"),
    ],
)  # fmt: skip
def test_what_stands_on_a_page_is_read(body: str, text: str) -> None:
    assert text_of(body) == text


def test_page_in_french_with_a_template_in_english_is_french() -> None:
    text = "Les cours sont pour tous les enfants, dans la salle de la mairie. " * 3
    page = f"<html lang=en><title>T</title><script>the of and is</script><p>{text}</p></html>"
    assert read_html(page.encode(), "x", "https://site.example/", "")["language"] == "fr"


def test_cents_are_written_as_in_the_page_s_language() -> None:
    body = "<p>9<sup>€50</sup>, 7€<sup>00</sup>, à 22<sup>h</sup>15 le 1<sup>er</sup></p>"
    assert text_of(body, "fr") == "9,50 €, 7,00 €, à 22h15 le 1er"


@pytest.mark.parametrize(
    "page",
    [
        "<p>a<p>b",
        "<html lang=en><meta charset=utf-8><title>T</title><main><p>a</p><p>b</p></main></html>",
        "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><p>a</p><p>b</p></html>",
    ],
)
def test_pages_without_all_their_tags_are_read(page: str) -> None:
    (document,) = read_html(page.encode(), "name", "https://s.example/", "")["documents"]
    assert document["text"].split() == ["a", "b"]


def test_a_picture_that_its_server_calls_a_page_is_none() -> None:
    picture = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb0084") + b"\0\x10 1 $" * 99
    with pytest.raises(Unreadable, match="extract_not_text"):
        read_html(picture, "p", "https://s.example/p", "")
    assert text_of("<p>A stray \0 or two \x01.</p>").startswith("A stray")


def test_every_way_on_is_known() -> None:
    page = """<meta http-equiv=Refresh content="0; URL='/moved'"><a href=/a>a</a>
    <map><area href=/b></map><iframe src=/c></iframe><a href=mailto:x@y.example>x</a>"""
    links = read_html(page.encode(), "p", "https://s.example/p", "")["links"]
    assert links == [f"https://s.example/{name}" for name in ("moved", "a", "b", "c")]
    frames = "<frameset><frame src=menu.html><frame src=/main.html></frameset>"
    links = read_html(frames.encode(), "p", "https://s.example/p", "")["links"]
    assert links == ["https://s.example/menu.html", "https://s.example/main.html"]


@pytest.mark.parametrize(
    "page",
    [
        "<p>x y" * 150_000,
        "<div>" * 50_000 + "x",
        "<dl><dt>a<dd>" * 1500 + "b",
        "<table>" + ("<tr>" + "<td rowspan=9999 colspan=9999>a" * 50) * 500,
        "<div class=cookie>" * 2000 + "x " * 200_000,
        "<p>" + "9<sup>1" * 50_000,
    ],
)
@pytest.mark.timeout(20)
def test_a_page_that_means_harm_is_read_in_little_time(page: str) -> None:
    read_html(page.encode(), "p", "https://s.example/p", "")


def structured(data: str, language: str = "en") -> dict[str, Any]:
    """What is read from a page with *data* as its JSON-LD."""
    script = f'<script type="application/ld+json">{data}</script>'
    page = f"<html lang={language}><title>T</title>{script}<h1>T</h1><p>Own words.</p>"
    return read_html(page.encode(), "p", "https://s.example/p", "")


@pytest.mark.parametrize(
    ("data", "language", "text"),
    [
        (
            """{"@type": "Bakery", "name": "Martin", "telephone": "+33 4 78 00 00 00", "address":
            {"streetAddress": "1 rue X", "postalCode": "69005", "addressLocality": "Lyon"},
            "openingHours": ["Mo-Fr,Su 07:00-19:30"], "openingHoursSpecification": [{"dayOfWeek":
            ["https://schema.org/Saturday"], "opens": "00:00", "closes": "00:00"}]}""",
            "fr",
            (
                "# T\nOwn words.\n# T\n## Martin\n- Adresse\u00a0: 1 rue X, 69005 Lyon\n"
                "- Téléphone\u00a0: +33 4 78 00 00 00\n"
                "- Horaires d’ouverture\u00a0: lundi – vendredi, dimanche 07:00–19:30\n"
                "- Horaires d’ouverture\u00a0: samedi fermé"
            ),
        ),
        (
            """{"@graph": [{"@type": ["Product"], "name": "Pot <b>red</b>", "offers": {"price": 20,
            "priceCurrency": "GBP", "availability": "http://schema.org/InStock"}},
            {"@type": "Event", "name": "Fair", "startDate": "2026-05-12T19:30",
            "location": {"name": "Hall"}}]}""",
            "en",
            (
                "# T\nOwn words.\n## Pot red\n- Price: 20 £\n- Availability: in stock\n"
                "## Fair\n- Date: 12 May 2026, 19:30\n- Place: Hall"
            ),
        ),
        (
            """[{"@type": "Hotel", "name": "Inn", "openingHoursSpecification": {"dayOfWeek":
            "Saturday", "opens": "00:00", "closes": "23:59"}, "checkinTime": "15:00:00",
            "department": {"@type": "Restaurant", "name": "Grill", "telephone": "01 2345"}},
            {"@type": "Event", "name": "Fair", "startDate": "2026-05-12",
            "eventStatus": "https://schema.org/EventCancelled"},
            {"@type": "Product", "name": "Pot", "offers": {"lowPrice": "29", "highPrice": 49,
            "priceCurrency": "EUR", "availability": "https://schema.org/SoldOut"}}]""",
            "en",
            (
                "# T\nOwn words.\n## Fair\n- Status: cancelled\n- Date: 12 May 2026\n"
                "## Pot\n- Price: 29–49 €\n- Availability: out of stock\n"
                "# T\n## Inn\n- Check-in: 15:00\n- Opening hours: Saturday 24 hours a day\n"
                "## Grill\n- Telephone: 01 2345"
            ),
        ),
        ("[1, null, {", "en", "# T\nOwn words."),
        ("[1, null, {}]", "en", "# T\nOwn words."),
        ("[" * 5000, "en", "# T\nOwn words."),
        ('{"@type": "Product", "name": 1, "offers": [7, {"price": {}}]}', "en", "# T\nOwn words."),
    ],
)
def test_facts_stated_for_machines_are_told_beside_the_page(
    data: str, language: str, text: str
) -> None:
    (document,) = structured(data, language)["documents"]
    assert document["text"].replace("\n\n", "\n") == text


def test_questions_for_machines_are_read_as_html() -> None:
    answer = "It is <b>£4.95</b>, we don&#8217;t.<br>More <p>a</p>tail"
    data = {"@type": "FAQPage", "mainEntity": {"name": "How?", "acceptedAnswer": {"text": answer}}}
    faq = structured(json.dumps(data).replace("</", "<\\/"))["faq"]
    assert faq == [["How?", "It is £4.95, we don’t.\nMore\n\na\n\ntail"]]


def test_microdata_is_read_as_other_statements_for_machines() -> None:
    body = """<div itemscope itemtype="https://schema.org/Bakery"><b itemprop=name>Martin</b>
    <meta itemprop=openingHours content="Mo-Fr 07:00-19:30">
    <meta itemprop=paymentAccepted content="Cash, cards">
    <p itemprop=address>1 rue X</p></div>
    <section itemscope itemtype="https://schema.org/FAQPage">
    <div itemprop=mainEntity itemscope itemtype="https://schema.org/Question">
    <h2 itemprop=name>Do you deliver?</h2>
    <div itemprop=acceptedAnswer itemscope><p itemprop=text>Yes, <b>daily</b>.</p></div></div>
    </section>"""
    page = f"<html lang=en><title>T</title><h1>T</h1>{body}"
    result = read_html(page.encode(), "p", "https://s.example/p", "")
    assert result["faq"] == [["Do you deliver?", "Yes, daily."]]
    text = result["documents"][0]["text"]
    assert text.endswith(
        "## Martin\n\n- Payment: Cash, cards\n- Opening hours: Monday – Friday 07:00–19:30"
    )
    assert text.count("1 rue X") == 1  # what is seen is not told again


def test_microdata_without_end_is_bounded() -> None:
    page = "<html><title>T</title><p>Text.</p>" + "<div itemscope itemprop=name>" * 20_000
    assert read_html(page.encode(), "p", "https://s.example/p", "")["documents"]
