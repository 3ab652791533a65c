"""Under which names a server takes a page for its own, and how it says that it does not."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from support.configured import make_config
from support.scripted_chat import ScriptedModel

from chatbot_server.app import create_app
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site

Status = Callable[..., int]
HOME, PUBLIC = "192.168.1.5", "8.8.8.8"


@pytest.fixture
def status(tmp_path: Path, sqlite_database: Database) -> Status:
    """What a page gets whose name leads to a server."""
    with sqlite_database.session() as session:
        key = add_site(session, "Shop").key

    def status_of(host: str, arrival: str = HOME, headers: Any = None, **server: Any) -> int:
        config = make_config(tmp_path, server=server)
        client: FlaskClient = create_app(config, ScriptedModel(), sqlite_database).test_client()
        sent = {"Host": host, "Origin": f"http://{host}"} | (headers or {})
        environ = {"SERVER_NAME": arrival}
        answer = client.get(f"/api/widget?site={key}", headers=sent, environ_overrides=environ)
        return answer.status_code

    return status_of


OWN = ("localhost:8080", "192.168.1.5:8080", "[fd00::5]:8080", "my-server:8080", "printer.local")


@pytest.mark.parametrize("host", [*OWN, "chat.home.arpa", socket.gethostname()])
def test_a_newcomer_finds_the_server_under_its_addresses_and_local_names(
    status: Status, host: str
) -> None:
    assert status(host) == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example.:8080", "localhost.evil.example"])
def test_a_strangers_name_is_not_the_servers_own_in_a_network(status: Status, host: str) -> None:
    assert status(host) == status(host, "127.0.0.1") == 403


def test_the_operator_tells_the_name_and_no_other_counts_then(status: Status) -> None:
    told = {"public_url": "https://chat.example.org"}
    assert status("chat.example.org", **told) == 200
    assert status("evil.example", PUBLIC, **told) == 403


def test_where_everybody_can_reach_it_or_a_proxy_chooses_nothing_need_be_told(
    status: Status,
) -> None:
    assert status("chat.example.org", PUBLIC) == 200
    assert status("chat.example.org", "127.0.0.1", trusted_proxies=1) == 200


def test_headers_that_are_no_scheme_and_no_host_are_no_fault_of_the_server(status: Status) -> None:
    for name in ("X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-For"):
        for value in ("http://[", "[", "a b", "://", "]", ""):
            assert status("localhost", headers={name: value}, trusted_proxies=1) < 500
    for host in ("[", "]:", "a b", "http://[", ":", "x:99999999", "[::1"):
        assert status(host) < 500
