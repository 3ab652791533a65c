"""Pages that are nearly empty until their scripts have worked are told from short ones."""

from __future__ import annotations

from typing import Any

import pytest

from chatbot_server.retrieval.read.html_page import read_html

RUNS = "<script src=/app.js></script>"
FACTS = '<script type="application/ld+json">{"@type": "Thing"}</script>'
SHORT = "<main><h1>Photos</h1><p>Our village in pictures.</p></main>"
MENU = "<header><nav><a href=/>Home</a></nav>Le Fournil, 12 rue du Four</header>"


def page_of(body: str) -> dict[str, Any]:
    html = f"<!doctype html><html lang=en><title>T</title><body>{body}</body></html>"
    return read_html(html.encode(), "x", "https://site.example/", "")


@pytest.mark.parametrize(
    ("body", "needs_scripts"),
    [
        (f"<div id=root></div>{RUNS}", True),
        (f"<noscript>You need to enable JavaScript.</noscript><div id=app></div>{RUNS}", True),
        (f"<app-root>Loading, please wait</app-root>{RUNS}", True),
        (f"{MENU}<main id=content>Loading…</main>{RUNS}", True),
        (f"{MENU}<div id=page><div class=spinner></div></div>{RUNS}", True),
        ("<body onload=run()><script>function run() {}</script>", True),
        (f"{SHORT}<noscript>Please enable JavaScript for the rest.</noscript>{RUNS}", True),
        (f"{SHORT}{RUNS}", False),
        (f"{SHORT}<div id=gallery><img src=/a.jpg></div>{RUNS}", False),
        (f"<div id=root></div>{FACTS}", False),
        (f"<div id=root></div><p>{'Bread is baked at night. ' * 6}</p>{RUNS}", False),
    ],
)
def test_pages_that_scripts_build_are_told_from_short_ones(body: str, needs_scripts: bool) -> None:
    assert page_of(body)["needs_scripts"] is needs_scripts


def test_what_an_element_shows_of_its_own_is_read() -> None:
    body = "<x-hours><template shadowrootmode=open><p>Open 9–5.</p></template></x-hours>"
    page = page_of(f"<main><h1>Shop</h1>{body}<template><p>Never shown.</p></template></main>")
    (document,) = page["documents"]
    assert document["text"] == "# Shop\n\nOpen 9–5."
