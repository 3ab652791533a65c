"""The server behind another one: its own address, its own pages, and a proxy nobody told it of."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from chatbot_server.app import create_app
from chatbot_server.config import Config
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import demo_site

PUBLIC = "https://chat.example.org/assist"
FORWARDED = {"X-Forwarded-For": "203.0.113.9"}
Make = Callable[..., tuple[Flask, str]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes the application with settings of its server, and tells the demo site's key."""

    def make_it(**server: Any) -> tuple[Flask, str]:
        settings = {"data_dir": tmp_path, "server": server, "engine": {"model": None}}
        config = Config.model_validate(settings)
        config.run_dir.mkdir(parents=True, exist_ok=True)
        database = Database(config.database_url)
        database.migrate()
        with database.session() as session:
            key = demo_site(session).key
        return create_app(config, SocketEngine(config.run_dir), database), key

    return make_it


def test_the_first_page_gives_the_public_address_and_needs_no_root(make: Make) -> None:
    app, key = make(public_url=PUBLIC)
    page = app.test_client().get("/").text
    plain = app.test_client().get(f"/chat/{key}").text

    assert f"{PUBLIC}/widget.js" in page
    assert 'src="widget.js"' in page
    assert 'href="../chat.css"' in plain
    assert not any(f'{name}="/' in text for name in ("href", "src") for text in (page, plain))


def test_a_prefix_that_a_trusted_proxy_names_is_part_of_the_address(make: Make) -> None:
    app, _ = make(trusted_proxies=1)
    headers = FORWARDED | {"X-Forwarded-Host": "a.example", "X-Forwarded-Prefix": "/chat"}
    page = app.test_client().get("/", headers=headers | {"X-Forwarded-Proto": "https"}).text

    assert "https://a.example/chat/widget.js" in page


@pytest.mark.parametrize(
    ("public_url", "origin", "status"),
    [
        (PUBLIC, "https://chat.example.org", 200),
        ("https://chat.example.org:8443", "https://chat.example.org:8443", 200),
        ("https://chat.example.org:443/", "https://Chat.Example.org", 200),
        (PUBLIC, "https://other.example.org", 403),
        (PUBLIC, "http://chat.example.org", 403),
        (None, "https://chat.example.org", 403),
        (PUBLIC, "null", 403),
    ],
)
def test_pages_of_the_public_address_are_the_servers_own(
    make: Make, public_url: str | None, origin: str, status: int
) -> None:
    app, key = make(public_url=public_url)
    headers = {"Origin": origin, "Host": "127.0.0.1:8080"}
    answer = app.test_client().get(f"/api/widget?site={key}", headers=headers)

    assert answer.status_code == status
    assert ("web server" in answer.text) == (origin == "null")
    assert "--origin null" not in answer.text


def test_a_proxy_that_nobody_trusts_is_told_once(
    make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mark = tmp_path / "run" / "untrusted-proxy"
    with caplog.at_level(logging.WARNING):
        client = make()[0].test_client()
        client.get("/healthz")
        assert not mark.exists()
        client.get("/healthz", headers=FORWARDED, environ_base={"REMOTE_ADDR": "9.9.9.9"})
        assert not mark.exists()
        for _ in range(3):
            client.get("/healthz", headers=FORWARDED)
    said = [record for record in caplog.records if "trusted_proxies" in record.getMessage()]

    assert len(said) == 1
    assert mark.exists()
    assert FORWARDED["X-Forwarded-For"] not in caplog.text
    make(trusted_proxies=1)[0].test_client().get("/healthz", headers=FORWARDED)
    assert not mark.exists()
