"""Questions and answers as a visitor sees them, against scripted answers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from support.widget.host_pages import HostPages
from support.widget.scripted_server import DONE, Script, say
from support.widget.visits import Visitor, box_of

pytestmark = pytest.mark.browser


def test_an_answer_streams_in_however_the_stream_is_cut(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.cut = 1
    text = ("token", {"text": "Ouvert à **10 h** 👩‍👩‍👧, "})
    script.answers["?"] = [text, ("gate", None), *say("fermé le *lundi*.")]
    with visit(browser) as it:
        it.go(pages.add()).open().ask("?")
        it.answers.get_by_text("👩‍👩‍👧").wait_for()
        expect(it.answers.locator("strong")).to_have_text("10 h")
        script.gate.set()
        it.answered("Ouvert à 10 h 👩‍👩‍👧, fermé le lundi.")


def test_a_dropped_connection_is_taken_up_where_it_ended(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = [("token", {"text": "one "}), ("drop", None), *say("two")]
    with visit(browser) as it:
        it.go(pages.add()).open().ask("?").answered("one two")
        assert ("GET", "/api/chat/m1", None) in script.calls


def test_a_reload_brings_the_chat_back_and_goes_on_with_the_answer(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = [("token", {"text": "begun "}), ("gate", None), *say("and done")]
    script.history = [
        {"id": "q1", "role": "user", "text": "?"},
        {"id": "m1", "role": "assistant", "text": "begun "},
    ]
    with visit(browser) as it:
        it.go(pages.add()).open().ask("?")
        it.answers.get_by_text("begun").wait_for()
        it.page.reload()
        it.answers.get_by_text("begun").wait_for()
        script.gate.set()
        it.answered("begun and done")
        expect(it.answers).to_have_count(1)
        expect(it.questions).to_have_count(1)


def test_stop_ends_the_answer_on_the_server_and_keeps_what_is_there(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = [("token", {"text": "begun "}), ("gate", None), *say("never seen")]
    with visit(browser) as it:
        it.go(pages.add()).open().ask("?")
        it.answers.get_by_text("begun").wait_for()
        it.panel.get_by_role("button", name="Stop").click()
        it.panel.get_by_text("Stopped.").wait_for()
        expect(it.answers).to_have_text("begun")
        # The panel does not wait for the server's word.
        it.until(lambda: "m1" in script.stopped)
        it.panel.get_by_role("button", name="Send").wait_for()


def test_a_failed_answer_can_be_asked_again(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    wrong = {"code": "engine_crashed", "message": "The model stopped.", "retry": True}
    script.answers["?"] = [("token", {"text": "beg"}), ("error", wrong)]
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?")
        it.panel.locator(".error").get_by_text("The model stopped.").wait_for()
        script.answers["?"] = say("fine now")
        it.panel.get_by_role("button", name="Try again").click()
        it.answered("fine now")
        assert script.asked[1]["retry"] is True
        expect(it.answers).to_have_count(1)
        expect(it.questions).to_have_count(1)


def test_what_is_asked_back_is_answered_with_a_choice_and_not_tried_again(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    done = DONE | {"origin": "question", "suggestions": ["Leeds", "Hull"]}
    text = "Leeds or Hull?\n\n- Leeds\n- Hull"
    script.answers["?"] = [("token", {"text": text}), ("done", done)]
    with visit(browser) as it:
        it.go(pages.add()).open().ask("?")
        it.answered("Leeds or Hull?")
        expect(it.panel.get_by_text("Hull", exact=True)).to_have_count(2)
        expect(it.panel.locator(".text li").first).to_be_hidden()  # the buttons say it
        hull = it.panel.get_by_role("button", name="Hull")
        copy = it.panel.get_by_role("button", name="Copy")
        assert box_of(hull)["y"] < box_of(copy)["y"], "they stand below their question"
        hull.wait_for()
        assert it.panel.get_by_role("button", name="Try again").count() == 0
        hull.click()
        it.answered("You said: Hull")
        expect(it.panel.locator(".text li").first).to_be_visible()
        it.panel.get_by_role("button", name="Try again").wait_for()


def test_a_question_is_kept_when_the_server_is_away(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(browser) as it:
        it.go(pages.add()).open()
        it.page.route("**/api/chat", lambda route: route.abort())
        it.ask("Are you there?")
        it.panel.locator(".error").get_by_text("No connection. Your text is kept.").wait_for()
        expect(it.field).to_have_value("Are you there?")
        it.page.reload()
        it.configured()
        expect(it.field).to_have_value("Are you there?")
        it.page.unroute("**/api/chat")
        it.field.press("Enter")
        it.answered("You said: Are you there?")
        expect(it.field).to_have_value("")


def test_a_visitor_who_loses_the_network_sends_again_with_the_keyboard(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    focused = "document.querySelector('chatbot-widget').shadowRoot.activeElement?.id"
    with visit(browser) as it:
        it.go(pages.add()).open().ask("first").answered("You said: first")
        it.page.context.set_offline(offline=True)
        it.ask("second")
        it.panel.locator(".error").get_by_text("No connection. Your text is kept.").wait_for()
        expect(it.field).to_have_value("second")
        it.page.context.set_offline(offline=False)
        it.panel.locator(".error button").press("Enter")
        it.answered("You said: second")
        assert it.page.evaluate(focused) == "question", "the button has gone, and not the focus"
        it.panel.get_by_role("button", name="Try again").press("Enter")
        it.until(lambda: len([asked for asked in script.asked if asked["message"] == "second"]) > 1)
        assert it.page.evaluate(focused) == "question"


def test_the_servers_refusals_are_shown_in_its_words(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    words = "That was a lot of questions. Try again in 9 s."
    script.refuse["/api/chat"] = (429, {"error": {"code": "limit_visitor", "message": words}})
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?")
        it.panel.locator(".error").get_by_text(words).wait_for()
        expect(it.field).to_have_value("?")


def test_the_place_in_the_queue_is_told(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = [("queue", {"position": 2, "seconds": 7.2}), ("gate", None), *say("ok")]
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?")
        it.panel.get_by_text("Place in the queue: 2 (about 8 s)").wait_for()
        script.gate.set()
        it.answered("ok")


def test_enter_that_ends_a_composition_does_not_send(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(chromium) as it:
        it.go(pages.add()).open()
        it.field.fill("にほん")
        for init in ("{isComposing: true}", "{keyCode: 229}"):
            it.field.evaluate(
                f"(field) => field.dispatchEvent(new KeyboardEvent('keydown', {{key: 'Enter', bubbles: true, ...{init}}}))"
            )
            expect(it.field).to_have_value("にほん")
        it.press("Shift+Enter")
        expect(it.field).to_have_value("にほん\n")
        it.press("Enter").answered("にほん")
        expect(it.questions).to_have_count(1)
        assert [asked["message"] for asked in script.asked] == ["にほん"]


def test_reading_further_up_is_not_disturbed(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    lines = "\n\n".join(f"line {n}" for n in range(40))
    script.answers["?"] = [("token", {"text": lines}), ("gate", None), *say("\n\nthe end")]
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?")
        it.panel.get_by_text("line 39").wait_for()
        place = "document.querySelector('chatbot-widget').shadowRoot.querySelector('.log')"
        it.page.evaluate(f"{place}.scrollTop = 100")
        script.gate.set()
        it.answered("the end")
        assert it.page.evaluate(f"{place}.scrollTop") == 100


def test_answers_that_come_while_it_is_closed_are_counted_on_the_bubble(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = [("gate", None), *say("done")]
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?")
        it.press("Escape")
        it.panel.wait_for(state="hidden")
        script.gate.set()
        badge = it.page.locator("chatbot-widget .badge")
        expect(badge).to_have_text("1")
        expect(it.bubble).to_have_accessible_description("New answer: 1")
        it.open()
        expect(badge).to_be_hidden()
        expect(it.bubble).to_have_accessible_description("")


def test_the_page_is_told_of_a_message_what_the_docs_say(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    early = """<script>(window.Chatbot = window.Chatbot || []).push(["ask", "early"],
        ["on", "message", (event) => (window.fields = [...(window.fields || []), ...Object.keys(event.detail)])]);</script>"""
    with visit(browser) as it:
        it.go(pages.add(early)).answered("You said: early")
        fields = it.page.evaluate("fields")
    assert sorted(set(fields)) == ["error", "id", "role", "site", "text"]


def test_the_page_can_drive_it_before_and_after_it_is_there(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    early = """<script>(window.Chatbot = window.Chatbot || []).push(["setContext", {page: "https://shop.example/x"}],
        ["on", "message", (event) => (window.seen = [...(window.seen || []), event.detail.role + ":" + event.detail.text])],
        ["ask", "early"]);</script>"""
    with visit(browser) as it:
        it.go(pages.add(early)).answered("You said: early")
        assert script.asked[0]["page"] == "https://shop.example/x"
        it.page.evaluate("Chatbot.close()")
        it.panel.wait_for(state="hidden")
        it.page.evaluate("Chatbot.toggle()")
        it.panel.wait_for()
        it.page.evaluate("Chatbot.send('late')")
        it.answered("You said: late")
        assert it.page.evaluate("seen") == ["user:early", "assistant:You said: early", "user:late", "assistant:You said: late"]  # fmt: skip
        it.page.evaluate("Chatbot.reset()")
        it.panel.get_by_role("button", name="When are you open?").wait_for()
        it.page.evaluate("Chatbot.destroy()")
        expect(it.page.locator("chatbot-widget")).to_have_count(0)
