"""The log of who did what: every change is in it, and no visitor's word."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from support.servers.owner_server import ORIGIN, OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.messages import catalogue
from chatbot_server.storage.owners import audit
from chatbot_server.storage.owners.audit import (
    AuditEntry,
    entries_before,
    erase_old_entries,
    note_action,
)
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.feedback import add_contact_request
from chatbot_server.web.admin.settings.audit import AUDITED_READS, NO_CHANGES

Post = Callable[..., TestResponse]


def entries(owner: OwnerServer) -> list[AuditEntry]:
    with owner.database.session() as session:
        return list(entries_before(session))


def test_every_view_that_changes_something_has_its_words(owner: OwnerServer) -> None:
    changing = {endpoint for endpoint, method, _ in owner.routes() if method == "POST"}
    changing = changing - {"admin.unknown", *NO_CHANGES} | set(AUDITED_READS)
    words = {f"audit_{endpoint.removeprefix('admin.')}" for endpoint in changing}
    assert words - set(catalogue()) == set()
    unused = {code for code in catalogue() if code.startswith("audit_")} - words
    assert unused == set()


def test_who_did_what_of_which_site_is_kept(owner: OwnerServer, post: Post) -> None:
    with owner.database.session() as session:
        site = session.get_one(Site, owner.site_id)
        letter = add_contact_request(
            session, site, None, name="Secretive", email="a@example.org", text="Whisper"
        )
    post("/admin/KEY/appearance", name="Bakery", color="#aa0000", position="top-left")
    post("/admin/KEY/appearance", name="", color="#aa0000")  # refused: not in the log
    post(f"/admin/KEY/messages/{letter.id}/delete")
    post("/admin/people", role="reader")
    owner.browser("reader").get(f"/admin/{owner.key}/conversations.csv")  # refused, too
    owner.browser("owner").get(f"/admin/{owner.key}/conversations.csv")
    owner.browser("owner").get(f"/admin/{owner.key}/faq.csv")
    rows = [(row.who, row.action, row.site, row.about) for row in entries(owner)]
    assert [row for row in rows if row[1] != "log_in"] == [
        ("the owner", "export_conversations", "Bakery", ""),
        ("the owner", "invite", "", "reader"),
        ("the owner", "delete_message", "Bakery", str(letter.id)),
        ("the owner", "save_appearance", "Bakery", ""),
    ]
    assert ("the reader", "log_in", "", "") in rows
    (saved,) = (row for row in entries(owner) if row.action == "save_appearance")
    assert saved.changes["color"] == ["#1d4ed8", "#aa0000"]
    everything = json.dumps([[row.about, row.changes] for row in entries(owner)])
    assert "Whisper" not in everything
    assert "Secretive" not in everything
    page = owner.browser("owner").get("/admin/log?locale=en").text
    assert "saved the appearance" in page
    assert "#1d4ed8 → #aa0000" in page
    assert owner.browser("editor").get("/admin/log").status_code == 403


def test_roles_and_what_was_done_to_an_account_are_told_in_words(
    owner: OwnerServer, post: Post
) -> None:
    owner.browser("reader")
    post("/admin/people", role="editor")
    number = re.search(r'value="(\d+)"', post("/admin/people", role="reader").text)
    assert number
    post("/admin/people/change", account=number[1], action="role", role="owner")
    post("/admin/people/change", account=number[1], action="reset")
    page = owner.browser("owner").get("/admin/log?locale=fr").text
    assert "a invité quelqu’un\u00a0: Rédaction" in page
    assert "a changé un compte\u00a0: Rôle · the reader Propriétaire" in page
    assert "a changé un compte\u00a0: Nouveau mot de passe · the reader" in page


def test_a_site_that_is_deleted_keeps_its_name_in_the_log(owner: OwnerServer, post: Post) -> None:
    post("/admin/KEY/delete")
    assert (entries(owner)[0].action, entries(owner)[0].site) == ("delete_site", "Bakery")


def test_the_log_is_bounded(owner: OwnerServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "MOST_ENTRIES", 60)
    with owner.database.session() as session:
        for number in range(70):
            note_action(session, AuditEntry(action="invite", about=f"<b>{number}" + "x" * 200))
        rows = entries_before(session, most=100)
        assert len(rows) == 60
        assert all(len(row.about) == 100 for row in rows)
        rows[-1].created = 1
        session.flush()
        assert erase_old_entries(session) == 1
    browser = owner.browser("owner")
    page = browser.get("/admin/log").text
    last = re.search(r"before=(\d+)", page)
    assert last
    assert "&lt;b&gt;69" in page
    rest = browser.get(f"/admin/log?before={last[1]}").text
    assert "&lt;b&gt;12" in rest
    assert not re.search(r'before=\d+"', rest)  # as the link to older entries has it
    assert browser.get("/admin/log?before=none").status_code == 200


def test_what_nobody_may_do_is_not_in_the_log(owner: OwnerServer) -> None:
    browser = owner.browser("reader")
    browser.post("/admin/people", data={"role": "owner"}, headers=ORIGIN)
    browser.post("/admin/logout", headers={"Origin": "https://evil.example"})
    owner.browser(None).post("/admin/people", headers=ORIGIN)
    assert [row.action for row in entries(owner)] == ["log_in"]
