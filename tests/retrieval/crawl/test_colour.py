"""The colour of a site, taken from its own pages."""

from __future__ import annotations

from contextlib import closing

import pytest
from support.servers.owner_server import OwnerServer
from support.servers.web_site import WebSite

from chatbot_server.retrieval.crawl.colour import colour_of_site
from chatbot_server.retrieval.crawl.fetch import Fetcher, FetchError
from chatbot_server.storage.site.sites import Site

STYLES = "a{color:#B33} p{color:#222} b{color:#b33} i{color:#00aaee} em{color:#00AAEE;x:#0ae}"


def colour_of(web: WebSite) -> str | None:
    with closing(Fetcher(private_hosts=[web.address.split("//")[1]])) as fetcher:
        return colour_of_site(fetcher, f"{web.address}/")


def put(web: WebSite, path: str, text: str) -> None:
    web.pages[path] = (200, {"Content-Type": "text/html"}, text.encode())


@pytest.mark.parametrize(
    ("head", "colour"),
    [
        ('<meta name="theme-color" content="#0B6B4F">', "#0b6b4f"),
        ("<meta content=#0b6 name=theme-color>", "#00bb66"),
        ('<meta name="description" content="#123456"><p>#main', None),
        ("<style>a{color:#b33}b{color:#bb3333}i{color:#00aaee}</style>", "#bb3333"),
        ("<style>a{color:#333}b{color:#fff;border:#eee}</style>", None),
        ('<link rel="stylesheet" href="/own.css">', "#00aaee"),
        ('<link rel="stylesheet" href="https://elsewhere.example/x.css">', None),
        ('<link rel="stylesheet" href="/gone.css"><b style="color:#b33">', "#bb3333"),
    ],
)
def test_the_colour_is_the_declared_or_the_most_used(
    web: WebSite, head: str, colour: str | None
) -> None:
    put(web, "/", f"<html><head>{head}</head></html>")
    put(web, "/own.css", STYLES)
    assert colour_of(web) == colour


def test_a_site_that_does_not_answer_is_told(web: WebSite) -> None:
    with closing(Fetcher()) as fetcher, pytest.raises(FetchError):
        colour_of_site(fetcher, f"{web.address}/")


def test_the_owner_is_offered_the_colour(
    owner: OwnerServer, web: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(web, "/", '<meta name="theme-color" content="#0b6b4f">')
    browser = owner.browser("owner")
    path = f"/admin/{owner.key}/appearance"
    assert "color=site" not in browser.get(path).text, "it is not known where its pages are"
    with owner.database.session() as session:
        session.get_one(Site, owner.site_id).origins = [web.address]
    assert "color=site" in browser.get(path).text
    refused = browser.get(f"{path}?color=site").text
    assert "is in a private network" in refused
    hosts = (web.address.split("//")[1],)
    monkeypatch.setitem(vars(owner.config.retrieval), "private_hosts", hosts)
    page = browser.get(f"{path}?color=site").text
    assert 'name="color" type="color" value="#0b6b4f"' in page
    assert 'data-color="#0b6b4f"' in page, "the chat beside it has it, too"
    assert "is your site’s colour" in page
    with owner.database.session() as session:
        assert session.get_one(Site, owner.site_id).color != "#0b6b4f", "offered, not saved"
    put(web, "/", "<p>black and white")
    assert "No distinctive colour was found" in browser.get(f"{path}?color=site").text
