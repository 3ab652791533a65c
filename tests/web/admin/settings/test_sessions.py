"""The browsers in which a person is logged in: listed, told apart, and ended one by one."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from support.servers.owner_server import ORIGIN, PASSWORD, OwnerServer

from chatbot_server.accounts.service import reset_token
from chatbot_server.storage.base import DAY, now
from chatbot_server.storage.owners.accounts import find_account, sessions_of
from chatbot_server.web.admin.browsers import kind_of_browser

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
DESK = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
)
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko)"
    " SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"
)


def log_in(owner: OwnerServer, user_agent: str) -> FlaskClient:
    client = owner.app.test_client()
    form = {"name": "the reader", "password": PASSWORD}
    headers = ORIGIN | {"User-Agent": user_agent, "X-Forwarded-For": "203.0.113.9"}
    assert client.post("/admin/login", data=form, headers=headers).status_code == 303
    return client


def test_where_one_is_logged_in_is_listed_and_ended(owner: OwnerServer) -> None:
    here = owner.browser("reader")
    other = owner.browser("owner")
    phone, desk = log_in(owner, PHONE), log_in(owner, DESK)
    page = phone.get("/admin/account").text
    assert page.count("Since ") == 3, "nobody else's is listed"
    assert "Edge on Windows" in page
    assert "203.0.113.9" not in page
    assert re.search(r"Safari on iPhone\s*<span[^>]*>This one", page)
    assert "vu en dernier" in phone.get("/admin/account?locale=fr").text
    names = re.findall(r'name="session" value="(\w+)"', phone.get("/admin/account").text)
    assert len(names) == 2, "one's own ends by logging out"
    page = phone.get("/admin/account?locale=fr").text
    edge = re.findall(r"Edge sous Windows.*?value=\"(\w+)\"", page, re.S)
    path, form = "/admin/account/sessions/end", {"session": edge[0]}
    assert other.post(path, data=form, headers=ORIGIN).status_code == 404
    ended = phone.post(path, data=form, headers=ORIGIN)
    assert ended.location == "/admin/account?done=session_ended"
    assert desk.get("/admin/account").status_code == 303
    assert here.get("/admin/account").status_code == phone.get("/admin/account").status_code == 200
    again = phone.post(path, data=form, headers=ORIGIN)
    assert again.status_code == 404
    assert "pris fin" in again.text


def test_a_cookie_ends_two_weeks_after_the_log_in_however_often_it_is_used(
    owner: OwnerServer,
) -> None:
    browser = owner.browser("reader")
    for days, status in ((13, 200), (14, 303)):
        with owner.database.session() as session:
            account = find_account(session, "the reader")
            ((row, _),) = sessions_of(session, account.id, "")
            row.created = now() - days * DAY - 1
            row.seen = now()
        assert browser.get("/admin/account").status_code == status


def test_another_password_ends_every_link_for_one(owner: OwnerServer) -> None:
    browser = owner.browser("reader")
    with owner.database.session() as session:
        links = [reset_token(session, "the reader") for _ in range(2)]
    form = {"former": PASSWORD, "password": "other words for sleeping"}
    path = "/admin/account/password"
    assert browser.post(path, data=form, headers=ORIGIN).status_code == 303
    for token in links:
        form = {"token": token, "name": "x", "password": PASSWORD}
        assert browser.post("/admin/join", data=form, headers=ORIGIN).status_code == 401


@pytest.mark.parametrize(
    ("user_agent", "kind"),
    [
        (PHONE, ("Safari", "iPhone")),
        (DESK, ("Edge", "Windows")),
        (LINUX, ("Firefox", "Linux")),
        (ANDROID, ("Samsung Internet", "Android")),
        (DESK.partition(" Edg")[0], ("Chrome", "Windows")),
        ("curl/8.5.0", ("", "")),
        ("", ("", "")),
    ],
)
def test_browsers_are_told_by_their_kind(user_agent: str, kind: tuple[str, str]) -> None:
    assert kind_of_browser(user_agent) == kind
