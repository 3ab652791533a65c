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


@pytest.mark.parametrize(
    "page",
    [
        "<body><div id=all style='display:none;'>{}</div>",
        "<body style='margin: 0; opacity: 0'>{}",
        "<body><img src=a.jpg style='display:none'><div><main hidden>{}</main></div><p>Top</p>",
        "<body><div id=page style='visibility: hidden !important'><section>{}</section></div>",
    ],
)
def test_page_that_a_script_fades_in_is_read(page: str) -> None:
    bread = f"<h1>Bread</h1><p>{'It is baked at night. ' * 6}</p>"
    (document,) = page_of(f"{page.format(bread)}{RUNS}")["documents"]
    assert "baked at night" in document["text"]


def test_part_of_a_page_stays_hidden_whatever_its_scripts_do() -> None:
    shown, hidden = "Bread is baked at night. " * 4, "Cake is free for everybody. " * 12
    body = f"<main><p>{shown}</p><div style='display:none'>{hidden}</div></main>{RUNS}"
    (document,) = page_of(body)["documents"]
    assert "Cake" not in document["text"]


def test_hidden_page_without_scripts_stays_hidden() -> None:
    body = f"<div style='display:none'>{'Cake is free for everybody. ' * 6}</div><p>Bread.</p>"
    (document,) = page_of(body)["documents"]
    assert "Cake" not in document["text"]
