"""What the pages offer to somebody is what they may do."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from support.conversations import add_conversation
from support.servers.owner_server import ORIGIN, OwnerServer
from werkzeug.routing import RequestRedirect

from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.storage.owners.accounts import Role
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.feedback import add_contact_request
from chatbot_server.web.admin.access import LEAST_ROLE, RANKS

MOST_ALIKE = 5  # addresses of one page that a walk opens: a filter has many
STEPS = ("appearance", "privacy", "tag")  # of the set-up, and open to every role
OFFERED = {
    "reader": ("why", "document", "export_entries", "change_password"),
    "editor": ("hand_back", "judge_sample", "remove_text", "ignore_group", "delete_message"),
    "owner": ("delete_site", "undo_setting", "stop_sharing", "revoke_api_key", "choose_pages"),
}


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


def offered(owner: OwnerServer, path: str, page: str) -> Iterator[tuple[str, str, str]]:
    """Method, endpoint and address of what *page* leads to on the owner's pages."""
    adapter = owner.app.url_map.bind("localhost")
    parser = Offers(path)
    parser.feed(page)
    for method, link in parser.found:
        address = urljoin(path, link).split("#")[0]
        target = urlsplit(address).path
        if target.startswith("/admin"):
            try:
                yield method, adapter.match(target, method=method)[0], address
            except RequestRedirect as redirect:
                raise AssertionError(f"{address} leads elsewhere first") from redirect


def lived_in(owner: OwnerServer) -> str:
    """Fills all pages with something; returns the id of a conversation."""
    add_note(owner.database, owner.site_id, "Hours", "From 9 to 5.")
    add_faq(owner.database, owner.site_id, "Do you bake?", "Yes.")
    with owner.database.session() as session:
        site = session.get_one(Site, owner.site_id)
        add_contact_request(session, site, None, name="A", email="a@example.org", text="Hello")
        exchanges = [("Where are you?", "Here."), ("Do you sell boats?", "No idea.")]
        first, second = add_conversation(session, site.id, *exchanges)
        first.origin, second.origin = "pages", "none"
        return first.conversation_id


def fill_by_forms(owner: OwnerServer, conversation: str) -> None:
    """What only the pages themselves make: runs, changes, links, a person in *conversation*."""
    browser, root = owner.browser("owner"), f"/admin/{owner.key}"
    forms: dict[str, dict[str, str]] = {
        "knowledge": {"address": "https://example.org/"},
        "quality": {"question": "Do you bake?", "expect": "Yes"},
        "quality/runs": {},
        "appearance": {"name": "Bakery", "greeting_en": "Hello!"},
        "analytics/share": {"days": "30"},
        "keys": {"name": "Shop", "scope": "all"},
        f"conversations/{conversation}/write": {"name": "Marie", "text": "Here I am."},
    }
    for path, form in forms.items():
        assert browser.post(f"{root}/{path}", data=form, headers=ORIGIN).status_code < 400, path


@pytest.mark.parametrize("role", ["reader", "editor", "owner"])
def test_nobody_is_offered_what_they_may_not_do(owner: OwnerServer, role: Role) -> None:
    """A walk along what the pages offer, from Home and from pages whose address is known."""
    fill_by_forms(owner, lived_in(owner))
    browser, root = owner.browser(role), f"/admin/{owner.key}"
    waiting = [f"{root}/", *(f"{root}/{name}?setup=yes" for name in STEPS)]
    seen: dict[str, set[str]] = {}
    while waiting:
        path = waiting.pop()
        page = browser.get(path)
        if page.mimetype != "text/html" or page.status_code == 303:
            continue
        assert page.status_code == 200, path
        for method, endpoint, address in offered(owner, path, page.text):
            least = LEAST_ROLE[endpoint]
            assert least is None or RANKS[role] >= RANKS[least], (path, address)
            alike = seen.setdefault(endpoint, set())
            if method == "GET" and address not in alike and len(alike) < MOST_ALIKE:
                alike.add(address)
                waiting.append(address)
    missing = {f"admin.{view}" for view in OFFERED[role]} - set(seen)
    assert missing == set(), sorted(seen)


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
