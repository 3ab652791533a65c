"""What the widget says it did, it did; what it waits for is said."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from support.widget.host_pages import HostPages
from support.widget.scripted_server import DONE, Script, say
from support.widget.visits import Visitor, box_of

pytestmark = pytest.mark.browser
CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', {value: %s, configurable: true})"
HEARD = """() => { window.heard = []; const status = document.querySelector("chatbot-widget").shadowRoot
    .querySelector("[role=status][aria-live]"); new MutationObserver((changes) => { for (const change of changes)
    for (const node of change.addedNodes) heard.push(node.textContent); }).observe(status, { childList: true }); }"""
FOCUSED = "document.activeElement.shadowRoot?.activeElement?.id"
FAILURE = {"code": "x", "message": "The model stopped.", "retry": True}
REFUSED = (500, {"error": {"code": "internal", "message": "Something went wrong here."}})


@pytest.mark.parametrize("clipboard", ["undefined", "{write: () => Promise.reject(new Error())}"])
def test_copy_says_nothing_of_what_the_browser_does_not_do(
    chromium: Browser, visit: Visitor, pages: HostPages, clipboard: str
) -> None:
    with visit(chromium) as it:
        it.page.add_init_script(CLIPBOARD % clipboard)
        it.go(pages.add()).open().ask("hello").answered("You said: hello")
        copy = it.panel.get_by_role("button", name="Copy")
        if clipboard == "undefined":
            expect(copy).to_have_count(0)
        else:
            copy.click()
            assert it.errors() == []
            expect(copy).to_have_accessible_name("Copy")


def test_only_the_last_answer_can_be_asked_again(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["!"] = [("error", FAILURE)]
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("!")
        again = it.panel.get_by_role("button", name="Try again")
        expect(again).to_have_count(1)
        it.ask("one").answered("You said: one").ask("two").answered("You said: two")
        expect(again).to_have_count(1)
        again.click()
        it.until(lambda: len(script.asked) == 4)
        assert script.asked[-1]["message"] == "two"


def test_one_button_tries_again_what_was_not_sent(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["!"] = [("error", FAILURE)]
    with visit(browser) as it:
        it.go(pages.add()).open().ask("!")
        again = it.panel.get_by_role("button", name="Try again")
        expect(again).to_have_count(1)
        script.refuse["/api/chat"] = REFUSED
        it.ask("And now?")
        it.panel.locator(".error", has_text="Something went wrong here.").wait_for()
        expect(again).to_have_count(1)
        del script.refuse["/api/chat"]
        again.click()
        it.answered("You said: And now?")


def test_thanks_are_for_a_reason_that_was_taken(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(chromium, viewport={"width": 900, "height": 860}) as it:
        it.go(pages.add()).open().ask("hello").answered("You said: hello")
        it.panel.get_by_role("button", name="Not helpful", exact=True).click()
        form = it.panel.locator(".why")
        form.wait_for()
        log = box_of(it.panel.locator(".log"))
        seen = box_of(form.get_by_role("button", name="Send"))
        assert seen["y"] + seen["height"] <= log["y"] + log["height"] + 1
        script.refuse["/api/feedback"] = REFUSED
        form.get_by_label("It is unclear").check()
        form.get_by_role("button", name="Send").click()
        form.locator(".error").get_by_text("Something went wrong here.").wait_for()
        expect(it.panel.get_by_text("Thank you.")).to_have_count(0)
        script.refuse.clear()
        form.get_by_role("button", name="Send").click()
        it.panel.get_by_text("Thank you.").wait_for()


def test_a_wrong_address_is_said_at_its_field(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    words = "This is not an e-mail address."
    error = {"code": "email_wrong", "field": "email", "message": words}
    script.refuse["/api/contact"] = (400, {"error": error})
    with visit(browser) as it:
        it.go(pages.add()).open().menu("Talk to a human")
        form = it.panel.locator(".contact")
        form.get_by_label("Name").fill("Ana")
        form.get_by_label("E-mail").fill("a@b")
        form.get_by_label("Message").fill("Call me")
        form.get_by_role("button", name="Send").click()
        form.locator(".error").get_by_text(words).wait_for()
        mail = form.get_by_label("E-mail")
        expect(mail).to_have_attribute("aria-invalid", "true")
        expect(mail).to_have_accessible_description(words)
        assert it.page.evaluate(FOCUSED) == "mail"
        # Looking something up in the chat loses nothing of what was written.
        it.panel.get_by_role("button", name="Back to the chat").click()
        it.menu("Talk to a human")
        expect(form.get_by_label("Message")).to_have_value("Call me")
        expect(form.get_by_label("E-mail")).to_have_value("a@b")


def test_a_text_that_is_too_long_is_told_by_the_name_of_its_field(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    def refuse(path: str, field: str) -> None:
        error = {"code": "text_too_long", "field": field, "message": f"{field}: too long."}
        script.refuse[path] = (400, {"error": error})

    with visit(browser) as it:
        it.go(pages.add()).open().ask("hello").answered("You said: hello")
        it.menu("Talk to a human")
        contact = it.panel.locator(".contact")
        for label, text in (("Name", "Ana"), ("E-mail", "ana@example.org"), ("Message", "!")):
            contact.get_by_label(label).fill(text)
        refuse("/api/contact", "message")
        contact.get_by_role("button", name="Send").click()
        expect(contact.get_by_label("Message")).to_have_accessible_description("Message: too long.")
        assert it.page.evaluate(FOCUSED) == "message"
        it.press("Escape")
        it.panel.get_by_role("button", name="Not helpful", exact=True).click()
        why = it.panel.locator(".why")
        why.get_by_label("Comment").fill("!")
        refuse("/api/feedback", "comment")
        why.get_by_role("button", name="Send").click()
        problem = why.get_by_text("Comment (optional): too long.")
        problem.wait_for()
        assert it.page.evaluate(FOCUSED) == "why-m1"
        # It is seen: the conversation is scrolled to it.
        log, seen = box_of(it.panel.locator(".log")), box_of(problem)
        assert seen["y"] + seen["height"] <= log["y"] + log["height"] + 1


def test_a_message_to_a_human_is_sent_once(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(chromium) as it:
        it.go(pages.add()).open().menu("Talk to a human")
        form = it.panel.locator(".contact")
        for label, text in (("Name", "Ana"), ("E-mail", "ana@example.org"), ("Message", "!")):
            form.get_by_label(label).fill(text)
        form.get_by_role("button", name="Send").dblclick()
        it.panel.get_by_text("Sent. A person will answer you by e\u2011mail.").wait_for()
        it.requests()
        assert len([path for _, path, _ in script.calls if path == "/api/contact"]) == 1


def test_an_empty_chat_has_nothing_to_keep_and_a_printed_one_is_whole(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    source = {"title": "ساعات", "url": "https://example.org/hours", "quote": "x"}
    script.answers["?"] = [
        ("token", {"text": "**عشرة**"}), ("sources", {"items": [source]}), ("done", DONE)
    ]  # fmt: skip
    told = """window.print = () => { const { title, documentElement: { lang, dir }, body, adoptedStyleSheets } = document;
        top.printed = [title, lang, dir, adoptedStyleSheets.length, body.innerText]; }"""
    with visit(browser) as it:
        it.page.add_init_script(told)
        it.go(pages.add(lang="ar")).open()
        it.panel.get_by_role("button", name="القائمة").click()
        entries = it.panel.locator(".menu button")
        expect(entries).to_have_count(4)
        it.press("Escape")
        it.ask("?").answered("عشرة")
        it.panel.get_by_role("button", name="القائمة").click()
        expect(entries).to_have_count(7)
        it.menu_entry("طباعة")
        title, lang, way, sheets, text = it.until(lambda: it.page.evaluate("window.printed"))
        assert (title, lang, way, sheets) == ("Atelier Lumen", "ar", "rtl", 1)
        assert "https://example.org/hours" in text


def test_waiting_is_said_and_long_waits_in_minutes(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = [
        ("queue", {"position": 2, "seconds": 200}),
        ("queue", {"position": 2, "seconds": 190}),
        ("queue", {"position": 1, "seconds": 100}),
        ("gate", None),
        *say("ok"),
    ]
    with visit(chromium) as it:
        it.go(pages.add()).open()
        it.page.evaluate(HEARD)
        it.ask("?")
        it.panel.get_by_text("Place in the queue: 1 (about 2 min)").wait_for()
        script.gate.set()
        it.answered("ok")
        it.until(lambda: "ok" in it.page.evaluate("heard"))
        waiting = ["The assistant is writing…", "Place in the queue: 2", "Place in the queue: 1"]
        assert it.page.evaluate("heard") == [*waiting, "ok"]


def test_the_conversation_is_read_and_left_with_the_keyboard(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = say("\n\n".join(f"line {n}" for n in range(60)))
    with visit(browser) as it:
        it.go(pages.add()).open().ask("?").answered("line 59")
        log = it.panel.locator(".log")
        before = log.evaluate("(log) => log.scrollTop")
        it.press("PageUp")
        assert log.evaluate("(log) => log.scrollTop") < before
        log.focus()
        it.press("Escape")
        assert it.page.evaluate(FOCUSED) == "question"
        expect(it.panel).to_be_visible()


@pytest.mark.parametrize(
    ("storage", "days", "words"),
    [
        ("session", 1, "Chats are erased after 1 day. A chat"),
        ("none", 30, "The chat is forgotten with this page."),
    ],
)
def test_how_long_a_chat_is_kept_is_said_truly(
    chromium: Browser,
    visit: Visitor,
    pages: HostPages,
    script: Script,
    storage: str,
    days: int,
    words: str,
) -> None:
    script.config["privacy"] = script.config["privacy"] | {"retention_days": days}
    with visit(chromium) as it:
        it.go(pages.add(tag=pages.tag(storage=storage))).open()
        it.panel.locator(".where").click()
        expect(it.panel.locator(".sheet")).to_contain_text(words)


def test_a_source_keeps_its_own_place_in_the_page(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    sources = [
        {
            "title": name,
            "url": f"https://example.org/{name}#sec:~:text=Ten%20to%20six",
            "quote": "Ten",
        }
        for name in "ab"
    ]
    script.answers["?"] = [
        ("token", {"text": "Ten."}),
        ("sources", {"items": sources}),
        ("done", DONE),
    ]
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?").answered("Ten.")
        one, two = it.panel.locator(".sources a").all()
        expect(one).to_have_attribute("href", "https://example.org/a#sec:~:text=Ten%20to%20six")
        assert box_of(two)["y"] - box_of(one)["y"] >= 24


def test_code_reads_from_left_to_right_in_every_language(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = say("مثال\n\n```\nnpm run build\n```")
    with visit(chromium) as it:
        it.go(pages.add(lang="ar")).open().ask("?").answered("مثال")
        assert it.panel.locator("pre").evaluate("(pre) => getComputedStyle(pre).direction") == "ltr"


def test_a_long_answer_is_read_from_its_question_on(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["Hours?"] = say("First words.\n\n" + "Many more words follow. " * 200)
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("Hello?").answered("You said: Hello?")
        it.ask("Hours?").answered("First words.")
        log = box_of(it.panel.locator(".log"))
        question = box_of(it.panel.get_by_text("Hours?", exact=True))
        assert 0 <= question["y"] - log["y"] < 60
