"""A backup put back in the browser: looked at first, tried again, and nothing half."""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from types import SimpleNamespace
from typing import IO

import pytest
from flask.testing import FlaskClient
from support.conversations import talk
from support.servers.owner_server import ORIGIN, PASSWORD, OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.accounts.service import open_setup
from chatbot_server.backup.restoring import UPLOAD_SECONDS, delete_unfinished
from chatbot_server.backup.service import back_up, own_backups
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage.owners.accounts import all_accounts
from chatbot_server.storage.site.sites import all_sites
from chatbot_server.web.middleware import uploads as uploads_in_requests
from chatbot_server.web.middleware.uploads import UploadTickets

SECRET = "three words and a lamp"


@pytest.fixture
def former(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnerServer]:
    """The server that the backup comes from: an owner, a site and a text."""
    server = OwnerServer(tmp_path_factory.mktemp("former"))
    server.browser("owner")
    add_note(server.database, server.site_id, "Hours", "We are open from 9 am to 6 pm.")
    yield server
    server.database.close()


@pytest.fixture
def new(owner: OwnerServer) -> OwnerServer:
    """A server on which nothing was set up."""
    with owner.database.session() as session:
        session.delete(all_sites(session)[0])
    return owner


Send = Callable[..., TestResponse]


@pytest.fixture
def send(new: OwnerServer) -> Send:
    """Sends the form of the restore at the set-up, with the right token."""
    client: FlaskClient = new.app.test_client()
    token = open_setup(new.database, new.folder)

    def post(content: bytes | None = None, **form: str) -> TestResponse:
        path = form.pop("path", "/setup/restore")
        fields: dict[str, object] = {"token": token, **form}
        if content is not None:
            fields["upload"] = (io.BytesIO(content), "mine.chatbot-backup")
        return client.post(path, data=fields, headers=ORIGIN)

    return post


def upload_path(send: Send) -> str:
    """Where the form for the file leads that is shown once the set-up code was typed."""
    page = send(action="begin").text
    return "/setup/restore" + page.split('action="')[1].split('"')[0]


def backup_of(server: OwnerServer, passphrase: str = "") -> bytes:
    file = server.folder / "copy"
    file.unlink(missing_ok=True)
    back_up(server.database, file, passphrase=passphrase)
    return file.read_bytes()


def uploads(server: OwnerServer) -> list[Path]:
    return sorted((server.folder / "backups").glob("*"))


def test_the_first_screen_leads_to_a_restore_that_is_looked_at_first(
    former: OwnerServer, new: OwnerServer, send: Send
) -> None:
    assert "/setup/restore" in new.app.test_client().get("/setup").text
    page = send(backup_of(former)).text
    assert "It holds" in page
    assert "<dt>Accounts</dt><dd>1</dd>" in page
    (file,) = uploads(new)
    assert file.stat().st_mode & 0o777 == 0o600
    with new.database.session() as session:
        assert all_accounts(session) == []
    done = send(file=file.name, action="restore")
    assert done.status_code == 303
    assert done.location.endswith("/admin/login?done=restored")
    assert uploads(new) == []
    client = new.app.test_client()
    form = {"name": "the owner", "password": PASSWORD}
    assert client.post("/admin/login", data=form, headers=ORIGIN).status_code == 303
    assert "open from 9 am" in client.get(f"/admin/{former.key}/knowledge?q=when+open").text
    assert send(file=file.name, action="restore").status_code == 404
    assert client.get("/setup/restore").status_code == 404


def test_a_wrong_passphrase_may_be_tried_again(
    former: OwnerServer, new: OwnerServer, send: Send
) -> None:
    pytest.importorskip("pyrage")
    page = send(backup_of(former, SECRET))
    assert page.status_code == 400
    assert "is encrypted" in page.text
    (file,) = uploads(new)
    for passphrase, status in (("another lamp", 400), (SECRET, 200)):
        page = send(file=file.name, passphrase=passphrase)
        assert page.status_code == status
        assert f'value="{file.name}"' in page.text
        assert passphrase not in page.text
    assert send(file=file.name, passphrase=SECRET, action="restore").status_code == 303


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "mine.chatbot-backup is not a backup of this program."),
        (b"no backup", "mine.chatbot-backup is not a backup of this program."),
        (b"PK\x03\x04 cut", "This backup is not whole (mine.chatbot-backup"),
    ],
)
def test_a_wrong_file_is_one_sentence_and_leaves_nothing(
    content: bytes, sentence: str, new: OwnerServer, send: Send
) -> None:
    page = send(content)
    assert page.status_code == 400
    assert sentence in page.text
    assert uploads(new) == []


def test_nothing_is_looked_at_without_the_token_or_beside_the_folder(
    former: OwnerServer, new: OwnerServer, send: Send
) -> None:
    assert send(backup_of(former), token="guessed").status_code == 401
    assert uploads(new) == []
    for name in ("", "../chatbot.db", "/etc/passwd"):
        assert send(file=name).status_code == 400


def test_an_upload_that_was_only_looked_at_is_nobodys_backup_and_does_not_stay(
    former: OwnerServer, new: OwnerServer, send: Send
) -> None:
    assert "It holds" in send(backup_of(former)).text
    (file,) = uploads(new)
    assert own_backups(file.parent) == []
    delete_unfinished(new.database, file.parent)
    assert uploads(new) == [file], "its owner may still be reading what it holds"
    os.utime(file, (time.time() - UPLOAD_SECONDS - 60,) * 2)
    delete_unfinished(new.database, file.parent)
    assert uploads(new) == []


def test_what_is_here_is_replaced_on_demand_only(former: OwnerServer, owner: OwnerServer) -> None:
    browser = owner.browser("owner")
    folder = owner.folder / "backups"
    folder.mkdir()
    (folder / "a.chatbot-backup").write_bytes(backup_of(former))
    form = {"file": "a.chatbot-backup", "action": "restore"}
    assert "a.chatbot-backup" in browser.get("/admin/backups/restore").text
    page = browser.post("/admin/backups/restore", data=form, headers=ORIGIN)
    assert page.status_code == 400
    assert "Confirm that the backup replaces them.<" in page.text  # no option of the terminal
    # A browser asks for the tick, and leaves what the backup contains in sight.
    assert 'name="replace" value="yes" required>' in page.text
    assert browser.get(f"/admin/{owner.key}/").status_code == 200
    form["replace"] = "yes"
    assert browser.post("/admin/backups/restore", data=form, headers=ORIGIN).status_code == 303
    assert browser.get("/admin/people").status_code == 303  # logged out
    assert (folder / "a.chatbot-backup").exists()


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where files were while they came."""
    used: list[Path] = []
    open_file = TemporaryFile

    def note(mode: str, dir: Path) -> IO[bytes]:  # noqa: A002
        used.append(dir)
        return open_file(mode, dir=dir)

    monkeypatch.setattr(uploads_in_requests, "TemporaryFile", note)
    return used


def test_a_file_of_any_size_comes_onto_the_disk_with_the_ticket_of_the_page(
    former: OwnerServer, new: OwnerServer, send: Send, folders: list[Path]
) -> None:
    content = backup_of(former)
    new.app.config["MAX_CONTENT_LENGTH"] = len(content)
    refused = send(content)
    assert refused.status_code == 413
    assert "chatbot-server restore FILE" in refused.text
    for wrong in ("?upload=", "?upload=9999999999.0", "?upload=x.y", f"?upload={'é' * 200}"):
        assert send(content, path=f"/setup/restore{wrong}").status_code == 413
    assert (uploads(new), folders) == ([], [])
    assert "It holds" in send(content, path=upload_path(send)).text
    assert len(uploads(new)) == 1
    assert folders == [new.folder / "backups"]


def test_a_file_for_which_the_disk_has_no_room_is_refused_with_what_to_do(
    former: OwnerServer, new: OwnerServer, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads_in_requests, "SHARE", 10**12)
    refused = send(backup_of(former), path=upload_path(send))
    assert refused.status_code == 413
    assert "data/backups" in refused.text
    assert uploads(new) == []


def test_nobody_may_upload_who_has_not_typed_the_set_up_code(new: OwnerServer, send: Send) -> None:
    strangers_page = new.app.test_client().get("/setup/restore").text
    too_large = send(b"x" * 200_000)
    assert too_large.status_code == 413
    wrong = send(action="begin", token="guessed")
    assert wrong.status_code == 401
    for page in (strangers_page, too_large.text, wrong.text):
        assert "First the set-up code" in page
        assert "upload" not in page
    assert 'type="file"' in send(action="begin").text


def test_a_ticket_ends_and_is_of_its_process_and_path(monkeypatch: pytest.MonkeyPatch) -> None:
    tickets = UploadTickets()
    ticket = tickets.new("/setup/restore")
    head = SimpleNamespace(query=f"upload={ticket}", path="/setup/restore")
    assert tickets.admits(ticket, head.path)
    assert tickets.admits_request(head)
    assert not UploadTickets().admits(ticket, head.path)
    head.path = "/api/chat"
    assert not tickets.admits(ticket, head.path)
    assert not tickets.admits_request(head)
    later = time.time() + 1900
    monkeypatch.setattr(time, "time", lambda: later)
    assert not tickets.admits(ticket, "/setup/restore")


def test_a_backup_is_made_and_taken_away(
    owner: OwnerServer, post: Callable[..., TestResponse]
) -> None:
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
