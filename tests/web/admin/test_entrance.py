"""The first account, invitations, other passwords, the last owner."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from support.servers.owner_server import ORIGIN, PASSWORD, OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.accounts.service import open_setup, renew_setup, reset_token, set_password
from chatbot_server.errors import UsageError
from chatbot_server.storage.owners.accounts import add_account, all_accounts, find_account

Post = Callable[..., TestResponse]


def setup(owner: OwnerServer, token: str, name: str = "Ann", password: str = PASSWORD) -> int:
    form = {"token": token, "name": name, "password": password}
    return owner.app.test_client().post("/setup", data=form, headers=ORIGIN).status_code


def test_the_token_of_the_set_up_makes_one_owner_and_is_spent(owner: OwnerServer) -> None:
    token = open_setup(owner.database, owner.folder)
    assert token
    file = owner.folder / "setup-token"
    assert file.read_text().strip() == token == open_setup(owner.database, owner.folder)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token not in (owner.folder / "chatbot.db").read_bytes().decode("latin-1")
    assert setup(owner, "guessed") == 401
    assert setup(owner, token, password="short") == 400
    assert setup(owner, token) == 303
    assert owner.app.test_client().get("/setup").status_code == 404
    assert setup(owner, token) == 404
    assert open_setup(owner.database, owner.folder) is None
    assert not file.exists()


def test_a_new_token_ends_the_former_one(owner: OwnerServer) -> None:
    former, newer = (renew_setup(owner.database, owner.folder) or "" for _ in range(2))
    assert setup(owner, former) == 401
    assert setup(owner, newer) == 303


def test_of_twenty_who_finish_at_once_one_is_the_owner(owner: OwnerServer) -> None:
    token = open_setup(owner.database, owner.folder) or ""
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda number: setup(owner, token, f"Ann {number}"), range(20)))
    assert statuses.count(303) == 1, statuses
    with owner.database.session() as session:
        assert [account.role for account in all_accounts(session)] == ["owner"]


def test_who_is_invited_gets_the_role_once(owner: OwnerServer, post: Post) -> None:
    page = post("/admin/people", role="editor")
    token = re.search(r"/admin/join#([\w-]+)", page.text)
    assert token
    form = {"token": token[1], "name": "Bob", "password": PASSWORD}
    guest = owner.browser(None)
    assert guest.post("/admin/join", data=form, headers=ORIGIN).status_code == 303
    assert guest.get(f"/admin/{owner.key}/faq").status_code == 200
    assert guest.get("/admin/people").status_code == 403
    again = owner.browser(None).post("/admin/join", data=form | {"name": "Eve"}, headers=ORIGIN)
    assert again.status_code == 401


def test_who_is_called_edith_with_an_accent_logs_in_however_it_is_typed(owner: OwnerServer) -> None:
    token = open_setup(owner.database, owner.folder) or ""
    assert setup(owner, token, "Édith Über") == 303
    for name in ("Édith Über", "édith über", "ÉDITH ÜBER", "E\u0301dith U\u0308ber"):
        form = {"name": name, "password": PASSWORD}
        answer = owner.browser(None).post("/admin/login", data=form, headers=ORIGIN)
        assert answer.status_code == 303, name
    with owner.database.session() as session, pytest.raises(UsageError):
        add_account(session, "éDITH ÜBER", "", "reader")


def test_another_password_ends_every_log_in(owner: OwnerServer) -> None:
    former = owner.browser("owner")
    with owner.database.session() as session:
        token = reset_token(session, "THE OWNER")
    form = {"token": token, "name": "x", "password": "quite another password"}
    assert owner.browser(None).post("/admin/join", data=form, headers=ORIGIN).status_code == 303
    assert former.get("/admin/people").status_code == 303
    wrong = {"name": "the owner", "password": PASSWORD}
    answer = owner.browser(None).post("/admin/login", data=wrong, headers=ORIGIN)
    assert answer.status_code == 401


def test_the_last_owner_stays(owner: OwnerServer, post: Post) -> None:
    post("/admin/people")
    with owner.database.session() as session:
        number = all_accounts(session)[0].id
    for form in ({"action": "remove"}, {"action": "role", "role": "reader"}):
        answer = post("/admin/people/change", account=number, **form)
        assert answer.status_code == 400
        assert "only owner" in answer.text.split('role="alert">')[1].split("</p>")[0]
    page = owner.browser("owner").get("/admin/people").text
    assert 'value="remove"' not in page, "what would be refused is not offered"
    assert "The only owner." in page
    assert post("/admin/people", role="owner").status_code == 200


def test_a_stranger_who_guesses_is_told_when_to_try_again_and_keeps_no_owner_out(
    owner: OwnerServer,
) -> None:
    owner.browser("owner")

    def log_in(address: str, password: str) -> TestResponse:
        form = {"name": "the owner", "password": password}
        return owner.browser(None).post(
            "/admin/login", data=form, headers=ORIGIN, environ_base={"REMOTE_ADDR": address}
        )

    stranger = [log_in(f"203.0.113.{number % 3}", "a wrong guess") for number in range(33)]
    assert [answer.status_code for answer in stranger] == [401] * 30 + [429] * 3
    assert 0 < int(stranger[-1].headers["Retry-After"]) <= 3600
    assert "Retry-After" not in stranger[0].headers
    assert log_in("198.51.100.7", PASSWORD).status_code == 303


def test_a_browser_in_which_the_owner_logged_in_has_attempts_of_its_own(
    owner: OwnerServer,
) -> None:
    owner.browser("owner")
    own, other = (owner.browser(None) for _ in range(2))

    def log_in(browser: FlaskClient, password: str, address: str, name: str = "the owner") -> int:
        form, sender = {"name": name, "password": password}, {"REMOTE_ADDR": address}
        return browser.post(
            "/admin/login", data=form, headers=ORIGIN, environ_base=sender
        ).status_code

    assert log_in(own, PASSWORD, "192.0.2.1") == 303
    former = own.get_cookie("chatbot_known_browser", path="/admin")
    assert former
    for number in range(301):
        log_in(owner.browser(None), "a wrong guess", f"203.0.{number % 11}.{number % 3}")
    assert log_in(other, PASSWORD, "192.0.2.2") == 429
    # The cookie is no session, and none but the account's own counts.
    own.delete_cookie("chatbot_admin", path="/admin")
    assert own.get("/admin/people").status_code == 303
    assert log_in(own, PASSWORD, "192.0.2.2") == 303
    cookie = own.get_cookie("chatbot_known_browser", path="/admin")
    assert cookie
    assert cookie.http_only
    for wrong in (cookie.value[:-1], f"9{cookie.value}", "1.x.é", ""):
        other.set_cookie("chatbot_known_browser", wrong, path="/admin")
        assert log_in(other, PASSWORD, "192.0.2.3") == 429, wrong
    other.set_cookie("chatbot_known_browser", cookie.value, path="/admin")
    statuses = [log_in(other, "a wrong guess", "192.0.2.4") for _ in range(21)]
    assert statuses == [401] * 20 + [429], "a copied one has few attempts, too"
    # Another password ends the cookie wherever it is.
    with owner.database.session() as session:
        set_password(session, find_account(session, "the owner"), "quite another password")
    fresh = owner.browser(None)
    fresh.set_cookie("chatbot_known_browser", former.value, path="/admin")
    assert log_in(fresh, "quite another password", "192.0.2.5") == 429
