"""What the pages offer to somebody is what they may do."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from support.conversations import start_conversation
from support.servers.owner_server import OwnerServer
from werkzeug.routing import RequestRedirect

from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.feedback import add_contact_request
from chatbot_server.storage.visitors.messages import add_message
from chatbot_server.web.admin.access import LEAST_ROLE, RANKS
from chatbot_server.web.admin.pages import MENU


class Offers(HTMLParser):
    """The links, and the actions of forms that can be sent, of one page at *path*."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.found: list[tuple[str, str]] = []
        self.form = ("GET", path)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a":
            self.found.append(("GET", values.get("href") or ""))
        elif tag == "form":
            method = (values.get("method") or "get").upper()
            self.form = method, values.get("action") or self.path
        elif tag == "button" and values.get("type") != "button":
            self.found.append(self.form)


def offered(owner: OwnerServer, path: str, page: str) -> Iterator[tuple[str, str]]:
    """The endpoints of the owner's pages that *page* leads to, each with the address."""
    adapter = owner.app.url_map.bind("localhost")
    parser = Offers(path)
    parser.feed(page)
    for method, address in parser.found:
        target = urlsplit(address).path
        if target.startswith("/admin"):
            try:
                yield adapter.match(target, method=method)[0], address
            except RequestRedirect as redirect:
                raise AssertionError(f"{address} leads elsewhere first") from redirect


def lived_in(owner: OwnerServer) -> str:
    """Fills all pages with something; returns the id of a conversation."""
    add_note(owner.database, owner.site_id, "Hours", "From 9 to 5.")
    add_faq(owner.database, owner.site_id, "Do you bake?", "Yes.")
    with owner.database.session() as session:
        site = session.get_one(Site, owner.site_id)
        add_contact_request(session, site, None, name="A", email="a@example.org", text="Hello")
        thread, _ = start_conversation(session, site.id, locale="en", page="/", keep=True)
        thread.extend(30)
        for question, origin in (("Where are you?", "pages"), ("Do you sell boats?", "none")):
            add_message(session, thread, "user", question)
            answer = add_message(session, thread, "assistant", "Here.")
            answer.origin, answer.finish = origin, "stop"
        return thread.id


@pytest.mark.parametrize("role", ["reader", "editor", "owner"])
def test_nobody_is_offered_what_they_may_not_do(owner: OwnerServer, role: str) -> None:
    thread = lived_in(owner)
    browser = owner.browser(role)  # type: ignore[arg-type]
    adapter = owner.app.url_map.bind("localhost")
    site_pages = [adapter.build(f"admin.{view}", {"key": owner.key}) for view, _name in MENU]
    more = ("conversations/" + thread, "tag", "privacy", "history", "quality/sample")
    paths = [*site_pages, *(f"/admin/{owner.key}/{name}" for name in more), "/admin/account"]
    for path in paths:
        page = browser.get(path)
        if page.status_code == 403:
            continue
        assert page.status_code == 200, path
        for endpoint, address in offered(owner, path, page.text):
            least = LEAST_ROLE[endpoint]
            assert least is None or RANKS[role] >= RANKS[least], (path, address)  # type: ignore[index]


@pytest.mark.parametrize("name", ["appearance", "privacy"])
def test_settings_that_cannot_be_saved_cannot_be_typed(owner: OwnerServer, name: str) -> None:
    path = f"/admin/{owner.key}/{name}"
    page = owner.browser("editor").get(path).text
    assert '<fieldset class="plain" disabled>' in page
    assert "Only owners can change this." in page
    page = owner.browser("owner").get(path).text
    assert "disabled" not in page
    assert "Only owners" not in page


def test_who_only_looks_is_given_nothing_to_set_up(owner: OwnerServer) -> None:
    path = f"/admin/{owner.key}/"
    assert "What is left to do" in owner.browser("owner").get(path).text
    editor = owner.browser("editor").get(path).text
    assert "Have your pages read" in editor
    assert "Link your privacy page" not in editor
    assert "What is left to do" not in owner.browser("reader").get(path).text
