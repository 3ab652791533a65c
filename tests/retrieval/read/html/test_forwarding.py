"""Pages that only send their visitors on are told from those that hold something."""

from __future__ import annotations

import time

import pytest

from chatbot_server.retrieval.read.html_page import read_html

HERE = "https://s.example/old/"
STUB = "<h1>Cette page a déménagé</h1><p>Vous allez être redirigé automatiquement.</p>"
LONG = "<p>" + "We bake bread from four kinds of flour every night. " * 12 + "</p>"


def moved(head: str, body: str = STUB, body_attributes: str = "") -> str:
    page = f"<html><head>{head}</head><body {body_attributes}>{body}</body></html>"
    return str(read_html(page.encode(), "p", HERE, "utf-8")["moved_to"])


@pytest.mark.parametrize(
    ("head", "target"),
    [
        ('<meta http-equiv="refresh" content="0; url=/new/">', "https://s.example/new/"),
        ("<META HTTP-EQUIV=Refresh CONTENT='5;URL=../new.html'>", "https://s.example/new.html"),
        ("<base href=https://s.example/a/><meta http-equiv=refresh content='0;b'>", "https://s.example/a/b"),
        ("<script>window.location.replace('/new/')</script>", "https://s.example/new/"),
        ('<script>location.href = "/new/";</script>', "https://s.example/new/"),
        ("<script>\n document.location='/new/'\n</script>", "https://s.example/new/"),
        ("<meta http-equiv=refresh content='0; url=https://other.example/'>", "https://other.example/"),
    ],
)  # fmt: skip
def test_a_page_that_is_left_at_once_is_told_by_where_to(head: str, target: str) -> None:
    assert moved(head) == target


def test_what_is_done_when_the_page_is_there_counts_too() -> None:
    assert moved("", STUB, "onload=\"window.location.href='/new/'\"") == "https://s.example/new/"


@pytest.mark.parametrize(
    "body",
    [
        "<p>This page has moved: <a href=/new/>the new one</a>.</p>",
        "<p>Ce document a été déplacé. <a href=/new/>Suivre</a></p>",
        "<p>Redirecting… <a href=/new/>Click here</a></p>",
    ],
)
def test_a_page_that_only_says_so_is_followed_by_its_only_link(body: str) -> None:
    assert moved("", body) == "https://s.example/new/"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("", STUB),  # without a link
        ("<meta http-equiv=refresh content=30>", STUB),  # the same page again
        ("<meta http-equiv=refresh content='0; url=#top'>", STUB),
        ("<meta http-equiv=refresh content='30; url=/next'>", STUB),  # a screen in a hall
        ("<noscript><meta http-equiv=refresh content='0; url=/plain'></noscript>", STUB),
        ("<meta http-equiv=refresh content='8; url=/next'>", LONG),  # there is time to read
        ("<script>if (location.href == '/new/') { hint() }</script>", STUB),
        ("<script>location.href = '/new/'</script>", LONG),
        (
            "<script>b.addEventListener('click', () => { location.href = '/new/' })</script>",
            "<p>Ring the bell.</p>",
        ),
        ("", "<p>We have moved: 3 High Street. <a href=/find-us>The way</a></p>"),
        ("", "<p>Nous avons déménagé au 3 rue Haute. <a href=/plan>Plan</a></p>"),
    ],
)
def test_a_page_that_holds_something_is_read(head: str, body: str) -> None:
    assert not moved(head, body)


def test_whoever_is_left_within_a_second_is_not_read_however_long_it_is() -> None:
    assert moved("<meta http-equiv=refresh content='0; url=/new/'>", LONG)


def test_hostile_pages_are_soon_done_with() -> None:
    start = time.monotonic()
    script = "location" + " " * 50_000 + "location.href" * 5000
    moved(f"<script>{script}</script>" * 50 + f"<meta http-equiv=refresh content='{';' * 90_000}'>")
    moved("", "<p>page " + "has " * 50_000 + "</p>")
    assert time.monotonic() - start < 3
