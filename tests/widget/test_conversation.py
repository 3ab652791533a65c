"""What a visitor does with the chat, against scripted answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_server import DONE, Script, say

pytestmark = pytest.mark.browser
Visitor = Callable[..., Any]
SOURCES = [
    {
        "title": "Hours",
        "url": "https://example.org/hours",
        "quote": "Open from ten to six every day",
    },
    {"title": "Contact", "url": "https://example.org/contact", "quote": "Rue de la Lumière 12"},
]


def stored(it: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(it.page.evaluate("sessionStorage['chatbot:demo'] || '{}'"))
    return found


def calls(script: Script, method: str, path: str) -> list[Any]:
    return [body for verb, where, body in script.calls if verb == method and where == path]


def test_an_answer_streams_in_however_the_stream_is_cut(
    browser: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    script.cut = 1
    text = ("token", {"text": "Ouvert à **10 h** 👩‍👩‍👧, "})
    script.answers["?"] = [text, ("gate", None), *say("fermé le *lundi*.")]
    with visit(browser) as it:
        it.go(pages.add()).open().ask("?")
        it.answers.get_by_text("👩‍👩‍👧").wait_for()
        assert it.answers.locator("strong").inner_text() == "10 h"
        script.gate.set()
        it.answered("Ouvert à 10 h 👩‍👩‍👧, fermé le lundi.")


def test_a_dropped_connection_is_taken_up_where_it_ended(
    browser: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    script.answers["?"] = [("token", {"text": "one "}), ("drop", None), *say("two")]
    with visit(browser) as it:
        it.go(pages.add()).open().ask("?").answered("one two")
        assert ("GET", "/api/chat/m1", None) in script.calls


def test_a_reload_brings_the_chat_back_and_goes_on_with_the_answer(
    browser: Any, visit: Visitor, pages: Any, script: Script
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
        assert it.answers.count() == 1
        assert it.page.locator("chatbot-widget li.user").count() == 1


def test_stop_ends_the_answer_on_the_server_and_keeps_what_is_there(
    browser: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    script.answers["?"] = [("token", {"text": "begun "}), ("gate", None), *say("never seen")]
    with visit(browser) as it:
        it.go(pages.add()).open().ask("?")
        it.answers.get_by_text("begun").wait_for()
        it.panel.get_by_role("button", name="Stop").click()
        it.panel.get_by_text("Stopped.").wait_for()
        assert it.answers.inner_text() == "begun"
        assert "m1" in script.stopped
        it.panel.get_by_role("button", name="Send").wait_for()


def test_a_failed_answer_can_be_asked_again(
    chromium: Any, visit: Visitor, pages: Any, script: Script
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
        assert it.answers.count() == 1
        assert it.page.locator("chatbot-widget li.user").count() == 1


def test_a_question_is_kept_when_the_server_is_away(
    chromium: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    with visit(chromium) as it:
        it.go(pages.add()).open()
        it.page.route("**/api/chat", lambda route: route.abort())
        it.ask("Are you there?")
        it.panel.get_by_text("The server cannot be reached").first.wait_for()
        assert it.field.input_value() == "Are you there?"
        it.page.reload()
        it.panel.wait_for()
        assert it.field.input_value() == "Are you there?"
        it.page.unroute("**/api/chat")
        it.field.press("Enter")
        it.answered("You said: Are you there?")
        assert it.field.input_value() == ""


def test_the_servers_refusals_are_shown_in_its_words(
    chromium: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    words = "That was a lot of questions. Try again in 9 s."
    script.refuse["/api/chat"] = (429, {"error": {"code": "limit_visitor", "message": words}})
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?")
        it.panel.locator(".error").get_by_text(words).wait_for()
        assert it.field.input_value() == "?"


def test_the_place_in_the_queue_is_told(
    chromium: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    script.answers["?"] = [("queue", {"position": 2, "seconds": 7.2}), ("gate", None), *say("ok")]
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?")
        it.panel.get_by_text("Place in the queue: 2 (about 8 s)").wait_for()
        script.gate.set()
        it.answered("ok")


def test_sources_follow_ups_and_feedback(
    chromium: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    script.answers["?"] = [
        ("token", {"text": "Ten to six."}),
        ("sources", {"items": SOURCES}),
        ("done", DONE | {"origin": "pages", "suggestions": ["On Sundays?"]}),
    ]
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?").answered("Ten to six.")
        link = it.panel.get_by_role("link", name="Hours")
        assert link.get_attribute("href").startswith(
            "https://example.org/hours#:~:text=Open%20from"
        )
        assert link.get_attribute("rel") == "noopener noreferrer nofollow"
        it.panel.get_by_text("Show the quote").first.click()
        it.panel.get_by_text("Open from ten to six every day").wait_for()
        it.panel.get_by_text("Quoted from this site’s pages").wait_for()
        it.panel.get_by_role("button", name="Not helpful", exact=True).click()
        it.panel.get_by_label("It is incomplete").check()
        it.panel.get_by_label("Comment (optional)").fill("and Sundays?")
        it.panel.locator(".why").get_by_role("button", name="Send").click()
        it.panel.get_by_text("Thank you.").wait_for()
        said = {"message": "m1", "value": "down", "reason": "incomplete", "comment": "and Sundays?"}
        # The panel thanks at once; the request is still on its way.
        for _ in range(100):
            if said in calls(script, "POST", "/api/feedback"):
                break
            it.page.wait_for_timeout(100)
        assert calls(script, "POST", "/api/feedback")[-1] == said
        it.panel.get_by_role("button", name="On Sundays?").click()
        it.answered("You said: On Sundays?")


def menu(it: Any, entry: str) -> None:
    it.panel.get_by_role("button", name="Menu").click()
    it.panel.locator(".menu").get_by_role("button", name=entry).click()


def test_a_chat_can_be_handed_to_a_human(
    browser: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    with visit(browser) as it:
        it.go(pages.add()).open().ask("Can I visit?").answered("You said: Can I visit?")
        menu(it, "Talk to a human")
        it.panel.get_by_label("Name").fill("Ana")
        it.panel.get_by_label("E-mail").fill("ana@example.org")
        assert it.panel.get_by_label("Message").input_value() == "Can I visit?"
        it.panel.locator(".contact").get_by_role("button", name="Send").click()
        it.panel.get_by_text("Sent. A person will answer you by e-mail.").wait_for()
        (sent,) = calls(script, "POST", "/api/contact")
        assert sent["conversation"] == "c1"


def test_a_chat_can_be_erased_and_the_visitor_is_told_what_was(
    chromium: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("hello").answered("You said: hello")
        menu(it, "Delete my chat")
        it.panel.locator(".sheet").get_by_role("button", name="Delete my chat").click()
        it.panel.get_by_text("Deleted from the server: 2 messages.").wait_for()
        assert ("DELETE", "/api/conversation/c1", None) in script.calls
        it.page.keyboard.press("Escape")
        assert it.answers.count() == 0
        assert "conversation" not in stored(it)
        assert "secret" not in stored(it)


def test_a_chat_need_not_be_kept(chromium: Any, visit: Visitor, pages: Any, script: Script) -> None:
    with visit(chromium) as it:
        it.go(pages.add()).open()
        it.panel.get_by_label("Don’t keep this chat").check()
        it.ask("hello").answered("You said: hello")
        assert script.asked[0]["keep"] is False
        assert it.panel.get_by_label("Don’t keep this chat").count() == 0


def test_global_privacy_control_ticks_it_beforehand(
    chromium: Any, visit: Visitor, pages: Any
) -> None:
    with visit(chromium) as it:
        it.page.add_init_script(
            "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})"
        )
        it.go(pages.add()).open()
        assert it.panel.get_by_label("Don’t keep this chat").is_checked()


def test_where_the_question_goes_is_told_from_the_configuration(
    chromium: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    script.config["privacy"] = {
        "model": "Qwen", "local": True, "retention_days": 12, "policy_url": "https://example.org/p",
    }  # fmt: skip
    with visit(chromium) as it:
        it.go(pages.add()).open()
        it.panel.get_by_role("button", name="Where does my question go?").click()
        sheet = it.panel.locator(".sheet")
        sheet.get_by_text("Qwen answers there; nothing is sent to anyone else.").wait_for()
        assert "after 12 days" in sheet.inner_text()
        assert sheet.get_by_role("link").get_attribute("href") == "https://example.org/p"


def test_the_transcript_is_saved_as_text_and_markdown(
    chromium: Any, visit: Visitor, pages: Any, script: Script, tmp_path: Path
) -> None:
    script.answers["?"] = [
        ("token", {"text": "**Ten**"}),
        ("sources", {"items": SOURCES}),
        ("done", DONE),
    ]
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?").answered("Ten")
        for entry, expected in (
            ("Save as text", "You:\n?"),
            ("Save as Markdown", "- [Hours](https"),
        ):
            with it.page.expect_download() as waiting:
                menu(it, entry)
            waiting.value.save_as(tmp_path / "chat")
            text = (tmp_path / "chat").read_text(encoding="utf-8")
            assert expected in text
            assert "**Ten**" in text


def test_the_chat_is_printed_and_nothing_else(
    chromium: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    with visit(chromium) as it:
        # The dialogue itself would wait for a person.
        it.page.add_init_script("window.print = () => { top.printed = document.body.innerText; }")
        it.go(pages.add()).open().ask("hello").answered("You said: hello")
        menu(it, "Print")
        it.page.wait_for_function("window.printed")
        printed = it.page.evaluate("printed")
        assert "You said: hello" in printed
        assert "Lamps made by hand" not in printed


def test_enter_that_ends_a_composition_does_not_send(
    chromium: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    with visit(chromium) as it:
        it.go(pages.add()).open()
        it.field.fill("にほん")
        for init in ("{isComposing: true}", "{keyCode: 229}"):
            it.field.evaluate(
                f"(field) => field.dispatchEvent(new KeyboardEvent('keydown', {{key: 'Enter', bubbles: true, ...{init}}}))"
            )
        it.field.press("Shift+Enter")
        assert script.asked == []
        it.field.press("Enter")
        it.answered("にほん")


def test_reading_further_up_is_not_disturbed(
    chromium: Any, visit: Visitor, pages: Any, script: Script
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
    chromium: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    script.answers["?"] = [("gate", None), *say("done")]
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?")
        it.page.keyboard.press("Escape")
        script.gate.set()
        it.page.locator("chatbot-widget .badge").get_by_text("1").wait_for()
        assert it.bubble.evaluate("(b) => b.ariaDescription") == "New answer: 1"
        it.open()
        assert it.page.locator("chatbot-widget .badge").is_hidden()


def test_the_page_can_drive_it_before_and_after_it_is_there(
    browser: Any, visit: Visitor, pages: Any, script: Script
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
        assert it.page.locator("chatbot-widget").count() == 0


def test_a_polite_line_can_be_sent_away_for_good(chromium: Any, visit: Visitor, pages: Any) -> None:
    with visit(chromium) as it:
        it.go(
            pages.add(
                "<input id=here autofocus>", tag=pages.tag(proactive="Need help?", delay="0.1")
            )
        )
        tip = it.page.locator("chatbot-widget .tip")
        tip.get_by_text("Need help?").wait_for()
        assert it.page.evaluate("document.activeElement.id") == "here"
        tip.get_by_role("button", name="Close").click()
        it.page.reload()
        it.bubble.wait_for()
        it.page.wait_for_timeout(800)
        assert tip.count() == 0


def test_nothing_is_stored_or_requested_before_the_first_tap(
    browser: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    with visit(browser) as it:
        it.go(pages.add())
        it.bubble.wait_for()
        it.page.wait_for_timeout(700)
        chat = [url for url in it.requests if url.startswith(pages.chat)]
        assert chat == [f"{pages.chat}/widget.js"]
        assert it.page.evaluate(
            "[localStorage.length, sessionStorage.length, document.cookie]"
        ) == [0, 0, ""]
        it.open().ask("hello").answered("You said: hello")
        assert it.page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
        assert it.page.context.cookies() == []
        assert all(url.startswith((pages.chat, pages.serving.url)) for url in it.requests)


def test_the_bubble_waits_while_a_consent_banner_is_there(
    chromium: Any, visit: Visitor, pages: Any
) -> None:
    banner = (
        "<div class=cookies>Cookies? <button onclick='this.parentNode.remove()'>No</button></div>"
    )
    with visit(chromium) as it:
        it.go(pages.add(banner, tag=pages.tag(avoid=".cookies")))
        it.page.wait_for_timeout(600)
        assert it.bubble.is_hidden()
        it.page.get_by_role("button", name="No").click()
        it.bubble.wait_for()


@pytest.mark.parametrize(
    ("locale", "send"),
    [("fr", "Envoyer"), ("de", "Senden"), ("es", "Enviar"), ("it", "Invia"), ("pt", "Enviar"), ("nl", "Versturen"), ("pl", "Wyślij"), ("ja", "送信"), ("sv", "Send")],
)  # fmt: skip
def test_it_speaks_the_language_of_the_page(
    chromium: Any, visit: Visitor, pages: Any, locale: str, send: str
) -> None:
    with visit(chromium, locale="en-GB") as it:
        it.go(pages.add(lang=locale))
        it.bubble.click()
        it.panel.get_by_role("button", name=send).wait_for()


def test_the_diagnosis_says_in_words_what_is_wrong(
    chromium: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    refusal = {"error": {"code": "origin_not_allowed", "message": "Pages of X may not use it."}}
    script.refuse["/api/widget"] = (403, refusal)
    with visit(chromium) as it:
        # On both tags: whichever script runs first makes the one bubble.
        it.go(pages.add(tag=pages.tag(colour="#ff0000") * 2) + "?chatbot-debug")
        box = it.page.locator("chatbot-widget .debug")
        box.wait_for()
        words = box.inner_text()
        assert "on the page 2 times" in words
        assert "data-colour is no option of the widget. Meant: data-color?" in words
        assert "The server refuses this page: Pages of X may not use it." in words


def test_the_diagnosis_names_the_policy_that_blocks(
    chromium: Any, visit: Visitor, pages: Any
) -> None:
    policy = {"Content-Security-Policy": f"default-src 'none'; script-src {pages.chat}"}
    with visit(chromium) as it:
        it.go(pages.add(headers=policy) + "?chatbot-debug")
        box = it.page.locator("chatbot-widget .debug")
        box.wait_for()
        assert f"Add connect-src {pages.chat}" in box.inner_text()
