"""Buttons that share a page, and rows of social networks, are no text of it."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.read.html_page import read_html

FEAST = "La fête a lieu le 12 juin sur la place."


def text_beside(html: str) -> str:
    """What is read of *html* beside a sentence of its page."""
    page = f"<title>Fête</title><main><h1>Fête</h1><p>{FEAST}</p>{html}</main>"
    (document,) = read_html(page.encode(), "x", "https://s.example/", "utf-8")["documents"]
    return str(document["text"]).split(FEAST)[1].strip()


@pytest.mark.parametrize(
    "html",
    [
        '<p>Partager : <a href="https://www.facebook.com/sharer.php?u=a">f</a></p>',
        '<div><a href="https://s.example/?share=twitter">Cliquez pour partager sur X</a></div>',
        '<div><b>Share this:</b><ul><li><a href="mailto:?subject=A">To a friend</a></ul></div>',
        '<ul><li><a href="//fb.com/a">Facebook</a><li><a href="//join.slack.com">Slack</a></ul>',
        '<p>Follow us on <a href="https://x.com/f">X</a> / <a href="https://fb.me/f">FB</a></p>',
    ],
)
def test_they_are_left_out(html: str) -> None:
    assert text_beside(html) == ""


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            '<p>Prix : 12 €. <a href="https://x.com/intent/post?url=a">Tweeter</a></p>',
            "Prix : 12 €.",
        ),
        (
            '<p>Le programme est sur <a href="https://www.facebook.com/fete">notre page</a>.</p>',
            "Le programme est sur notre page.",
        ),
        (
            '<p><a href="https://wa.me/33612345678?text=a">WhatsApp : 06 12 34 56 78</a></p>',
            "06 12",
        ),
        (
            '<ul><li><a href="//github.com/a">Boules</a><li><a href="//github.com/b">Bal</a></ul>',
            "- Boules",
        ),
    ],
)
def test_what_says_more_stays(html: str, text: str) -> None:
    assert text in text_beside(html)
