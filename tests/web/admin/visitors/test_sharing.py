"""Figures for people without an account, and what visitors asked about."""

from __future__ import annotations

import html
import re

import pytest
from support.conversations import add_conversation
from support.servers.owner_server import ORIGIN, OwnerServer

from chatbot_server.storage.base import now
from chatbot_server.storage.owners import share_links
from chatbot_server.storage.owners.share_links import LASTING_DAYS, MOST_LINKS

DAY = 24 * 3600


@pytest.fixture
def talks(owner: OwnerServer) -> None:
    """Three answers, two of which came from one page."""
    for title in ("Prices <b>", "Prices <b>", "Hours"):
        with owner.database.session() as session:
            url = f"https://example.org/{title[:5]}"
            sources = [{"title": title, "url": url, "quote": "A secret answer."}]
            exchange = ("A secret question?", "A secret answer.")
            add_conversation(session, owner.site_id, exchange, origin="pages", sources=sources)


def test_topics_are_the_pages_that_answered(owner: OwnerServer, talks: None) -> None:
    page = owner.browser("reader").get(f"/admin/{owner.key}/analytics").text
    topics = re.findall(r'blank">([^<]+)</a></td><td><a href="([^"]+)">(\d+)</a></td>', page)
    assert [(title, count) for title, _, count in topics] == [
        ("Prices &lt;b&gt;", "2"),
        ("Hours", "1"),
    ]
    for _, address, count in topics:
        behind = owner.browser("reader").get(html.unescape(address)).text
        assert behind.count("A secret question?") == int(count)
        assert "Only those with an answer from" in behind


def test_an_own_answer_is_a_topic_with_conversations_behind_it(owner: OwnerServer) -> None:
    with owner.database.session() as session:
        for source in ({"title": "Do you bake?", "url": ""}, {"title": "Other", "url": "/x"}):
            exchange = (f"About {source['title']}", "Yes.")
            add_conversation(session, owner.site_id, exchange, origin="faq", sources=[source])
    path = f"/admin/{owner.key}/conversations?source=Do+you+bake%3F&since=2020-01-01"
    page = owner.browser("reader").get(path).text
    assert "About Do you bake?" in page
    assert "About Other" not in page


def test_a_link_shows_figures_and_no_words_until_it_is_revoked(
    owner: OwnerServer, talks: None
) -> None:
    browser, stranger = owner.browser("owner"), owner.app.test_client()
    path = f"/admin/{owner.key}/analytics/share"
    page = browser.post(path, data={"days": "7"}, headers=ORIGIN).text
    match = re.search(r"http://localhost(/figures/[\w-]{32})<", page)
    assert match
    shared = stranger.get(match[1])
    assert shared.status_code == 200
    assert "<dd>3" in shared.text
    assert "Prices &lt;b&gt;" in shared.text
    for hidden in ("secret", "/admin/", "<form", "csv"):
        assert hidden not in shared.text
    assert shared.headers["X-Robots-Tag"] == "noindex"
    assert stranger.get(f"{match[1]}?days=90&locale=fr").status_code == 200
    assert match[1] not in browser.get(f"/admin/{owner.key}/analytics").text  # shown once
    assert browser.post(f"{path}/1", headers=ORIGIN).status_code == 303
    gone = stranger.get(f"{match[1]}?locale=en")
    assert gone.status_code == 404
    assert "has expired or was revoked" in gone.text


def test_a_link_expires(owner: OwnerServer, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, stranger = owner.browser("owner"), owner.app.test_client()
    path = f"/admin/{owner.key}/analytics/share"
    page = browser.post(path, data={"days": "7"}, headers=ORIGIN).text
    (link,) = re.findall(r"/figures/[\w-]+", page)
    moment = now()
    monkeypatch.setattr(share_links, "now", lambda: moment + 7 * DAY + 1)
    assert stranger.get(link).status_code == 404
    assert "until" not in browser.get(f"/admin/{owner.key}/analytics").text.split("share")[-1]


def test_links_are_bounded(owner: OwnerServer) -> None:
    browser = owner.browser("owner")
    path = f"/admin/{owner.key}/analytics/share"
    for days in ("0", "4000", "x"):
        assert browser.post(path, data={"days": days}, headers=ORIGIN).status_code == 400
    with owner.database.session() as session:
        for _ in range(MOST_LINKS):
            share_links.add_share_link(session, owner.site_id, "x", LASTING_DAYS[0])
    refused = browser.post(path, data={"days": "7"}, headers=ORIGIN)
    assert (refused.status_code, "already" in refused.text) == (400, True)
