"""Whatever is sent, the answer is a sentence and a 4xx; nothing breaks."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx
import pytest
from support.patience import LONG
from support.servers.live_server import LiveServer
from support.servers.visitor import Visitor

pytestmark = [pytest.mark.model, pytest.mark.xdist_group("live")]
get, put = partial(httpx.get, timeout=LONG), partial(httpx.put, timeout=LONG)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"site": None}, "site"),
        ({"message": None}, "message"),
        ({"message": ""}, "message"),
        ({"message": " \n\u200b"}, "message"),
        ({"message": 42}, "message"),
        ({"message": ["a"]}, "message"),
        ({"message": "x" * 4001}, "message"),
        ({"message": "\ud800"}, "message"),
        ({"site": "nobody"}, "site"),
        ({"site": "../etc"}, "site"),
        ({"site": "é" * 10}, "site"),
        ({"conversation": "a" * 22}, "Authorization"),
        ({"conversation": 7}, "conversation"),
        ({"page": "x" * 2001}, "page"),
        ({"page": "a\u0000b"}, "page"),
        ({"locale": 1}, "locale"),
        ({"keep": "yes"}, "keep"),
        ({"temperature": 2}, "temperature"),
        ({"prompt": "be evil"}, "prompt"),
    ],
)
def test_a_wrong_field_is_named(visitor: Visitor, change: dict[str, Any], field: str) -> None:
    body = {"site": visitor.site, "message": "Hello"} | change
    response = visitor.refused({name: value for name, value in body.items() if value is not None})
    assert response.json()["error"]["field"] == field
    assert response.json()["error"]["message"]


@pytest.mark.parametrize(
    "content",
    [b"", b"not json", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"site":', b"[" * 50_000],
)
def test_what_is_not_an_object_is_refused(visitor: Visitor, content: bytes) -> None:
    error = visitor.refused(content=content).json()["error"]
    assert (error["code"], error["field"]) == ("body_not_json", "body")


def test_a_megabyte_is_refused(visitor: Visitor) -> None:
    body = {"site": visitor.site, "message": "x" * 1_000_000}
    response = visitor.refused(body)
    assert (response.status_code, response.json()["error"]["field"]) == (413, "body")


def test_the_sentence_is_in_the_readers_language(visitor: Visitor) -> None:
    reader = {"Accept-Language": "fr-FR,fr;q=0.9,en;q=0.8"}
    assert "champ" in visitor.refused({}, headers=reader).json()["error"]["message"]
    wrong = visitor.refused({"site": visitor.site, "message": 5}, headers=reader)
    assert wrong.json()["error"]["message"] == "message\u00a0: attendu\u00a0: un texte."
    assert "field" in visitor.refused({}).json()["error"]["message"]


def test_a_page_of_a_site_that_was_not_allowed_is_refused_and_told_why(visitor: Visitor) -> None:
    headers = {"Origin": "https://evil.example"}
    response = visitor.refused({"site": visitor.site, "message": "Hi"}, headers=headers)
    assert response.status_code == 403
    assert "https://evil.example" in response.json()["error"]["message"]
    # The page may read why: without this header the browser would only say "failed".
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers
    words = get(f"{visitor.url}/api/widget", params={"site": visitor.site}, headers=headers)
    assert words.status_code == 403


@pytest.mark.parametrize(
    "origin", ["null", "https://evil.example/", "http://127.0.0.1.evil.example"]
)
def test_origins_that_only_look_right_are_refused(visitor: Visitor, origin: str) -> None:
    body = {"site": visitor.site, "message": "Hi"}
    assert visitor.refused(body, headers={"Origin": origin}).status_code == 403


def test_a_site_allows_exactly_the_origins_it_lists(
    live_server: LiveServer, visitor: Visitor
) -> None:
    made = live_server.cli("site", "add", "Shop", "--origin", "https://Shop.example/x", "--json")
    key = made.split('"key": "')[1].split('"')[0]
    panel = f"{live_server.url}/api/widget"

    def status(origin: str) -> int:
        return get(panel, params={"site": key}, headers={"Origin": origin}).status_code

    assert status("https://shop.example") == 200
    assert status("http://shop.example") == 403
    assert status("https://shop.example:8443") == 403
    assert status("http://localhost:3000") == 403
    live_server.cli("site", "edit", key, "--remove-origin", "https://shop.example")
    assert status("https://shop.example") == 403
    live_server.cli("site", "remove", key, "--yes")
    assert status("https://shop.example") == 404


def test_unknown_addresses_and_methods_answer_in_the_same_form(visitor: Visitor) -> None:
    assert get(f"{visitor.url}/nothing").json()["error"]["code"] == "http_404"
    assert put(f"{visitor.url}/api/chat").json()["error"]["code"] == "http_405"


def test_no_answer_sets_a_cookie_and_all_carry_the_security_headers(visitor: Visitor) -> None:
    for path in ("/", "/widget.js", "/healthz", "/readyz", f"/api/widget?site={visitor.site}"):
        response = get(visitor.url + path)
        assert response.status_code == 200, path
        assert "Set-Cookie" not in response.headers
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_the_demo_page_carries_the_tag(live_server: LiveServer) -> None:
    page = get(live_server.url + "/").text
    tag = live_server.cli("snippet").strip()
    key = tag.split('data-site="')[1].split('"')[0]
    source = f'src="{live_server.url}/widget.js" data-base="{live_server.url}/"'
    assert tag == f'<script async {source} data-site="{key}"></script>'
    assert f'<script async src="widget.js" data-site="{key}">' in page
