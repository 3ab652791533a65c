"""A chat over reloads, tabs, dead lines and impatient visitors: nothing is lost, doubled or made up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect
from support.widget.host_pages import HostPages
from support.widget.scripted_server import Script, say
from support.widget.visits import Visitor

pytestmark = pytest.mark.browser
HISTORY = [
    {"id": "q1", "role": "user", "text": "First question"},
    {"id": "m1", "role": "assistant", "text": "First answer", "finish": "stop", "origin": "pages"},
]
REMEMBERED = {"conversation": "c1", "secret": "s3cret", "open": True}
TEXTS = """() => [...document.querySelector("chatbot-widget").shadowRoot.querySelectorAll(".log > ol > li > .text")]
    .map((text) => text.textContent)"""


def remembering(it: Any, **kept: Any) -> None:
    """The visitor has talked before: the next page finds this."""
    text = json.dumps(json.dumps(REMEMBERED | kept))
    it.page.add_init_script(f"sessionStorage['chatbot:demo'] ??= {text}")


@pytest.mark.parametrize("status", [429, 502])
def test_a_server_that_is_busy_at_a_reload_costs_nobody_the_chat(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script, status: int
) -> None:
    script.history = HISTORY
    busy = {"error": {"code": "limit_small", "message": "Try again in 9 s."}}
    script.refuse["/api/conversation/c1"] = (status, busy)
    with visit(chromium) as it:
        remembering(it)
        it.go(pages.add())
        it.panel.locator(".error").get_by_text("Try again in 9 s.").wait_for()
        script.refuse.clear()
        it.panel.get_by_role("button", name="Try again").click()
        it.answered("First answer")
        it.ask("hello").answered("You said: hello")
        assert script.asked[0]["conversation"] == "c1"


@pytest.mark.parametrize("status", [401, 404])
def test_a_chat_that_is_gone_is_begun_anew(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script, status: int
) -> None:
    script.refuse["/api/conversation/c1"] = (status, {"error": {"code": "x", "message": "Gone."}})
    with visit(chromium) as it:
        remembering(it)
        it.go(pages.add()).configured().ask("hello").answered("You said: hello")
        assert "conversation" not in script.asked[0]


def test_a_chat_comes_back_with_its_server(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.history = HISTORY
    with visit(browser) as it:
        remembering(it)
        it.page.route("**/api/**", lambda route: route.abort())
        it.go(pages.add())
        it.panel.locator(".error").get_by_text("No connection").wait_for()
        it.page.unroute("**/api/**")
        it.panel.get_by_role("button", name="Try again").click()
        it.answered("First answer")
        expect(it.panel.locator("h2")).to_have_text("Atelier Lumen")
        assert it.page.evaluate(TEXTS) == ["First question", "First answer"]


def test_an_answer_that_ended_meanwhile_is_not_taken_up_again(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.history = HISTORY
    script.refuse["/api/chat/m1"] = (404, {"error": {"code": "x", "message": "Unknown."}})
    with visit(chromium) as it:
        remembering(it, running="m1")
        it.go(pages.add()).answered("First answer")
        it.ask("hello").answered("You said: hello")
        expect(it.panel.locator(".error")).to_have_count(0)


def test_what_was_said_before_stands_before_what_is_said_next(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.history = HISTORY
    early = (
        "<script>(window.Chatbot = window.Chatbot || []).push(['ask', 'Second question'])</script>"
    )
    with visit(chromium) as it:
        remembering(it)
        held: list[Any] = []
        it.page.route("**/api/conversation/c1", lambda route: held.append(route))
        it.go(pages.add(early)).configured()
        it.until(lambda: held)
        held[0].continue_()
        it.answered("You said: Second question")
        said = ["First question", "First answer", "Second question", "You said: Second question"]
        assert it.page.evaluate(TEXTS) == said


def test_two_tabs_do_not_overwrite_each_others_chat(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(browser) as one:
        address = pages.add(tag=pages.tag(storage="local"))
        one.go(address).open()
        two = type(one)(one.page.context.new_page())
        two.go(address)
        two.page.evaluate("Chatbot.open()")
        two.configured().ask("hello").answered("You said: hello")

        def kept() -> dict[str, Any]:
            found: dict[str, Any] = json.loads(one.page.evaluate("localStorage['chatbot:demo']"))
            return found

        one.field.fill("a draft")
        one.until(lambda: kept().get("draft") == "a draft")
        assert kept()["conversation"] == "c1"
        assert kept()["secret"] == "s3cret"
        two.page.evaluate("Chatbot.reset()")
        two.until(lambda: "conversation" not in kept())
        one.field.fill("another")
        one.until(lambda: kept().get("draft") == "another")
        assert "conversation" not in kept()


def test_stop_needs_no_word_of_the_server(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(browser) as it:
        held: list[Any] = []
        it.page.route("**/api/chat", lambda route: held.append(route))
        it.go(pages.add()).open().ask("?")
        it.until(lambda: held)
        it.panel.get_by_role("button", name="Stop").click()
        it.panel.get_by_text("Stopped.").wait_for()
        it.panel.get_by_role("button", name="Send").wait_for()
        expect(it.panel.locator(".error")).to_have_count(0)


def test_a_stopped_answer_is_not_taken_up(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = [("token", {"text": "begun"}), ("drop", None), *say("never seen")]
    with visit(chromium) as it:
        it.page.clock.install()
        tries: list[Any] = []

        def fail(route: Route) -> None:
            tries.append(route)
            route.abort()

        def has_tried_thrice() -> bool:
            it.page.clock.run_for(50)
            return len(tries) == 3

        it.page.route("**/api/chat/m1", fail)
        it.go(pages.add()).open()
        it.page.clock.pause_at(it.page.evaluate("Date.now() + 1000"))
        it.ask("?")
        # Three attempts fail; the next would be made four seconds of the page after the third.
        it.until(has_tried_thrice)
        it.panel.get_by_role("button", name="Stop").click()
        for _ in range(25):
            it.page.clock.run_for(100)
        assert it.panel.get_by_text("Stopped.").count() == 1


def test_a_locale_that_does_not_come_leaves_english(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(chromium) as it:
        wrong = {"status": 404, "body": '{"error": {"code": "x"}}'}
        headers = {"Access-Control-Allow-Origin": "*"}
        it.page.route("**/de-*.json", lambda route: route.fulfill(**wrong, headers=headers))
        it.go(pages.add(lang="de"))
        it.bubble.click()
        it.panel.get_by_role("button", name="Send").wait_for()


def test_what_the_owner_left_open_is_said_in_the_visitors_language(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.config |= {"greeting": None, "notice": None}
    with visit(chromium) as it:
        it.go(pages.add(lang="pl")).open()
        it.panel.get_by_text("Dzień dobry! W czym mogę pomóc?").wait_for()
        it.panel.get_by_text("Odpowiedzi pisze AI i mogą być błędne.").wait_for()


def test_a_chat_in_the_text_is_there_although_the_bubbles_was_closed(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(chromium) as it:
        remembering(it, open=False)
        it.go(pages.add(tag=pages.tag(mode="inline"))).configured()
        expect(it.panel).to_be_visible()


def test_a_question_to_a_chat_that_is_gone_begins_a_new_one(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    gone = {"error": {"code": "conversation_unknown", "message": "This chat is gone."}}

    def refuse(route: Any) -> None:
        headers = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(status=404, json=gone, headers=headers)

    with visit(browser) as it:
        it.go(pages.add()).open().ask("hello").answered("You said: hello")
        it.page.route("**/api/chat", refuse, times=1)
        it.ask("again").answered("You said: again")
        assert [body.get("conversation") for body in script.asked] == [None, None]
        expect(it.questions).to_have_count(2)


def test_a_message_to_a_human_outlives_the_chat(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    gone = {"error": {"code": "conversation_unknown", "message": "This chat is gone."}}
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("hello").answered("You said: hello")
        script.refuse["/api/contact"] = (404, gone)
        held: list[Any] = []

        def hold(route: Route) -> None:
            held.append(route.request)
            route.continue_()

        it.page.route("**/api/contact", hold)
        it.menu("Talk to a human")
        it.panel.get_by_label("Name").fill("A")
        it.panel.get_by_label("E-mail").fill("a@example.org")
        it.panel.locator(".sheet").get_by_role("button", name="Send").click()
        it.panel.locator(".sheet").get_by_text("This chat is gone.").wait_for()
        sent = [one.post_data_json for one in held]
        assert ["conversation" in body for body in sent] == [True, False]
        assert [body["message"] for body in sent] == ["hello", "hello"]


def test_no_text_is_lost_when_a_question_fails(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(browser) as it:
        held: list[Any] = []
        it.page.route("**/api/chat", lambda route: held.append(route))
        it.go(pages.add()).open().ask("first")
        it.until(lambda: held)
        it.field.fill("third")
        it.page.evaluate("Chatbot.send('second')")
        expect(it.field).to_have_value("second\nthird")
        held[0].abort()
        expect(it.field).to_have_value("first\nsecond\nthird")
        it.page.unroute("**/api/chat")
        it.panel.get_by_role("button", name="Try again").click()
        it.answered("You said: first")
        assert [body["message"] for body in script.asked] == ["first\nsecond\nthird"]
