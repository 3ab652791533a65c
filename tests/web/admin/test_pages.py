"""What owners do on their pages, and what hostile text does there: nothing."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from support.conversations import start_conversation
from support.servers.owner_server import ORIGIN, OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.retrieval.curate.library import (
    add_faq,
    add_note,
    describe_entries,
    put_faq_entries,
)
from chatbot_server.service.jobs import files
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.knowledge.tables import KnowledgePage, KnowledgeReading
from chatbot_server.storage.site.sites import DEFAULT_COLOR, Site, add_site, find_site
from chatbot_server.storage.visitors.conversations import Conversation
from chatbot_server.storage.visitors.feedback import add_contact_request, save_feedback
from chatbot_server.storage.visitors.messages import add_message

Post = Callable[..., TestResponse]
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>[x](javascript:alert(1)) =1+1"


def talk(owner: OwnerServer, question: str, answer: str, origin: str, **fields: Any) -> str:
    """A conversation of one question; returns its id."""
    with owner.database.session() as session:
        thread, _ = start_conversation(
            session, owner.site_id, locale="en", page="https://example.org/p", keep=True
        )
        thread.extend(30)
        add_message(session, thread, "user", question)
        message = add_message(session, thread, "assistant", answer)
        message.origin, message.finish = origin, "stop"
        for name, value in fields.items():
            if name == "thumb":
                save_feedback(session, message, value, None, EVIL)
            else:
                setattr(message, name, value)
        return thread.id


def test_hostile_text_is_text_on_every_page(owner: OwnerServer) -> None:
    with owner.database.session() as session:
        site = session.get_one(Site, owner.site_id)
        site.name = EVIL[:80]
        site.words = {"greeting": {"*": EVIL}}
        add_contact_request(session, site, None, name=EVIL[:90], email="a@example.org", text=EVIL)
    sources = [{"title": EVIL, "url": "javascript:alert(1)", "quote": EVIL}]
    thread = talk(owner, EVIL, EVIL, "pages", thumb="down", sources=sources)
    talk(owner, EVIL, "", "none")
    add_note(owner.database, owner.site_id, EVIL, EVIL)
    add_faq(owner.database, owner.site_id, f"{EVIL}?", EVIL, [EVIL])
    browser = owner.browser("owner")
    root = f"/admin/{owner.key}"
    names = ("", "conversations", f"conversations/{thread}?again=yes", "unanswered", "faq")
    more = ("knowledge?source=1&q=script", "knowledge/document/1", "appearance", "messages", "tag")
    for name in (*names, *more, "trial?q=" + "script alert"):
        page = browser.get(f"{root}/{name}")
        assert page.status_code == 200, name
        assert "<script>alert" not in page.text, name
        assert "<img" not in page.text, name
        assert 'href="javascript' not in page.text, name
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"


def test_an_answer_reads_as_it_did_in_the_chat(owner: OwnerServer) -> None:
    thread = talk(owner, "When?", "**Hours**\nFrom 9 to 5.\n- Sunday — closed", "pages")
    page = owner.browser("reader").get(f"/admin/{owner.key}/conversations/{thread}").text
    assert re.search(r"<strong>Hours</strong><br ?/?>\s*From 9 to 5\.", page)
    assert "<li>Sunday — closed</li>" in page


def test_conversations_are_found_by_what_became_of_them(owner: OwnerServer) -> None:
    talk(owner, "Where are you?", "In Hull.", "pages")
    talk(owner, "Do you sell boats?", "Nothing.", "none")
    talk(owner, "Hello", "Hello!", "none", status="courtesy")
    talk(owner, "Is it dear?", "No.", "faq", thumb="down")
    browser = owner.browser("reader")

    def questions(query: str) -> list[str]:
        page = browser.get(f"/admin/{owner.key}/conversations?{query}").text
        asked = ("Where are you?", "Do you sell boats?", "Hello", "Is it dear?")
        return [text for text in asked if f">{text}<" in page]

    assert questions("trait=unanswered") == ["Do you sell boats?"]
    assert questions("trait=thumb_down") == ["Is it dear?"]
    assert questions("origin=pages") == ["Where are you?"]
    assert len(questions("")) == 4
    assert questions("until=2001-01-01") == []
    assert browser.get(f"/admin/{owner.key}/conversations?since=soon").status_code == 400
    home = browser.get(f"/admin/{owner.key}/").text
    assert "67" in home  # percent: two of three questions were answered


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


def test_a_deleted_conversation_is_gone(owner: OwnerServer, post: Post) -> None:
    thread = talk(owner, "My name is Zoltan", "Hello.", "pages")
    path = f"/admin/KEY/conversations/{thread}/delete"
    assert post(path).status_code == 303
    assert post(path).status_code == 404
    assert b"Zoltan" not in (owner.folder / "chatbot.db").read_bytes()


def test_nobody_reads_what_visitors_did_not_want_kept(owner: OwnerServer) -> None:
    with owner.database.session() as session:
        thread, _ = start_conversation(session, owner.site_id, locale="en", page=None, keep=False)
        add_message(session, thread, "user", "a secret")
    browser = owner.browser("owner")
    assert browser.get(f"/admin/{owner.key}/conversations/{thread.id}").status_code == 404
    assert "a secret" not in browser.get(f"/admin/{owner.key}/conversations").text


def test_what_nobody_could_answer_is_answered_once(owner: OwnerServer, post: Post) -> None:
    for question in ("Do you repair bicycles?", "do you repair bicycles"):
        talk(owner, question, "Nothing found.", "none")
    browser = owner.browser("editor")
    page = browser.get(f"/admin/{owner.key}/unanswered").text
    assert "Asked 2 times" in page
    group = page.split("/unanswered/")[1].split('"')[0]
    assert post(f"/admin/KEY/unanswered/{group}", answer="").status_code == 400
    answer = post(f"/admin/KEY/unanswered/{group}", answer="Yes, on Mondays.")
    assert answer.status_code == 303
    assert "Do you repair" not in browser.get(f"/admin/{owner.key}/unanswered").text
    body = {"site": owner.key, "message": "Do you repair bicycles?", "locale": "en"}
    assert "Yes, on Mondays." in browser.post("/api/chat", json=body).text


def test_an_entry_is_written_changed_and_deleted(owner: OwnerServer, post: Post) -> None:
    form = {
        "question": "Do you deliver?",
        "wordings": "delivery\nby post",
        "answer": "Yes, **all**.",
    }
    assert post("/admin/KEY/faq", **form).status_code == 303
    (entry,) = entries(owner)
    assert entry["wordings"] == ["delivery", "by post"]
    changed = form | {"question": "Do you deliver at home?", "former": str(entry["document"])}
    assert post("/admin/KEY/faq", **changed).status_code == 303
    (entry,) = entries(owner)
    assert entry["title"] == "Do you deliver at home?"
    refused = post("/admin/KEY/faq", question="Again?", answer="")
    assert refused.status_code == 400
    assert 'value="Again?"' in refused.text  # what was typed is not lost
    assert post(f"/admin/KEY/faq/{entry['document']}/delete").status_code == 303
    assert entries(owner) == []


def entries(owner: OwnerServer) -> list[dict[str, Any]]:
    with owner.database.session() as session:
        return describe_entries(session, owner.site_id)


def test_a_text_a_file_and_an_address_are_read(owner: OwnerServer, post: Post) -> None:
    assert post("/admin/KEY/knowledge", title="Parking", text="Parking is free.").status_code == 303
    file = (io.BytesIO(b"# Prices\n\nA loaf costs 4 euros."), "../prices.md")
    assert post("/admin/KEY/knowledge", file=file).status_code == 303
    assert post("/admin/KEY/knowledge", address="https://example.org/shop").status_code == 303
    for form in ({}, {"text": "no title"}, {"address": "not a web address"}):
        assert post("/admin/KEY/knowledge", **form).status_code == 400, form
    several = [(io.BytesIO(b"Never kept."), "notes.txt"), (io.BytesIO(b"MZ"), "virus.exe")]
    assert "virus.exe is of a kind" in post("/admin/KEY/knowledge", file=several).text
    assert "notes.txt" not in owner.browser("reader").get(f"/admin/{owner.key}/knowledge").text
    two = [(io.BytesIO(f"{name} is red.".encode()), f"{name}.txt") for name in ("Ann", "Bo")]
    assert post("/admin/KEY/knowledge", file=two).status_code == 303
    scan = (io.BytesIO(b"%PDF-1.7 nothing here"), "menu \u201cété\u201d.pdf")
    assert post("/admin/KEY/knowledge", file=scan).status_code == 303
    page = owner.browser("reader").get(f"/admin/{owner.key}/knowledge").text
    assert page.count('data-live="open"') == 5
    files(owner.config, owner.database)
    page = owner.browser("reader").get(f"/admin/{owner.key}/knowledge").text
    assert page.count('data-live="open"') == 1
    assert "menu \u201cété\u201d.pdf is damaged and cannot be read." in page
    page = owner.browser("reader").get(f"/admin/{owner.key}/knowledge?q=loaf price").text
    assert "A loaf costs 4 euros." in page
    assert "https://example.org/shop" in page


def test_what_was_lost_in_reading_is_shown_and_that_nothing_is_left(owner: OwnerServer) -> None:
    with owner.database.session() as session:
        source = open_source(session, owner.site_id, "site", "https://example.org/")
        page = KnowledgePage(source_id=source.id, url="https://example.org/<b>", state="read")
        session.add(page)
        session.flush()
        lost = json.dumps(["01 23 45 67 89", EVIL])
        words = dict.fromkeys(("title", "site_name", "language", "digest", "blocks"), "")
        session.add(KnowledgeReading(page_id=page.id, lost=lost, **words))
    shown = owner.browser("reader").get(f"/admin/{owner.key}/knowledge").text
    assert "dates): 2, pages: 1" in shown
    assert "<li>01 23 45 67 89, &lt;script&gt;" in shown
    assert "https://example.org/&lt;b&gt;" in shown
    assert "Nothing could be read" in shown
    add_note(owner.database, owner.site_id, "Parking", "It is free.")
    shown = owner.browser("reader").get(f"/admin/{owner.key}/knowledge").text
    assert "Nothing could be read" not in shown


def test_one_text_of_several_is_removed(owner: OwnerServer, post: Post) -> None:
    for title in ("Parking", "Dogs"):
        form = {"title": title, "text": f"{title}: yes."}
        assert post("/admin/KEY/knowledge", **form).status_code == 303
    page = owner.browser("editor").get(f"/admin/{owner.key}/knowledge?source=1").text
    actions = [part.split('"')[0] for part in page.split('action="') if "/delete" in part[:80]]
    assert len(actions) == 2
    assert post(actions[0]).status_code == 303
    left = owner.browser("editor").get(f"/admin/{owner.key}/knowledge?source=1").text
    assert "Parking" not in left
    assert "Dogs" in left


def test_two_who_answer_one_question_are_told(owner: OwnerServer, post: Post) -> None:
    talk(owner, "Do you repair bicycles?", "Nothing found.", "none")
    page = owner.browser("editor").get(f"/admin/{owner.key}/unanswered").text
    group = page.split("/unanswered/")[1].split('"')[0]
    assert post(f"/admin/KEY/unanswered/{group}", answer="Yes.").status_code == 303
    refused = post(f"/admin/KEY/unanswered/{group}", answer="No.")
    assert refused.status_code == 409
    assert entries(owner)[0]["text"] == "Yes."
    assert post(f"/admin/KEY/unanswered/{group}", answer="No.", force="yes").status_code == 303
    assert entries(owner)[0]["text"] == "No."


def test_what_is_saved_is_what_visitors_get(owner: OwnerServer, post: Post) -> None:
    form = {
        "name": "Boulangerie",
        "color": "#aa0000",
        "position": "bottom-left",
        "origins": "https://example.org\nexample.net",
        "greeting_fr": "Bonjour !",
        "suggestions_fr": "Vos horaires ?\nLivrez-vous ?",
        "contact_email": "a@example.org",
        "time_zone": "Europe/Paris",
        "country": "fr",
        "free_chat": "on",
    }
    assert post("/admin/KEY/appearance", **form).status_code == 303
    panel = owner.app.test_client().get(f"/api/widget?site={owner.key}&locale=fr").get_json()
    assert panel["color"] == "#aa0000"
    assert "Vos horaires ?" in json.dumps(panel, ensure_ascii=False)
    with owner.database.session() as session:
        assert find_site(session, owner.key).origins == [
            "https://example.org",
            "https://example.net",
        ]
        site = find_site(session, owner.key)
        assert (site.time_zone, site.country, site.free_chat) == ("Europe/Paris", "FR", True)
    for wrong in (
        {"color": "red"},
        {"time_zone": "Mars/Phobos"},
        {"country": "France"},
        {"origins": "null"},
        {"policy_url": "my page"},
        {"contact_email": "me"},
        {"suggestions_en": "a\n" * 9},
    ):
        refused = post("/admin/KEY/appearance", **form | wrong)
        assert refused.status_code == 400
        problem = refused.text.split('role="alert">')[1].split("<")[0]
        assert "--" not in problem, "that is an option of the terminal"
    emptied = form | {"greeting_fr": "", "suggestions_fr": ""}
    emptied |= {"time_zone": "", "free_chat": "off"}
    assert post("/admin/KEY/appearance", **emptied).status_code == 303
    with owner.database.session() as session:
        site = find_site(session, owner.key)
        assert site.word("greeting", "fr") is None
        assert site.suggested("fr") == []
        assert (site.time_zone, site.free_chat) == (None, False)


def test_a_change_of_settings_is_undone(owner: OwnerServer, post: Post) -> None:
    form = {"name": "Bakery", "color": "#aa0000", "position": "bottom-left", "greeting_en": "Hi"}
    browser = owner.browser("reader")
    path = f"/admin/{owner.key}/history"
    post("/admin/KEY/appearance", **form)
    post("/admin/KEY/appearance", **form)  # nothing differs: nothing is noted
    post("/admin/KEY/appearance", **form | {"color": "#00aa00"})
    page = browser.get(path).text
    numbers = re.findall(r"change-(\d+)\"><h2", page)
    assert len(numbers) == 2
    assert "en: Hi" in page
    assert "the owner" in page
    assert post(f"/admin/KEY/history/{numbers[1]}").status_code == 409, "the colour is newer"
    for number in numbers:
        assert post(f"/admin/KEY/history/{number}").status_code == 303
    with owner.database.session() as session:
        site = find_site(session, owner.key)
        assert (site.color, site.position) == (DEFAULT_COLOR, "bottom-right")
        assert site.word("greeting", "en") is None
    assert post("/admin/KEY/history/4711").status_code == 404


def test_another_sites_things_are_not_there(owner: OwnerServer, post: Post) -> None:
    thread = talk(owner, "Where?", "Here.", "pages")
    add_faq(owner.database, owner.site_id, "Where?", "Here.")
    with owner.database.session() as session:
        other = add_site(session, "Other").key
        number = describe_entries(session, owner.site_id)[0]["document"]
    browser = owner.browser("owner")
    for path in (f"conversations/{thread}", f"knowledge/document/{number}", f"faq?edit={number}"):
        assert browser.get(f"/admin/{other}/{path}").status_code == 404, path
    assert post(f"/admin/{other}/faq/{number}/delete").status_code == 404
    assert browser.get("/admin/none/conversations").status_code == 404


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_speak_the_readers_language(owner: OwnerServer, language: str) -> None:
    browser = owner.browser("owner")
    page = browser.get(f"/admin/{owner.key}/faq", headers={"Accept-Language": language}).text
    assert f'<html lang="{language}">' in page
    assert ("Vos réponses" if language == "fr" else "Own answers") in page
    browser.get(f"/admin/{owner.key}/faq?locale=fr")
    assert "Vos réponses" in browser.get(f"/admin/{owner.key}/faq").text


def test_a_new_site_is_made_from_its_address(owner: OwnerServer, post: Post) -> None:
    answer = post("/admin/start", name="Shop", address="shop.example.org")
    assert answer.status_code == 303
    key = answer.location.split("/")[2]
    with owner.database.session() as session:
        assert find_site(session, key).origins == ["https://shop.example.org"]
    assert "shop.example.org" in owner.browser("owner").get(f"/admin/{key}/trial").text
    for form in ({"name": "", "address": "a.example"}, {"name": "A", "address": "::"}, {}):
        refused = owner.browser("owner").post("/admin/start", data=form, headers=ORIGIN)
        assert refused.status_code == 400, form


def test_a_backup_is_made_and_taken_away(owner: OwnerServer, post: Post) -> None:
    talk(owner, "Where are you?", "In Hull.", "pages")
    assert post("/admin/backups", visitors="yes").status_code == 303
    browser = owner.browser("owner")
    name = browser.get("/admin/backups").text.split("/admin/backups/")[1].split('"')[0]
    with browser.get(f"/admin/backups/{name}") as file:
        assert "attachment" in file.headers["Content-Disposition"]
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            assert b"Where are you?" in archive.read("message.jsonl")
    for path in ("..%2Fchatbot.db", "chatbot.db", "%2Fetc%2Fpasswd"):
        assert browser.get(f"/admin/backups/{path}").status_code == 404
    assert owner.browser("editor").get(f"/admin/backups/{name}").status_code == 403


def test_what_is_not_there_is_said_on_a_page(owner: OwnerServer, post: Post) -> None:
    for browser in (owner.browser("owner"), owner.browser(None)):
        for path in ("/admin/non/sense", f"/admin/{owner.key}/faq/1/delete"):
            page = browser.get(path)
            assert page.status_code == 404
            assert "There is nothing at this address" in page.text
            assert page.mimetype == "text/html"
    too_large = post("/admin/KEY/messages/1/delete", text="x" * 10**6)
    assert too_large.status_code in (404, 413)
    assert too_large.mimetype == "text/html"
    assert post("/admin/non/sense").status_code == 404


def test_times_are_the_sites_and_the_readers(owner: OwnerServer) -> None:
    thread = talk(owner, "Where?", "Here.", "pages")
    with owner.database.session() as session:
        session.get_one(Conversation, thread).created = 1_767_222_000  # midnight in Paris
        session.get_one(Site, owner.site_id).time_zone = "Europe/Paris"
    browser = owner.browser("reader")
    path = f"/admin/{owner.key}/conversations"
    assert "1 January 2026, 00:00" in browser.get(f"{path}?locale=en").text
    assert "1er janvier 2026 à 00:00" in browser.get(f"{path}?locale=fr").text
    assert thread in browser.get(f"{path}?since=2026-01-01&until=2026-01-01").text
    assert thread not in browser.get(f"{path}?until=2025-12-31").text


def test_a_question_that_shall_have_no_answer_is_ignored(owner: OwnerServer, post: Post) -> None:
    talk(owner, "Do you repair bicycles?", "Nothing found.", "none")
    browser = owner.browser("reader")
    path = f"/admin/{owner.key}/unanswered"
    page = browser.get(path).text
    assert "Asked once," in page
    group = page.split("group-")[1].split('"')[0]
    assert post(f"/admin/KEY/unanswered/{group}/ignore").status_code == 303
    page = browser.get(path).text
    assert f"group-{group}" not in page
    assert "1 ignored question<" in page
    post(f"/admin/KEY/unanswered/{group}/ignore", ignored="no")
    assert f"group-{group}" in browser.get(path).text


def test_answers_come_from_a_file_and_go_into_one(owner: OwnerServer, post: Post) -> None:
    table = (
        "Question;Réponse;Formulations\nOuvert ?;Oui.;Êtes-vous ouverts ?|Ouvrez-vous ?\n;Non.\n"
    )
    upload = (io.BytesIO(table.encode("cp1252")), "faq.csv")
    page = post("/admin/KEY/faq/import", file=upload).text
    assert "1 answer imported, 1 of them new" in page
    assert "<td>3</td><td>The question is missing.</td>" in page
    assert entries(owner)[0]["wordings"] == ["Êtes-vous ouverts ?", "Ouvrez-vous ?"]
    browser = owner.browser("reader")
    for kind in ("csv", "jsonl"):
        file = browser.get(f"/admin/{owner.key}/faq.{kind}").data
        again = post("/admin/KEY/faq/import", file=(io.BytesIO(file), f"faq.{kind}")).text
        assert "1 answer imported, 0 of them new" in again
    assert post("/admin/KEY/faq/import", file=(io.BytesIO(b" "), "x.csv")).status_code == 400


def test_a_long_faq_goes_on_and_is_searched(owner: OwnerServer) -> None:
    texts = [(f"Question {number}?", "Yes.", ()) for number in range(60)]
    put_faq_entries(owner.database, owner.site_id, texts)
    browser = owner.browser("reader")
    path = f"/admin/{owner.key}/faq"
    first = browser.get(path).text
    assert "Question 49?" in first
    assert "Question 50?" not in first
    rest = first.split('href="?after=')[1].split("&")[0]
    assert "Question 59?" in browser.get(f"{path}?after={rest}").text
    assert "Question 59?" in browser.get(f"{path}?q=question 59").text


def test_messages_are_read_and_deleted(owner: OwnerServer, post: Post) -> None:
    with owner.database.session() as session:
        site = session.get_one(Site, owner.site_id)
        letter = add_contact_request(
            session, site, None, name="Ann", email="a@example.org", text="Help"
        )
    editor = owner.browser("editor")
    assert "1 new<" in editor.get(f"/admin/{owner.key}/").text
    page = editor.get(f"/admin/{owner.key}/messages").text
    assert "Help" in page
    assert ">new<" in page
    assert "1 new<" not in editor.get(f"/admin/{owner.key}/messages").text
    assert post(f"/admin/KEY/messages/{letter.id}/delete").status_code == 303
    assert post(f"/admin/KEY/messages/{letter.id}/delete").status_code == 404


def test_a_long_list_goes_on(owner: OwnerServer) -> None:
    ids = [talk(owner, f"Question {number}", "Yes.", "pages") for number in range(60)]
    browser = owner.browser("reader")
    path = f"/admin/{owner.key}/conversations"
    pages = [browser.get(path).text]
    before = pages[0].split("before=")[1].split("&")[0].split('"')[0]
    pages.append(browser.get(f"{path}?before={before}").text)
    assert all(sum(identifier in page for page in pages) >= 1 for identifier in ids)
    assert "before=" not in pages[1].split("<table>")[1].split("</main>")[0]


def test_something_is_left_to_do_until_the_owners_own_site_showed_the_chat(
    owner: OwnerServer,
) -> None:
    browser, step = owner.browser("owner"), "open the chat there</a>"
    with owner.database.session() as session:
        session.get_one(Site, owner.site_id).origins = ["https://bakery.example"]
    talk(owner, "Do you bake?", "Yes.", "faq")
    for origin in ("http://localhost", "https://other.example"):
        owner.app.test_client().get(f"/api/widget?site={owner.key}", headers={"Origin": origin})
    assert step in browser.get(f"/admin/{owner.key}/?locale=en").text
    seen = {"Origin": "https://bakery.example"}
    assert owner.app.test_client().get(f"/api/widget?site={owner.key}", headers=seen).json
    assert step not in browser.get(f"/admin/{owner.key}/?locale=en").text
    tag = browser.get(f"/admin/{owner.key}/tag?locale=en").text
    assert "The chat was opened on https://bakery.example" in tag


def test_the_owners_own_tries_are_no_unanswered_questions(owner: OwnerServer) -> None:
    tried = talk(owner, "Can you juggle five loaves?", "", "none")
    talk(owner, "Do you sell cider?", "", "none")
    with owner.database.session() as session:
        session.get_one(Conversation, tried).preview = True
    page = owner.browser("owner").get(f"/admin/{owner.key}/unanswered").text
    assert "Do you sell cider?" in page
    assert "juggle" not in page
