"""An answer given again, as the browser sees it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.browser import Browser

from chatbot_server.retrieval.curate.library import add_faq, add_note


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    return Browser(tmp_path)


def test_done_says_that_no_token_was_spent_and_where_the_answer_is_from(browser: Browser) -> None:
    first, again = browser.ask("Hi!"), browser.ask("hi")
    assert (first["done"]["cached"], again["done"]["cached"]) == (False, True)
    assert first["done"]["usage"]["completion_tokens"] == 3
    assert set(again["done"]["usage"].values()) == set(again["done"]["timings"].values()) == {0}
    assert again["text"] == first["text"] == "Hello."
    for field in ("origin", "finish", "ai"):
        assert again["done"][field] == first["done"][field]
    assert [turn["status"] for turn in browser.transcript(again)[1:]] == ["free"]


def test_a_quoted_answer_comes_again_with_its_sources_until_the_page_changes(
    browser: Browser,
) -> None:
    add_note(browser.database, browser.site_id, "Opening hours", "We are open from 9 to 17.")
    first = browser.ask("When are you open?")
    again = browser.ask("when are you open")
    assert again["done"]["cached"]
    assert (again["text"], again["sources"]) == (first["text"], first["sources"])
    assert again["done"]["origin"] == "pages"
    add_note(browser.database, browser.site_id, "Opening hours", "We are open from 8 to 12.")
    changed = browser.ask("When are you open?")
    assert not changed["done"]["cached"]
    assert "8 to 12" in changed["text"]


def test_an_honest_no_ends_when_the_owner_answers(browser: Browser) -> None:
    add_note(browser.database, browser.site_id, "Opening hours", "We are open from 9 to 17.")
    assert browser.ask("Do you sell bicycles?")["done"]["origin"] == "none"
    assert browser.ask("Do you sell bicycles?")["done"]["cached"]
    add_faq(browser.database, browser.site_id, "Do you sell bicycles?", "Yes, blue ones.")
    answered = browser.ask("Do you sell bicycles?")
    assert (answered["done"]["origin"], answered["text"]) == ("faq", "Yes, blue ones.")


def test_delete_my_chat_reaches_the_cache(browser: Browser) -> None:
    first = browser.ask("Hi")
    browser.erase(first)
    assert not browser.ask("Hi")["done"]["cached"]


def test_an_answer_with_thumb_down_is_told_to_nobody_else(browser: Browser) -> None:
    browser.ask("Hi")
    again = browser.ask("hi!")
    for harmless in ("up", None):
        browser.rate(again, harmless)
        assert browser.ask("Hi")["done"]["cached"]
    browser.rate(again, "down")
    assert not browser.ask("Hi")["done"]["cached"]
    assert not browser.ask("Hi")["done"]["cached"]  # nor is the next one: it could be chosen so


def test_a_chat_that_is_not_kept_does_not_fill_it(browser: Browser) -> None:
    browser.ask("Hi", keep=False)
    assert not browser.ask("Hi")["done"]["cached"]


def test_the_operator_can_switch_it_off(tmp_path: Path) -> None:
    browser = Browser(tmp_path, cache={"answers": 0})
    browser.ask("Hi")
    assert not browser.ask("Hi")["done"]["cached"]
    assert len(browser.model.prompts) == 2
