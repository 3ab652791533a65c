"""A site's limit slows who asks most, and keeps nobody else out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from limits import parse
from support.browser import Browser

from chatbot_server.config.sections import LimitsSection
from chatbot_server.errors import TooManyRequests
from chatbot_server.web.middleware.limits.pseudonyms import Pseudonyms
from chatbot_server.web.middleware.limits.rate_limits import RateLimits
from chatbot_server.web.middleware.limits.request_counts import MemoryWindows, Window

Ask = Callable[[str], int]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    limits = {"visitor": ("1000 per minute",), "site": ("60 per hour",)}
    browser = Browser(tmp_path, limits=limits)
    body = {"site": browser.site, "message": "Hello"}

    def ask_from(address: str) -> int:
        answer = browser.client.post("/api/chat", json=body, environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == 200 or int(answer.headers["Retry-After"]) > 0
        return answer.status_code

    return ask_from


def test_many_addresses_of_one_network_do_not_shut_a_site(ask: Ask) -> None:
    assert {ask(f"192.0.2.{number}") for number in range(60)} == {200}
    assert ask("192.0.2.61") == 429
    assert [ask("198.51.100.1") for _ in range(3)] == [200] * 3
    assert ask("2001:db8::1") == 200
    assert ask("192.0.2.62") == 429


def test_many_networks_at_once_leave_each_its_share(ask: Ask) -> None:
    for number in range(30):
        assert [ask(f"198.51.{number}.1") for _ in range(2)] == [200, 200]
    assert ask("198.51.7.1") == 429
    assert ask("203.0.113.1") == 200
    assert ask("203.0.113.1") == 429


@pytest.mark.parametrize(
    ("one", "other", "are_one_visitor", "are_one_network"),
    [
        ("192.0.2.1", "192.0.2.2", False, True),
        ("192.0.2.1", "192.0.3.1", False, False),
        ("192.0.2.1", "::ffff:192.0.2.1", True, True),
        ("2001:db8:0:1::1", "2001:db8:0:1::2", True, True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False, True),
        ("2001:db8:0:1::1", "2001:db8:1:1::1", False, False),
    ],
)
def test_a_household_and_a_network_are_known_by_how_addresses_begin(
    one: str, other: str, are_one_visitor: bool, are_one_network: bool
) -> None:
    keys = Pseudonyms()
    assert (keys.name(one) == keys.name(other)) is are_one_visitor
    assert (keys.network(one) == keys.network(other)) is are_one_network


def test_counts_in_memory_end_with_their_window_and_stay_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(
        "chatbot_server.web.middleware.limits.request_counts.time.monotonic", lambda: clock[0]
    )
    windows, rate = MemoryWindows(most=50), parse("2 per minute")
    assert [windows.add(rate, "ada").is_full for _ in range(3)] == [False, False, True]
    assert windows.look(rate, "ada") == Window(2, False, 61)
    clock[0] += 60
    assert windows.look(rate, "ada").count == 0
    assert not windows.add(rate, "ada").is_full
    for number in range(1000):
        windows.add(rate, str(number))
    assert len(windows) <= 50
    assert windows.look(rate, "999").count == 1


def test_passwords_are_counted_by_network_and_all_together() -> None:
    rates = RateLimits(LimitsSection())

    def refused(network: int, host: int) -> bool:
        address = {"REMOTE_ADDR": f"198.51.{network}.{host}"}
        with Flask(__name__).test_request_context(environ_base=address):
            try:
                rates.check_password("ann")
            except TooManyRequests:
                return True
        return False

    for network in range(10):
        tries = [refused(network, 1 + number % 2) for number in range(31)]
        assert tries == [False] * 30 + [True], network
    assert refused(10, 1)
