"""The second factor: opt-in, each code once, and a way back without the telephone."""

from __future__ import annotations

import re

import pyotp
import pytest
from flask.testing import FlaskClient
from support.servers.owner_server import ORIGIN, PASSWORD, OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.accounts import second_factor
from chatbot_server.accounts.second_factor import turn_off
from chatbot_server.storage.base import now
from chatbot_server.storage.owners.accounts import find_account

NAME = "the reader"


def turn_on(browser: FlaskClient) -> tuple[str, list[str]]:
    """The secret and the recovery codes of the second factor, switched on."""
    page = browser.post("/admin/account/second-factor", headers=ORIGIN).text
    secret = re.search(r'name="secret" value="(\w+)"', page)
    assert secret
    assert '<svg xmlns="' in page or "<svg " in page
    assert f"<code>{' '.join(re.findall('....', secret[1]))}</code>" in page, "to be typed"
    form = {"secret": secret[1], "code": pyotp.TOTP(secret[1]).now(), "confirm": PASSWORD}
    page = browser.post("/admin/account/second-factor/on", data=form, headers=ORIGIN).text
    return secret[1], re.findall(r"\b[a-z2-9]{5}-[a-z2-9]{5}\b", page)


def log_in(owner: OwnerServer, code: str) -> tuple[FlaskClient, TestResponse]:
    """What comes of the password and then *code*, in a browser of its own."""
    browser = owner.browser(None)
    form = {"name": NAME, "password": PASSWORD}
    page = browser.post("/admin/login", data=form, headers=ORIGIN)
    assert page.status_code == 200
    assert "Set-Cookie" not in page.headers
    token = re.search(r'name="token" value="([\w-]+)"', page.text)
    assert token
    answer = browser.post(
        "/admin/login/code", data={"token": token[1], "code": code}, headers=ORIGIN
    )
    return browser, answer


def test_each_code_opens_once(owner: OwnerServer) -> None:
    reader, elsewhere = owner.browser("reader"), owner.browser("reader")
    secret, codes = turn_on(reader)
    assert len(set(codes)) == 10
    assert elsewhere.get("/admin/account").status_code == 303, "other browsers are logged out"
    assert "10 recovery codes are left" in reader.get("/admin/account").text
    browser, answer = log_in(owner, pyotp.TOTP(secret).now())
    assert answer.status_code == 401, "the code that switched it on was used"
    assert browser.get("/admin/account").status_code == 303
    browser, answer = log_in(owner, codes[0].upper() + " ")
    assert answer.status_code == 303
    assert browser.get("/admin/account").status_code == 200
    assert log_in(owner, codes[0])[1].status_code == 401
    for wrong in ("", "000000", "12345", "x" * 40):
        assert log_in(owner, wrong)[1].status_code == 401
    stored = (owner.folder / "chatbot.db").read_bytes()
    assert codes[1].encode() not in stored


def test_the_next_code_opens(owner: OwnerServer, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, _ = turn_on(owner.browser("reader"))
    later = now() + 90
    monkeypatch.setattr(second_factor, "now", lambda: later)
    code = pyotp.TOTP(secret).at(later)
    assert log_in(owner, code)[1].status_code == 303
    assert log_in(owner, code)[1].status_code == 401


def test_another_password_does_not_pass_by_the_second_factor(owner: OwnerServer) -> None:
    from chatbot_server.accounts.service import reset_token

    turn_on(owner.browser("reader"))
    with owner.database.session() as session:
        token = reset_token(session, NAME)
    browser = owner.browser(None)
    form = {"token": token, "name": "x", "password": PASSWORD}
    answer = browser.post("/admin/join", data=form, headers=ORIGIN)
    assert answer.location.endswith("/admin/login")
    assert "Set-Cookie" not in answer.headers


def test_it_is_switched_off_with_the_password_or_at_the_terminal(owner: OwnerServer) -> None:
    browser = owner.browser("reader")
    turn_on(browser)
    off = "/admin/account/second-factor/off"
    assert browser.post(off, data={"confirm": "wrong"}, headers=ORIGIN).status_code == 401
    assert browser.post(off, data={"confirm": PASSWORD}, headers=ORIGIN).status_code == 303
    owner.browser("reader")  # the password is enough
    turn_on(browser)
    with owner.database.session() as session:
        turn_off(session, find_account(session, NAME))
    owner.browser("reader")


def test_an_owner_lets_in_who_lost_telephone_and_codes(owner: OwnerServer) -> None:
    turn_on(owner.browser("reader"))
    browser = owner.browser("owner")
    page = browser.get("/admin/people").text
    assert page.count("with a second factor") == page.count('value="factor"') == 1
    numbers = re.findall(r'name="account" value="(\d+)"', page)
    answers = [
        browser.post(
            "/admin/people/change", data={"account": number, "action": "factor"}, headers=ORIGIN
        )
        for number in numbers
    ]
    refused = [answer.text for answer in answers if answer.status_code == 400]
    assert len(refused) == 1, "one's own needs the password"
    assert "My account" in refused[0]
    owner.browser("reader")  # the password is enough


def test_a_set_up_that_is_not_whole_changes_nothing(owner: OwnerServer) -> None:
    browser = owner.browser("reader")
    path = "/admin/account/second-factor/on"
    for secret, code, status in (("A" * 32, "000000", 401), ("0" * 32, "1", 400), ("", "", 400)):
        form = {"secret": secret, "code": code, "confirm": PASSWORD}
        assert browser.post(path, data=form, headers=ORIGIN).status_code == status
    owner.browser("reader")


def test_who_finds_a_browser_open_takes_no_account_over(owner: OwnerServer) -> None:
    browser = owner.browser("owner")
    secret, _ = turn_on(browser)
    other = pyotp.random_base32()
    form = {"secret": other, "code": pyotp.TOTP(other).now()}
    path = "/admin/account/second-factor/on"
    for wrong in ({}, {"confirm": "guessed words"}):
        refused = browser.post(path, data=form | wrong, headers=ORIGIN)
        assert refused.status_code == 401
        assert f'value="{other}"' in refused.text, "the same code can be typed again"
    with owner.database.session() as session:
        account = find_account(session, "the owner")
        assert account.totp_secret == secret
        own = {"account": str(account.id), "action": "reset"}
    refused = browser.post("/admin/people/change", data=own, headers=ORIGIN)
    assert refused.status_code == 400
    assert "the current one is asked for" in refused.text
    assert "/admin/join#" not in refused.text
    assert 'value="reset"' not in browser.get("/admin/people").text
