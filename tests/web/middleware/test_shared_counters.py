"""Counting requests on a real Valkey server, which several servers share and which may go away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from limits.storage import storage_from_string
from support.servers.valkey import Valkey, valkey_server

from chatbot_server.config.sections import LimitsSection
from chatbot_server.errors import TooManyRequests, Unavailable
from chatbot_server.storage.counters import check_counters
from chatbot_server.web.middleware.limits import request_counts as module
from chatbot_server.web.middleware.limits.rate_limits import RateLimits

SITE = "a-site"
Ask = Callable[..., None]


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with valkey_server(tmp_path) as server:
        yield server


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Ask]]:
    """Makes web servers, as far as they count: three questions a minute for a site."""
    storages: list[Any] = []

    def open_storage(address: str, **options: Any) -> Any:
        storages.append(storage := storage_from_string(address, **options))
        return storage

    monkeypatch.setattr(module, "storage_from_string", open_storage)

    def serve(storage: str) -> Ask:
        app = Flask(__name__)
        rates = RateLimits(LimitsSection(site=("3 per minute",), storage=storage))

        def ask(times: int = 1) -> None:
            with app.test_request_context():
                for _ in range(times):
                    rates.check_question(SITE)

        return ask

    yield serve
    for storage in storages:
        storage.get_connection().close()


@pytest.mark.parametrize("scheme", ["valkey", "redis"])
def test_servers_at_one_valkey_count_together(
    serve: Callable[[str], Ask], valkey: Valkey, scheme: str
) -> None:
    address = valkey.address.replace("valkey", scheme)
    one, other = serve(address), serve(address)
    one(2)
    other()
    with pytest.raises(TooManyRequests) as refused:
        one()
    assert 1 <= (refused.value.retry_after or 0) <= 61


def test_limits_hold_in_memory_while_valkey_is_away(
    serve: Callable[[str], Ask], valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AWAY_SECONDS", 0.0)
    ask = serve(valkey.address)
    ask(2)
    valkey.stop()
    ask(3)
    with pytest.raises(TooManyRequests):
        ask()
    valkey.start()
    ask(3)
    with pytest.raises(TooManyRequests):
        ask()


def test_a_server_that_is_away_is_not_asked_at_every_request(
    serve: Callable[[str], Ask], valkey: Valkey
) -> None:
    ask = serve(valkey.address)
    valkey.stop()
    ask(2)
    valkey.start()
    ask()
    with pytest.raises(TooManyRequests):
        ask()


def test_an_address_is_told_without_its_password(valkey: Valkey) -> None:
    assert check_counters(valkey.address) == valkey.address
    with pytest.raises(Unavailable) as away:
        check_counters(valkey.address.replace("://", "://owner:hush@"))
    assert "valkey://owner:***@127.0.0.1" in away.value.sentence()
    assert "hush" not in away.value.sentence()
