"""What a visitor sees on a page is compared with what was read of it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from chatbot_server.retrieval.read.extractor import SECONDS
from chatbot_server.retrieval.read.html.text.blocks import Block, unpacked
from chatbot_server.retrieval.read.html.visible_facts import MAX_FACTS, visible_facts
from chatbot_server.retrieval.read.html_page import parsed, read_html


def facts_of(body: str, *texts: str) -> list[list[Any]]:
    """The facts seen in *body*, where the blocks that were read of it are *texts*."""
    tree = parsed(f"<html lang=en><body>{body}</body></html>")
    return visible_facts(tree, [Block(text) for text in texts], ".", "en")


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        ("<p>Call 01 23 45 67 89", "01 23 45 67 89"),
        ("<nav><a href=tel:+33123456789>Call us</a></nav>", "+33123456789"),
        ("<p>Write to us@shop.example", "us@shop.example"),
        ("<p>From <b>12</b> €", "12 €"),
        ("<p>Open until 9:30", "9:30"),
        ("<p>Until 12 March 2026", "12 march 2026"),
    ],
)
def test_what_no_block_tells_is_lost(body: str, fact: str) -> None:
    assert facts_of(body, "Welcome.") == [[fact, []]]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<table><tr><td>Monday<td>9:00</table>", "| Monday | 9 to 17 |"),
        ("<p>12 March", "On 12 March 2026."),
        ("<p>9<sup>€50</sup>", "9.50 €"),
        ("<p>from 14:00", "2 pm"),
    ],
)
def test_what_is_told_in_other_words_is_told(body: str, text: str) -> None:
    assert [places for _words, places in facts_of(body, "Welcome.", text)] == [[1]]


@pytest.mark.parametrize(
    "body",
    [
        "<p hidden>9:30",
        "<script>var a = '01 23 45 67 89'</script>",
        "<p style='display:none'>12 €",
        "<select><option>12 €</select>",
        "<p>Room 12, built in 1930",
    ],
)
def test_what_nobody_sees_or_can_check_is_not_missed(body: str) -> None:
    assert facts_of(body, "Welcome.") == []


def test_a_page_of_nothing_but_prices_is_compared_as_far_as_time_allows() -> None:
    body = "".join(f"<p>{at}.50 €</p>" for at in range(2 * MAX_FACTS))
    result = read_html(f"<html><body>{body}".encode(), "n", "https://a.example/", "")
    assert len(result["facts"]) == MAX_FACTS
    assert all(places for _words, places in result["facts"])
    begun = time.thread_time()
    read_html(b"<html><body>" + 1_000_000 * b"1 ", "n", "https://a.example/", "")
    assert time.thread_time() - begun < SECONDS


def test_addresses_that_cloudflare_hides_are_read() -> None:
    address = "hello@shop.example"
    code = "5a" + "".join(f"{byte ^ 0x5A:02x}" for byte in address.encode())
    hidden = f'<a class="__cf_email__" data-cfemail="{code}">[email&#160;protected]</a>'
    link = f'<a href="/cdn-cgi/l/email-protection#{code}">Write to us</a>'
    broken = '<span data-cfemail="zz">[email]</span>'
    page = f"<html><body><p>Mail {hidden} or</p><p>{link}</p><p>{broken} it</p></body></html>"
    result = read_html(page.encode(), "n", "https://a.example/", "")
    texts = [block.text for block in unpacked(result["blocks"])]
    assert texts == [f"Mail {address} or", f"Write to us ({address})", "[email] it"]
