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


def test_a_page_of_templates_needs_its_scripts() -> None:
    page = read(f"<div id=app><h1>{{{{ title }}}}</h1><p>{{{{ text }}}}</p></div>{SCRIPT}")
    assert page["needs_scripts"] is True
    assert page["documents"] == []


def test_a_title_or_link_that_is_a_template_is_none() -> None:
    page = read("<h1>Rooms</h1><p>Quiet. <a href='{{ url }}'>More</a></p>", "{{ title }}")
    assert page["documents"][0]["title"] == "Rooms"
    assert page["links"] == []
