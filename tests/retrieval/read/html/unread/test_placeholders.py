"""What scripts have yet to fill is not read as text."""

from __future__ import annotations

from typing import Any

import pytest

from chatbot_server.retrieval.read.html_page import read_html

SCRIPT = "<script src=/app.js></script>"


def read(body: str, title: str = "Shop") -> dict[str, Any]:
    page = f"<html lang=en><head><title>{title}</title></head><body>{body}</body></html>"
    return read_html(page.encode(), "p", "https://s.example/p", "")


def text_of(body: str) -> str:
    documents = read(body)["documents"]
    return "\n".join(line for one in documents for line in one["text"].split("\n") if line)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<h1>Shop</h1><p>Hello {{ name }}, welcome.</p><p>We open at 9.</p>", "We open at 9."),
        ("<h1>Shop</h1><ul><li ng-repeat='x in y'><b>{{x}}</b> Price 5</li><li>Rye</li></ul>",
         "- Rye"),
        ("<h1>Shop</h1><div v-for='x in y'><p>{{ x }}</p><p>In stock</p></div><p>Hi.</p>", "Hi."),
        ("<h1>Shop</h1>{% if open %}<p>We open at 9.</p>{% endif %}", "We open at 9."),
        ("<h1>Shop</h1><p><%= price %> €</p><p>${total} €</p><p>Hi.</p>", "Hi."),
        ("<h1>Shop</h1><template><p>Never</p></template><p>Hi.</p>", "Hi."),
        ("<h1>Shop</h1><div><span>Loading...</span></div><p>Chargement des avis…</p><p>Hi.</p>",
         "Hi."),
        ("<h1>Shop</h1><p>Wind: <b>--</b> km/h</p><p>Hi.</p>", "Hi."),
        ("<h1>Shop</h1><div class='countdown'><p>00 Days</p><p>00 Hrs</p></div><p>Hi.</p>", "Hi."),
    ],
)  # fmt: skip
def test_templates_and_waiting_are_not_read(body: str, text: str) -> None:
    assert text_of(body) == f"# Shop\n{text}"


@pytest.mark.parametrize(
    "text",
    [
        "Write {{ name }} where <code>{{ name }}</code> stands in the letter.",
        "Loading and unloading takes place from 9 to 11...",
        "Loading bay 2...",
        "Open -- and warm -- all year.",
        "Costs {about} 5 €.",
    ],
)
def test_what_only_looks_like_it_is_read(text: str) -> None:
    shown = text.replace("<code>", "").replace("</code>", "")
    assert text_of(f"<h1>Shop</h1><p>{text}</p>") == f"# Shop\n{shown}"


OPEN_OR_CLOSED = """<p v-if="open">We are open.</p> <p v-else-if="soon">We open at 9.</p>
<p v-else>We are closed.</p> today"""
CONTENT = "We mend bicycles of every kind, and sell tyres, chains and bells for all of them. " * 3


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (OPEN_OR_CLOSED, "today"),
        (f"<p v-if='wait'>One moment</p><div v-else><p>{CONTENT}</p></div>", CONTENT.strip()),
        ("<p v-if='open'>We are open.</p><p>Hi.</p>", "We are open.\nHi."),
    ],
)
def test_of_what_takes_turns_nothing_is_said_that_may_be_wrong(body: str, text: str) -> None:
    assert text_of(f"<h1>Shop</h1>{body}") == f"# Shop\n{text}"


@pytest.mark.parametrize(
    "words",
    [
        "<span>Hit enter to search or ESC to close</span>",
        "<p>Type your search and press enter.</p>",
        "<p>Appuyez sur Entrée pour rechercher ou sur Échap pour fermer</p>",
        "<a href=#top>↑ Back to top</a>",
        "<a href=#c>Aller au contenu principal</a>",
        "<div><span>Close this search box.</span></div>",
        "<a href=#>Fermer le menu</a>",
    ],
)
def test_words_of_a_theme_are_not_read(words: str) -> None:
    assert text_of(f"<h1>Shop</h1><div>{words}</div><p>Hi.</p>") == "# Shop\nHi."


def test_what_only_begins_like_words_of_a_theme_is_read() -> None:
    text = "Press enter to search our list of 40 walks.\nGo to the top of the tower.\nClose menus"
    body = "".join(f"<p>{line}</p>" for line in text.split("\n"))
    assert text_of(f"<h1>Shop</h1>{body}") == f"# Shop\n{text}"


def test_a_page_of_templates_needs_its_scripts() -> None:
    page = read(f"<div id=app><h1>{{{{ title }}}}</h1><p>{{{{ text }}}}</p></div>{SCRIPT}")
    assert page["needs_scripts"] is True
    assert page["documents"] == []


def test_a_title_or_link_that_is_a_template_is_none() -> None:
    page = read("<h1>Rooms</h1><p>Quiet. <a href='{{ url }}'>More</a></p>", "{{ title }}")
    assert page["documents"][0]["title"] == "Rooms"
    assert page["links"] == []
