"""Every route of the owner's pages: for each role, for nobody, and from another site."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.servers.owner_server import ORIGIN, PASSWORD, OwnerServer

from chatbot_server.storage.owners.accounts import ROLES, Role
from chatbot_server.web.admin.access import LEAST_ROLE, RANKS, safe_next


def test_every_route_has_a_least_role(owner: OwnerServer) -> None:
    assert {endpoint for endpoint, _, _ in owner.routes()} == set(LEAST_ROLE)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_the_table_says_and_nothing_else(owner: OwnerServer, role: Role) -> None:
    browser = owner.browser(role)
    for endpoint, method, path in owner.routes():
        least = LEAST_ROLE[endpoint]
        if least is None or endpoint == "admin.log_out":
            continue
        answer = browser.open(path, method=method, headers=ORIGIN)
        is_refused = answer.status_code == 403
        assert is_refused is (RANKS[role] < RANKS[least]), (endpoint, method, answer.status_code)
        assert answer.status_code < 500, (endpoint, method)


def test_nobody_opens_anything(owner: OwnerServer) -> None:
    owner.browser("owner")  # set-up is over
    for endpoint, method, path in owner.routes():
        if LEAST_ROLE[endpoint] is not None:
            answer = owner.browser(None).open(path, method=method, headers=ORIGIN)
            assert answer.status_code == 303, (endpoint, method)
            assert answer.location.startswith("/admin/login"), (endpoint, method)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_no_form_of_another_site_does_anything(owner: OwnerServer, headers: dict[str, str]) -> None:
    browser = owner.browser("owner")
    for endpoint, method, path in owner.routes():
        if method == "POST":
            answer = browser.post(path, headers=headers)
            assert answer.status_code == 403, endpoint
    assert browser.get("/admin/people").status_code == 200  # not even logged out


def test_forms_work_at_the_public_address_whatever_the_proxy_sends(tmp_path: Path) -> None:
    owner = OwnerServer(tmp_path, public_url="https://chat.example.org")
    browser = owner.browser("owner")
    for origin, status in (("https://chat.example.org", 200), ("https://evil.example", 403)):
        answer = browser.post("/admin/people", data={"role": "reader"}, headers={"Origin": origin})
        assert answer.status_code == status
        assert ("https://chat.example.org/admin/join#" in answer.text) is (status == 200)
    owner.database.close()


def test_a_wrong_password_opens_nothing_and_tells_nothing(owner: OwnerServer) -> None:
    browser = owner.browser("owner").application.test_client()
    for name, password in (("the owner", "wrong words"), ("nobody", PASSWORD), ("", "")):
        form = {"name": name, "password": password}
        answer = browser.post("/admin/login", data=form, headers=ORIGIN)
        assert answer.status_code == 401
        assert "The name or the password is wrong" in answer.text
        assert "Set-Cookie" not in answer.headers


def test_guessing_a_password_is_slowed_down(owner: OwnerServer) -> None:
    browser = owner.browser("owner")
    form = {"name": "the owner", "password": "wrong words"}
    statuses = [
        browser.post("/admin/login", data=form, headers=ORIGIN).status_code for _ in range(25)
    ]
    assert statuses[0] == 401
    assert statuses[-1] == 429


def test_the_cookie_is_for_these_pages_and_no_script(owner: OwnerServer) -> None:
    client = owner.browser("owner")
    form = {"name": "the owner", "password": PASSWORD}
    cookies = client.post("/admin/login", data=form, headers=ORIGIN).headers.getlist("Set-Cookie")
    [cookie] = [each for each in cookies if each.startswith("chatbot_admin=")]
    for part in ("HttpOnly", "SameSite=Lax", "Path=/admin"):
        assert part in cookie


def test_logged_out_is_logged_out(owner: OwnerServer) -> None:
    browser = owner.browser("owner")
    cookie = browser.get_cookie("chatbot_admin", path="/admin")
    assert cookie is not None
    browser.post("/admin/logout", headers=ORIGIN)
    browser.set_cookie("chatbot_admin", cookie.value, path="/admin")
    assert browser.get("/admin/people").status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil",
        "/admin\n/x",
        "/admin/\r/x",  # no header may contain it
        "/admin/\tx",
        "admin/",
        "",
    ],
)
def test_log_in_leads_to_our_own_pages_only(target: str) -> None:
    assert safe_next(target) == "/admin/"


def test_a_refusal_names_the_role_in_the_readers_language(owner: OwnerServer) -> None:
    page = owner.browser("reader").get("/admin/people?locale=fr")
    assert page.status_code == 403
    assert "Votre rôle (Lecture) ne le permet pas." in page.text
