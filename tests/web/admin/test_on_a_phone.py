"""The owner's pages in the window of a telephone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from support.browsers import LIMIT
from support.servers.owner_server import PASSWORD, OwnerServer
from support.servers.serving import serve_app

from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.feedback import add_contact_request

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("owner")]


def test_the_page_fits_while_messages_are_new(chromium: Browser, owner: OwnerServer) -> None:
    owner.browser("owner")  # makes the account
    with owner.database.session() as session:
        site = session.get_one(Site, owner.site_id)
        add_contact_request(session, site, None, name="Ann", email="a@b.example", text="Help")
    served = serve_app(owner.app)
    context = chromium.new_context(locale="en-GB", viewport={"width": 390, "height": 844})
    context.set_default_timeout(LIMIT)
    page = context.new_page()
    page.goto(f"{served.url}/admin/login")
    page.get_by_label("Your name").fill("the owner")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Bakery")).to_be_visible()
    page.goto(f"{served.url}/admin/{owner.key}/conversations")
    expect(page.locator(".count")).to_have_text("1")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()
    served.close()
