"""What a visitor does with answers and with the chat as a whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from support.widget.host_pages import HostPages
from support.widget.scripted_server import DONE, Script, say
from support.widget.visits import LISTEN, Visitor

pytestmark = pytest.mark.browser
SOURCES = [
    {
        "title": "Hours",
        "url": "https://example.org/hours#:~:text=Open%20from,every%20day",
        "quote": "Open from ten to six every day",
    },
    {
        "title": "Contact",
        "url": "https://example.org/contact",
        "quote": "- Rue de la Lumière 12\n- **Lyon**",
    },
]


def stored(it: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(it.page.evaluate("sessionStorage['chatbot:demo'] || '{}'"))
    return found


def calls(script: Script, method: str, path: str) -> list[Any]:
    return [body for verb, where, body in script.calls if verb == method and where == path]


def test_sources_follow_ups_and_feedback(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = [
        ("token", {"text": "Ten to six."}),
        ("sources", {"items": SOURCES}),
        ("done", DONE | {"suggestions": ["On Sundays?"]}),
    ]
    with visit(chromium) as it:
        it.go(pages.add()).open()
        it.page.evaluate(LISTEN)
        it.ask("?").answered("Ten to six.")
        # Seen under a word of their own, and heard behind the answer.
        chips = it.panel.get_by_role("list", name="Suggestions")
        before = "(list) => getComputedStyle(list, '::before').content"
        assert "aria-label" in chips.evaluate(before) or "Suggestions" in chips.evaluate(before)
        it.until(lambda: "Ten to six. On Sundays?" in it.page.evaluate("heard"))
        link = it.panel.get_by_role("link", name="Hours")
        expect(link).to_have_attribute("href", SOURCES[0]["url"])
        expect(link).to_have_attribute("rel", "noreferrer nofollow")
        it.panel.get_by_text("Show the quote").first.click()
        it.panel.get_by_text("Open from ten to six every day").wait_for()
        it.panel.get_by_text("Show the quote").nth(1).click()
        expect(it.panel.locator("blockquote li")).to_have_text(["Rue de la Lumière 12", "Lyon"])
        it.panel.get_by_text("Written by AI").wait_for()
        it.panel.get_by_role("button", name="Not helpful", exact=True).click()
        it.panel.get_by_label("It is incomplete").check()
        it.panel.get_by_label("Comment (optional)").fill("and Sundays?")
        it.panel.locator(".why").get_by_role("button", name="Send").click()
        it.panel.get_by_text("Thank you.").wait_for()
        said = {"message": "m1", "value": "down", "reason": "incomplete", "comment": "and Sundays?"}
        # The panel thanks at once; the requests are still on their way, in any order.
        sent = it.until(lambda: len(now := calls(script, "POST", "/api/feedback")) > 1 and now)
        assert said in sent
        assert {"message": "m1", "value": "down"} in sent
        it.panel.get_by_role("button", name="On Sundays?").click()
        it.answered("You said: On Sundays?")


def test_suggestions_are_said_in_their_own_language(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.config |= {"suggestions": ["Horaires"], "suggestions_locale": "fr"}
    with visit(chromium) as it:
        it.go(pages.add()).open()
        expect(it.panel.get_by_role("button", name="Horaires")).to_have_attribute("lang", "fr")
        it.go(pages.add(tag=pages.tag(suggestions="Hours?"))).configured()
        chip = it.panel.get_by_role("button", name="Hours?")
        expect(chip).not_to_have_attribute("lang", "fr")


def test_a_chat_can_be_handed_to_a_human(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(browser) as it:
        it.go(pages.add()).open().ask("Can I visit?").answered("You said: Can I visit?")
        it.menu("Talk to a human")
        it.panel.get_by_label("Name").fill("Ana")
        it.panel.get_by_label("E-mail").fill("ana@example.org")
        expect(it.panel.get_by_label("Message")).to_have_value("Can I visit?")
        it.panel.locator(".contact").get_by_role("button", name="Send").click()
        it.panel.get_by_text("Sent. A person will answer you by e\u2011mail.").wait_for()
        (sent,) = calls(script, "POST", "/api/contact")
        assert sent["conversation"] == "c1"
        # The menu is there on a page laid over the conversation, too.
        it.menu("Delete my chat")
        expect(it.panel.locator(".sheet")).to_contain_text("This cannot be undone.")


def test_a_chat_can_be_erased_and_the_visitor_is_told_what_was(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("hello").answered("You said: hello")
        it.menu("Delete my chat")
        kept = it.panel.get_by_text("What you sent under “Talk to a human” is kept")
        expect(kept).to_be_visible()
        it.panel.locator(".sheet").get_by_role("button", name="Delete my chat").click()
        it.panel.get_by_text("Deleted from the server: 2 messages.").wait_for()
        assert ("DELETE", "/api/conversation/c1", None) in script.calls
        it.press("Escape")
        expect(it.answers).to_have_count(0)
        assert "conversation" not in stored(it)
        assert "secret" not in stored(it)


def test_a_chat_need_not_be_kept(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(chromium) as it:
        it.go(pages.add()).open()
        it.panel.get_by_label("Don’t keep this chat").check()
        it.ask("hello").answered("You said: hello")
        assert script.asked[0]["keep"] is False
        expect(it.panel.get_by_label("Don’t keep this chat")).to_have_count(0)


def test_global_privacy_control_ticks_it_beforehand(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(chromium) as it:
        it.page.add_init_script(
            "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})"
        )
        it.go(pages.add()).open()
        expect(it.panel.get_by_label("Don’t keep this chat")).to_be_checked()


def test_where_the_question_goes_is_told_from_the_configuration(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.config["privacy"] = {
        "model": "Qwen", "local": True, "retention_days": 12, "policy_url": "https://example.org/p",
    }  # fmt: skip
    with visit(chromium) as it:
        it.go(pages.add()).open()
        it.panel.get_by_role("button", name="Where does my question go?").click()
        sheet = it.panel.locator(".sheet")
        sheet.get_by_text("Qwen answers there; nothing is sent to anyone else.").wait_for()
        expect(sheet).to_contain_text("after 12 days")
        expect(sheet.get_by_role("link")).to_have_attribute("href", "https://example.org/p")


def test_the_reply_to_thanks_is_neither_judged_nor_tried_again(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["thanks"] = say("You are welcome!", origin="none", status="courtesy")
    quoted = say("Ten to six.", origin="pages", status="quoted")
    script.answers["hours?"] = [("sources", {"items": SOURCES}), *quoted]
    with visit(browser) as it:
        it.go(pages.add()).open().ask("thanks").answered("You are welcome!")
        below = it.panel.locator(".log > ol > li").last.locator(".below")
        expect(below.get_by_role("button")).to_have_count(0)
        it.ask("hours?").answered("Ten to six.")
        below = it.panel.locator(".log > ol > li").last.locator(".below")
        # The pages say the same a second time, and the answer is their words.
        expect(below.get_by_role("button")).to_have_count(3)
        it.panel.get_by_role("button", name="Copy").wait_for()
        assert it.panel.get_by_role("button", name="Try again").count() == 0
        expect(below.get_by_role("link")).to_have_count(2)
        expect(below.get_by_text("Show the quote")).to_have_count(0)


def test_an_answer_that_names_a_person_leads_to_the_form(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["a human please"] = say(
        "Write to us.", origin="none", status="courtesy", person=True
    )
    with visit(browser) as it:
        it.go(pages.add()).open().ask("a human please").answered("Write to us.")
        it.panel.locator(".log").get_by_role("button", name="Talk to a human").click()
        form = it.panel.locator(".contact")
        expect(form.get_by_label("Message")).to_have_value("a human please")


@pytest.mark.parametrize("answered", [True, False])
def test_where_the_question_goes_is_told_only_from_the_configuration(
    chromium: Browser, visit: Visitor, pages: HostPages, answered: bool
) -> None:
    with visit(chromium) as it:
        held: list[Any] = []
        it.page.route("**/api/widget?*", lambda route: held.append(route))
        it.go(pages.add())
        it.bubble.click()
        it.panel.get_by_role("button", name="Where does my question go?").click()
        it.until(lambda: held)
        held[0].continue_() if answered else held[0].abort()
        words = "SmolLM2 135M Instruct answers there" if answered else "No connection"
        expect(it.panel.locator(".sheet")).to_contain_text(words)


def test_the_transcript_is_saved_as_text_and_markdown(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script, tmp_path: Path
) -> None:
    script.answers["?"] = [
        ("token", {"text": "**Ten**"}),
        ("sources", {"items": SOURCES}),
        ("done", DONE),
    ]
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?").answered("Ten")
        hours = "https://example.org/hours"
        for entry, *expected in (
            ("Save as text", "You:\n?", "\nTen\n", f"- Hours – {hours}\n"),
            ("Save as Markdown", "\n**Ten**\n", f"- [Hours]({hours})\n"),
        ):
            with it.page.expect_download() as waiting:
                it.menu(entry)
            waiting.value.save_as(tmp_path / "chat")
            text = (tmp_path / "chat").read_text(encoding="utf-8")
            assert [words for words in expected if words not in text] == []


def test_the_chat_is_printed_and_nothing_else(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["hello"] = [
        ("sources", {"items": SOURCES}),
        *say("You said: hello", origin="pages"),
    ]
    with visit(chromium) as it:
        # The dialogue itself would wait for a person.
        it.page.add_init_script("window.print = () => { top.printed = document.body.innerText; }")
        it.go(pages.add()).open().ask("hello").answered("You said: hello")
        it.menu("Print")
        printed = it.until(lambda: it.page.evaluate("window.printed"))
        assert "You said: hello" in printed
        assert "Hours – https://example.org/hours" in printed
        assert ":~:" not in printed
        assert "Lamps made by hand" not in printed
