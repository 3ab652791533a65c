"""Messages to a person, on the owner's pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.servers.owner_server import ORIGIN, OwnerServer
from support.servers.ports import free_port
from werkzeug.test import TestResponse

from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.feedback import add_contact_request

Post = Callable[..., TestResponse]


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


def test_what_to_type_for_messages_by_e_mail_stands_in_lines_of_its_own(owner: OwnerServer) -> None:
    page = owner.browser("owner").get(f"/admin/{owner.key}/messages?locale=en").text
    commands = page.split("type in a terminal on the server:")[1].split("</pre>")[0].splitlines()
    assert len(commands) == 3
    assert commands[0].endswith("config set mail.sender chatbot@example.org")


def test_what_keeps_messages_from_being_sent_is_told_to_the_owner(tmp_path: Path) -> None:
    mail = {"host": "127.0.0.1", "port": free_port(), "sender": "chat@bakery.example"}
    owner = OwnerServer(tmp_path, mail=mail)
    path = f"/admin/{owner.key}/messages"
    for role in ("owner", "editor"):
        page = owner.browser(role).get(f"{path}?locale=en").text
        assert "this site has no e-mail address" in page
        assert (f'href="/admin/{owner.key}/privacy#contact_email"' in page) is (role == "owner")
    with owner.database.session() as session:
        session.get_one(Site, owner.site_id).contact_email = "ann@bakery.example"
    page = owner.browser("owner").post(f"{path}/test", headers=ORIGIN).text
    assert f"127.0.0.1:{mail['port']}" in page.split('role="alert">')[1].split("<")[0]
    owner.database.close()


def test_many_messages_are_shown_page_by_page_and_stay_new_until_then(owner: OwnerServer) -> None:
    with owner.database.session() as session:
        site = session.get_one(Site, owner.site_id)
        for number in range(60):
            words = f"Letter {number}."
            add_contact_request(session, site, None, name="Ann", email="a@b.example", text=words)
    editor = owner.browser("editor")
    path = f"/admin/{owner.key}/messages?locale=en"
    first = editor.get(path).text
    assert "Letter 59." in first
    assert "Letter 9." not in first
    assert "10 new<" in editor.get(f"/admin/{owner.key}/").text
    before = first.split("before=")[1].split('"')[0]
    second = editor.get(f"{path}&before={before}").text
    assert "Letter 9." in second
    assert second.count(">new<") == 10
    assert "/messages?before=" not in second, "nothing is older"
