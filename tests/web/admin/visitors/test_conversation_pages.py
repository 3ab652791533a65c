"""Conversations on the owner's pages: read, found, exported, deleted."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from html import unescape

import pytest
from support.conversations import start_conversation, talk
from support.servers.owner_server import OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors import inbox
from chatbot_server.storage.visitors.conversations import Conversation
from chatbot_server.storage.visitors.messages import add_message

Post = Callable[..., TestResponse]


def test_an_answer_reads_as_it_did_in_the_chat(owner: OwnerServer) -> None:
    conversation = talk(owner, "When?", "**Hours**\nFrom 9 to 5.\n- Sunday — closed", "pages")
    page = owner.browser("reader").get(f"/admin/{owner.key}/conversations/{conversation}").text
    assert re.search(r"<strong>Hours</strong><br ?/?>\s*From 9 to 5\.", page)
    assert "<li>Sunday\xa0— closed</li>" in page, "no line begins with a dash"


def test_conversations_are_found_by_what_became_of_them(owner: OwnerServer) -> None:
    talk(owner, "Where are you?", "In Hull.", "pages")
    talk(owner, "Do you sell boats?", "Nothing.", "none")
    talk(owner, "Hello", "Hello!", "none", status="courtesy")
    talk(owner, "Is it dear?", "No.", "faq", down="no")
    browser = owner.browser("reader")

    def questions(query: str) -> list[str]:
        page = browser.get(f"/admin/{owner.key}/conversations?{query}").text
        asked = ("Where are you?", "Do you sell boats?", "Hello", "Is it dear?")
        return [text for text in asked if f">{text}<" in page]

    assert questions("trait=unanswered") == ["Do you sell boats?"]
    assert questions("trait=thumb_down") == ["Is it dear?"]
    assert questions("origin=pages") == ["Where are you?"]
    assert len(questions("")) == 4
    assert questions("text=boats+SELL") == ["Do you sell boats?"]
    assert questions("text=in+hull") == ["Where are you?"], "the answer's words, too"
    assert questions("text=boats+Hull") == questions("text=%25") == []
    assert questions("until=2001-01-01") == []
    assert browser.get(f"/admin/{owner.key}/conversations?since=soon").status_code == 400
    home = browser.get(f"/admin/{owner.key}/").text
    assert "67" in home  # percent: two of three questions were answered


def test_words_are_looked_for_in_the_newest_conversations(
    owner: OwnerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MOST_SEARCHED", 1)
    for question in ("An older boat?", "A newer ship?"):
        conversation = talk(owner, question, "No.", "none")
        with owner.database.session() as session:
            session.get_one(Conversation, conversation).created = 1000 + len(question)
    browser = owner.browser("owner")
    path = f"/admin/{owner.key}/conversations"
    newest = max(("An older boat?", "A newer ship?"), key=len)
    assert newest in browser.get(f"{path}?text=older").text
    assert "No conversation matches" in browser.get(f"{path}?text=ship").text
    export = browser.get(f"{path}.csv?text=older").text
    assert newest in export
    assert "ship" not in export


def test_conversations_are_found_by_their_language(owner: OwnerServer) -> None:
    browser = owner.browser("owner")
    path = f"/admin/{owner.key}/conversations"
    talk(owner, "Where are you?", "In Hull.", "pages")
    assert 'name="language"' not in browser.get(path).text, "one language is no choice"
    assert 'value="fr" selected' in browser.get(f"{path}?language=fr").text, "nothing is found"
    french = {talk(owner, f"Où, {n} ?", "À Lille.", "pages") for n in range(51)}
    unanswered = talk(owner, "Des bateaux ?", "Rien.", "none")
    forgotten = talk(owner, "Geheim?", "Nein.", "pages")
    with owner.database.session() as session:
        for conversation in (*french, unanswered):
            session.get_one(Conversation, conversation).locale = "fr"
        session.get_one(Conversation, forgotten).locale = "de"
        session.get_one(Conversation, forgotten).keep = False
        assert inbox.languages_of(session, owner.site_id) == ["en", "fr"]
        assert inbox.languages_of(session, owner.site_id + 1) == []
    page = browser.get(f"{path}?language=fr&locale=en").text
    offered = re.findall(r'<option value="(..)"', page.split('name="language"')[1].split("</p>")[0])
    assert offered == ["en", "fr"]
    assert '<option value="fr" selected>French</option>' in page
    assert "selected>français</option>" in browser.get(f"{path}?language=fr&locale=fr").text
    assert "Where are you?" not in page
    links = [unescape(link) for link in re.findall(r'href="([^"]*language=fr[^"]*)"', page)]
    older, table, lines = (link for link in links if "/conversations" in link)
    rest = browser.get(older).text
    assert "Where are you?" not in rest
    assert sum(f'/{conversation}"' in rest for conversation in (*french, unanswered)) == 2
    for export in (table, lines):
        text = browser.get(export).text
        assert "bateaux" in text
        assert "Hull" not in text
    both = browser.get(f"{path}?language=fr&trait=unanswered").text
    assert "bateaux" in both
    assert "Lille" not in both + browser.get(f"{path}?language=xx&origin=none").text


def test_an_export_runs_no_formula_and_keeps_every_word(owner: OwnerServer) -> None:
    talk(owner, '=HYPERLINK("https://evil.example")', 'Ça, "là"\nand more', "pages")
    browser = owner.browser("owner")
    table = browser.get(f"/admin/{owner.key}/conversations.csv").text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["text"] for row in rows] == [
        '\'=HYPERLINK("https://evil.example")',
        'Ça, "là"\nand more',
    ]
    lines = browser.get(f"/admin/{owner.key}/conversations.jsonl").text.splitlines()
    assert json.loads(lines[0])["text"].startswith("=HYPERLINK")
    assert browser.get(f"/admin/{owner.key}/conversations.exe").status_code == 400


def test_an_export_opens_in_spreadsheets_of_both_languages(owner: OwnerServer) -> None:
    talk(owner, "Hello;=1+1,=2+2 ;-)", "Yes; no, -3.", "pages")
    browser = owner.browser("owner")
    path = f"/admin/{owner.key}/conversations.csv"
    for language, delimiter in (("en", ","), ("fr", ";")):
        table = browser.get(f"{path}?locale={language}").text.removeprefix("\ufeff")
        [question, answer] = csv.DictReader(io.StringIO(table), delimiter=delimiter)
        assert question["text"] == "Hello;'=1+1,'=2+2 ;'-)", language
        assert answer["text"] == "Yes; no, -3.", language


def test_a_deleted_conversation_is_gone(owner: OwnerServer, post: Post) -> None:
    conversation = talk(owner, "My name is Zoltan", "Hello.", "pages")
    path = f"/admin/KEY/conversations/{conversation}/delete"
    assert post(path).status_code == 303
    assert post(path).status_code == 404
    assert b"Zoltan" not in (owner.folder / "chatbot.db").read_bytes()


def test_nobody_reads_what_visitors_did_not_want_kept(owner: OwnerServer) -> None:
    with owner.database.session() as session:
        conversation, _ = start_conversation(
            session, owner.site_id, locale="en", page=None, keep=False
        )
        add_message(session, conversation, "user", "a secret")
    browser = owner.browser("owner")
    assert browser.get(f"/admin/{owner.key}/conversations/{conversation.id}").status_code == 404
    assert "a secret" not in browser.get(f"/admin/{owner.key}/conversations").text


def test_times_are_the_sites_and_the_readers(owner: OwnerServer) -> None:
    conversation = talk(owner, "Where?", "Here.", "pages")
    with owner.database.session() as session:
        session.get_one(Conversation, conversation).created = 1_767_222_000  # midnight in Paris
        session.get_one(Site, owner.site_id).time_zone = "Europe/Paris"
    browser = owner.browser("reader")
    path = f"/admin/{owner.key}/conversations"
    assert "1 January 2026, 00:00" in browser.get(f"{path}?locale=en").text
    assert "1er janvier 2026 à 00:00" in browser.get(f"{path}?locale=fr").text
    assert conversation in browser.get(f"{path}?since=2026-01-01&until=2026-01-01").text
    assert conversation not in browser.get(f"{path}?until=2025-12-31").text


def test_a_day_ends_at_midnight_also_when_the_clock_changes(owner: OwnerServer) -> None:
    moments = {
        "2026-10-25": 1_792_967_400,  # 23:30 in Paris, of a day with 25 hours
        "2026-10-26": 1_792_969_200,  # midnight
        "2026-03-29": 1_774_819_800,  # 23:30, of a day with 23 hours
        "2026-03-30": 1_774_821_600,
    }
    conversations = {day: talk(owner, f"On {day}?", "Yes.", "pages") for day in moments}
    with owner.database.session() as session:
        session.get_one(Site, owner.site_id).time_zone = "Europe/Paris"
        for day, conversation in conversations.items():
            session.get_one(Conversation, conversation).created = moments[day]
    browser = owner.browser("reader")
    for day in conversations:
        query = f"since={day}&until={day}"
        page = browser.get(f"/admin/{owner.key}/conversations?{query}").text
        assert [one for one in conversations if f"On {one}?" in page] == [day]
    last = f"/admin/{owner.key}/conversations?until=9999-12-31"
    assert browser.get(last).status_code == 400, "no day follows it"


def test_a_long_list_goes_on(owner: OwnerServer) -> None:
    ids = [talk(owner, f"Question {number}", "Yes.", "pages") for number in range(60)]
    browser = owner.browser("reader")
    path = f"/admin/{owner.key}/conversations"
    pages = [browser.get(path).text]
    before = pages[0].split("before=")[1].split("&")[0].split('"')[0]
    pages.append(browser.get(f"{path}?before={before}").text)
    assert all(sum(identifier in page for page in pages) >= 1 for identifier in ids)
    assert "before=" not in pages[1].split("<table>")[1].split("</main>")[0]


def test_pages_beside_a_no_are_no_sources_of_it(owner: OwnerServer) -> None:
    hours = [{"title": "Hours", "url": "https://example.org/hours"}]
    browser, pages_of = owner.browser("owner"), {}
    for origin in ("none", "pages"):
        conversation = talk(owner, "When?", "Hm.", origin, sources=hours)
        pages_of[origin] = browser.get(f"/admin/{owner.key}/conversations/{conversation}").text
    assert all("https://example.org/hours" in page for page in pages_of.values())
    assert ["<span>Sources</span>" in page for page in pages_of.values()] == [False, True]


def test_a_courtesy_is_no_missing_answer(owner: OwnerServer) -> None:
    conversation = talk(owner, "Thanks!", "You are welcome!", "none", status="courtesy")
    page = owner.browser("owner").get(f"/admin/{owner.key}/conversations/{conversation}").text
    assert "a courtesy, no question" in page
    assert "no answer" not in page
    assert "Answer this better" not in page


def test_a_page_below_one_of_the_menu_marks_it(owner: OwnerServer) -> None:
    conversation = talk(owner, "When?", "From 9.", "pages")
    path = f"/admin/{owner.key}/conversations"
    pages = [
        owner.browser("reader").get(address).text for address in (path, f"{path}/{conversation}")
    ]
    marks = [re.findall(r'aria-current="(\w+)">Conversations<', page) for page in pages]
    assert marks == [["page"], ["true"]]
