"""The owner's pages in small windows, in large letters, and in the longer language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from support.browsers import LIMIT
from support.conversations import talk
from support.servers.owner_server import PASSWORD, OwnerServer
from support.servers.serving import serve_app

from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.feedback import add_contact_request

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("owner")]

STEPS = ("pages", "appearance")  # the widest one, and one beside the chat
PAGES = ("", "conversations", "unanswered", "faq", "knowledge", "messages", "../people")
LINES = "new Set([...document.querySelectorAll('.steps li')].map((step) => step.offsetTop)).size"
WIDTH = "document.documentElement.scrollWidth"
# How much room a list of choices has left beside the longest, without its arrow.
ROOM = """(list) => {
    const style = getComputedStyle(list);
    const context = document.createElement("canvas").getContext("2d");
    context.font = style.font;
    const widths = [...list.options].map((option) => context.measureText(option.text).width);
    return list.clientWidth - parseFloat(style.paddingLeft) - 16 - Math.max(...widths);
}"""


@contextmanager
def opened(
    browser: Browser, owner: OwnerServer, locale: str = "en-GB", **options: Any
) -> Iterator[tuple[Page, str]]:
    """A page on which the owner is logged in, and the address of the site's pages."""
    owner.browser("owner")  # makes the account
    served = serve_app(owner.app)
    context = browser.new_context(locale=locale, **options)
    context.set_default_timeout(LIMIT)
    page = context.new_page()
    page.goto(f"{served.url}/admin/login")
    page.locator("#name").fill("the owner")
    page.locator("#password").fill(PASSWORD)
    page.locator("main button").click()
    expect(page.get_by_role("heading", name="Bakery").first).to_be_visible()
    yield page, f"{served.url}/admin/{owner.key}"
    context.close()
    served.close()


def test_the_page_fits_while_messages_are_new(chromium: Browser, owner: OwnerServer) -> None:
    with owner.database.session() as session:
        site = session.get_one(Site, owner.site_id)
        add_contact_request(session, site, None, name="Ann", email="a@b.example", text="Help")
    with opened(chromium, owner, viewport={"width": 390, "height": 844}) as (page, root):
        page.goto(f"{root}/conversations")
        expect(page.locator(".count")).to_have_text("1")
        assert page.evaluate(WIDTH) == 390


def test_the_steps_of_the_set_up_stand_in_one_line(browser: Browser, owner: OwnerServer) -> None:
    with opened(browser, owner, "fr-FR") as (page, root):
        for width, scale in ((1280, 1), (900, 1), (390, 1), (1280, 2)):
            page.set_viewport_size({"width": width, "height": 800})
            for step in STEPS:
                page.goto(f"{root}/{step}?setup=yes")
                page.evaluate(f"document.documentElement.style.fontSize = '{100 * scale}%'")
                where = f"{step} at {width} pixels, letters × {scale}"
                assert page.evaluate(LINES) == 1, where
                assert page.evaluate(WIDTH) <= width, where


def test_the_menu_is_in_one_line_and_says_where_it_goes_on(
    chromium: Browser, owner: OwnerServer
) -> None:
    lines = "new Set([...document.querySelectorAll('nav li')].map((entry) => entry.offsetTop)).size"
    last = "document.querySelector('nav li:last-child a').getBoundingClientRect().right"
    with opened(chromium, owner, "fr-FR", viewport={"width": 1100, "height": 800}) as (page, root):
        page.goto(f"{root}/faq")
        for width in (1000, 900, 768, 390):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(lines) == 1, width
        nav = page.locator("header nav")
        assert "gradient" in nav.evaluate("(nav) => getComputedStyle(nav).maskImage")
        nav.evaluate("(nav) => nav.scrollTo(9999, 0)")
        assert page.evaluate(last) < 390 - 40, "at its end, nothing of it fades"


def test_a_long_word_leaves_a_list_its_other_columns(chromium: Browser, owner: OwnerServer) -> None:
    talk(owner, "anticonstitutionnellement" * 10, "No.", "none")
    wide = "(list) => list.scrollWidth - list.clientWidth"
    with opened(chromium, owner, viewport={"width": 1000, "height": 800}) as (page, root):
        page.goto(f"{root}/conversations")
        assert page.locator(".wide").evaluate(wide) == 0


def test_letters_of_twice_the_size_fit_a_telephone(chromium: Browser, owner: OwnerServer) -> None:
    talk(owner, "Do you deliver to the islands in winter?", "No.", "none")
    with owner.database.session() as session:
        session.get_one(Site, owner.site_id).name = "Bakery Kingston upon Hull"
    phone = {"width": 390, "height": 844}
    with opened(chromium, owner, "fr-FR", viewport=phone) as (page, root):
        for name in PAGES:
            page.goto(f"{root}/{name}")
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert page.evaluate(WIDTH) <= 390, name


def test_the_choices_for_e_mail_can_be_read(chromium: Browser, tmp_path: Path) -> None:
    mail = {"host": "mail.bakery.example", "sender": "chat@bakery.example", "to": "a@b.example"}
    owner = OwnerServer(tmp_path, mail=mail)
    phone = {"width": 390, "height": 844}
    with opened(chromium, owner, "fr-FR", viewport=phone) as (page, root):
        page.goto(f"{root}/messages")
        assert page.locator("#contact_mail").evaluate(ROOM) > 0
    owner.database.close()
