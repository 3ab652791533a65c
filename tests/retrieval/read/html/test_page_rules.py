"""What a page asks of robots: read as search engines read it, in any spelling."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatbot_server.retrieval.read.extractor import Extraction, Extractor
from chatbot_server.retrieval.read.html_page import NOT_KEPT, robots_directives


@pytest.fixture(scope="module")
def extractor() -> Iterator[Extractor]:
    made = Extractor()
    yield made
    made.close()


MENU = "<nav><a href=/a>Prices</a> <a href=/b>Rental</a></nav>"


def read(extractor: Extractor, head: str) -> Extraction:
    body = f"<html><head>{head}</head><body><p>Open. <a href=/x>x</a></p></body></html>"
    return extractor.read(body.encode(), "html", "p", "https://s.example/p")


@pytest.mark.parametrize(
    ("head", "kept", "followed"),
    [
        ('<meta name="ROBOTS" content="NOINDEX">', False, True),
        ('<META NAME="Robots" CONTENT="noindex,follow">', False, True),
        ('<meta name=robots content="None">', False, False),
        ('<meta name=robots content="noindex nofollow">', False, False),
        ('<meta name=robots content="index"><meta name=robots content="nofollow">', True, False),
        ('<meta name=robots content="index, follow, max-image-preview:none">', True, True),
        ('<meta name=robots content="max-image-preview: none, max-snippet:-1">', True, True),
        ("<meta name=robots>", True, True),
        ('<meta name=description content="noindex">', True, True),
    ],
)
def test_robots_rules_are_read_word_by_word(
    extractor: Extractor, head: str, kept: bool, followed: bool
) -> None:
    found = read(extractor, head)
    assert found.noindex is not kept
    assert bool(found.links) is followed


@pytest.mark.parametrize(
    ("header", "kept"),
    [("none", False), ("otherbot: noindex", True), ("all, NoIndex", False), ("", True)],
)
def test_rules_in_a_header_are_read_alike(header: str, kept: bool) -> None:
    assert bool(robots_directives(header) & NOT_KEPT) is not kept


@pytest.mark.parametrize("rel", ["Canonical", "canonical nofollow", "CANONICAL"])
def test_a_canonical_address_is_known_in_any_spelling(extractor: Extractor, rel: str) -> None:
    assert read(extractor, f'<link rel="{rel}" href="/q">').canonical == "/q"
    assert read(extractor, '<link rel="canonicals" href="/q">').canonical == ""


def test_a_link_that_is_not_to_be_followed_is_known_in_any_spelling(extractor: Extractor) -> None:
    found = read(extractor, "</head><body><a rel=NoFollow href=/y>y</a>")
    assert found.links == ("https://s.example/x",)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (MENU, ""),
        (MENU.replace("nav>", "div>").replace("<div", "<div role=navigation"), ""),
        ("<nav>", ""),
    ],
)
def test_a_short_page_is_read_without_its_menu(
    extractor: Extractor, before: str, after: str
) -> None:
    body = f"{before}<h1>Bikes</h1><p>Our staff speaks English and Italian.</p>{after}"
    (draft,) = read(extractor, f"<title>Home</title></head><body>{body}").drafts
    assert "speaks English and Italian" in draft.text
    assert "Rental" not in draft.text


@pytest.mark.parametrize(
    ("head", "heading", "title"),
    [
        ("<title>L'hôtel | Cycles Martin</title>", "L’hôtel", "L'hôtel"),
        ("<title>A – S</title><meta property=og:site_name content=s>", "B", "A"),
        ("<title>Prices - Shop</title>", "Our prices", "Prices - Shop"),
        ("<title>Shop</title><meta property=og:site_name content=Shop>", "Prices", "Shop"),
        ("<title>Self-service</title>", "Welcome", "Self-service"),
        ("<title>Home – Mill Farm</title>", "Mill Farm", "Mill Farm"),
        ("<title>Accueil | Le Gué - Gîte</title>", "Bienvenue", "Le Gué - Gîte"),
        ("<title>Gîte - Home</title><meta property=og:site_name content=Gîte>", "Hello", "Gîte"),
        ("<title>Home care – Mill</title>", "Care", "Home care – Mill"),
    ],
)  # fmt: skip
def test_a_title_is_the_pages_own(
    extractor: Extractor, head: str, heading: str, title: str
) -> None:
    page = f"<html><head>{head}</head><body><h1>{heading}</h1><p>We are open.</p></body></html>"
    found = extractor.read(page.encode(), "html", "p", "https://s.example/p")
    assert [draft.title for draft in found.drafts] == [title]
