"""Notes that people of a site write on a conversation, for each other."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest
from support.conversations import start_conversation, talk
from support.servers.owner_server import ORIGIN, OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.storage.owners.audit import entries_before
from chatbot_server.storage.visitors import internal_notes
from chatbot_server.storage.visitors.conversations import Conversation
from chatbot_server.storage.visitors.messages import add_message

Post = Callable[..., TestResponse]
NOTE = "=1+1 <b>Called</b>\r\nher back"


@pytest.fixture
def path(owner: OwnerServer) -> str:
    """The page of a conversation with a note of an editor."""
    conversation = talk(owner, "Where?", "Here.", "pages")
    path = f"/admin/{owner.key}/conversations/{conversation}"
    browser = owner.browser("editor")
    answer = browser.post(f"{path}/notes", data={"note": NOTE}, headers=ORIGIN)
    assert answer.status_code == 303
    assert answer.location.endswith("#turn-note-1")
    assert "The note is saved." in browser.get(answer.location).text
    return path


def test_a_note_is_read_by_everybody_with_an_account(owner: OwnerServer, path: str) -> None:
    other = talk(owner, "When?", "Now.", "pages")
    reader = owner.browser("reader")
    page = reader.get(path).text
    assert "=1+1 &lt;b&gt;Called&lt;/b&gt;\nher back</p>" in page
    assert "Internal note · the editor · " in page
    assert "/notes" not in page, "readers neither write nor delete one"
    root = path.rpartition("/")[0]
    assert reader.get(root).text.count("1 internal note<") == 1
    noted = reader.get(f"{root}?trait=noted").text
    assert path in noted
    assert other not in noted


def test_a_note_stands_at_its_time_and_nobody_overwrites_anothers(
    owner: OwnerServer, path: str, post: Post
) -> None:
    post(f"{path}/notes", note="Of the owner")
    with owner.database.session() as session:
        messages = session.get_one(Conversation, path.rpartition("/")[2]).messages
        for message, created in zip(messages, (100, 2**40), strict=True):
            message.created = created
    page = owner.browser("editor").get(path).text.split('id="thread"')[1]
    places = [page.index(words) for words in ("Where?", "Called", "Of the owner", "Here.")]
    assert places == sorted(places)


def test_notes_are_in_the_export(owner: OwnerServer, path: str) -> None:
    root, _, conversation = path.rpartition("/")
    browser = owner.browser("owner")
    table = browser.get(f"{root}.csv").text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert [row["role"] for row in rows] == ["user", "assistant", "note"]
    assert rows[-1]["conversation"].removeprefix("'") == conversation  # an id may begin with “-”
    assert rows[-1]["person"] == "the editor"
    assert rows[-1]["text"].startswith("'=1+1 <b>"), "no formula"
    line = json.loads(browser.get(f"{root}.jsonl").text.splitlines()[-1])
    assert (line["role"], line["text"]) == ("note", NOTE.replace("\r", ""))


def test_a_visitor_neither_reads_nor_keeps_a_note(owner: OwnerServer, post: Post) -> None:
    with owner.database.session() as session:
        conversation, secret = start_conversation(
            session, owner.site_id, locale="en", page=None, keep=True
        )
        conversation.extend(30)
        add_message(session, conversation, "user", "Where?")
    post(f"/admin/KEY/conversations/{conversation.id}/notes", note="Zoltan again")
    visitor, headers = owner.app.test_client(), {"Authorization": f"Bearer {secret}"}
    for news in ("", "/news"):
        answer = visitor.get(f"/api/conversation/{conversation.id}{news}", headers=headers)
        assert answer.status_code == 200
        assert "Zoltan" not in answer.text
    assert (
        visitor.delete(f"/api/conversation/{conversation.id}", headers=headers).status_code == 200
    )
    assert b"Zoltan" not in (owner.folder / "chatbot.db").read_bytes()


def test_a_deleted_note_is_gone(owner: OwnerServer, path: str, post: Post) -> None:
    other = talk(owner, "When?", "Now.", "pages")
    elsewhere = f"/admin/KEY/conversations/{other}/notes/1/delete"
    assert post(elsewhere).status_code == 404, "it is on another conversation"
    assert post(f"{path}/notes/1/delete").status_code == 303
    again = post(f"{path}/notes/1/delete")
    assert again.status_code == 404
    assert "somebody has deleted it" in again.text
    assert b"Called" not in (owner.folder / "chatbot.db").read_bytes()


def test_notes_are_in_the_log_without_their_words(
    owner: OwnerServer, path: str, post: Post
) -> None:
    post(f"{path}/notes/1/delete")
    with owner.database.session() as session:
        entries = entries_before(session)
    done = [(row.who, row.action, row.site, row.about) for row in entries if "note" in row.action]
    assert done == [
        ("the owner", "delete_note", "Bakery", "1"),
        ("the editor", "write_note", "Bakery", ""),
    ]


def test_a_note_that_is_refused_is_not_lost(
    path: str, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text, problem in (("  ", "Write a note"), ("x" * 1001, "Internal note")):
        answer = post(f"{path}/notes", note=text)
        assert answer.status_code == 400
        assert problem in answer.text.split('id="problem"')[1].split("<")[0]
    assert post(f"{path}/notes", note="x\r\n" * 500).status_code == 303, "1,000 characters"
    monkeypatch.setattr(internal_notes, "MOST_NOTES", 2)
    answer = post(f"{path}/notes", note="One too many")
    assert answer.status_code == 400
    assert ">One too many</textarea>" in answer.text
    assert 'aria-describedby="problem note-hint" aria-invalid="true"' in answer.text
