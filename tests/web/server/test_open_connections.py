"""How many connections are let in, and who goes for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from chatbot_server.web.server.open_connections import OpenConnections, household_of_client


@dataclass(eq=False)
class Someone:
    """A connection as those who count it see it."""

    client: Any
    is_reading: bool = True
    is_idle: bool = False


def someone(address: str, state: str = "half") -> Someone:
    return Someone((address, 1), state != "answered", state == "idle")


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("192.0.2.1", "::ffff:192.0.2.1"),
        ("2001:db8::1", "2001:db8::ffff"),
        ("127.0.0.1", "::1"),
        ("fe80::1%eth0", "fe80::2"),
    ],
)
def test_the_addresses_of_a_household_are_one(address: str, same: str) -> None:
    assert household_of_client((address, 1)) == household_of_client((same, 2))


def test_this_machine_and_what_has_no_address_are_of_no_household() -> None:
    clients = (("127.0.0.1", 1), ("::1", 1, 0, 0), "", b"")
    assert {household_of_client(client) for client in clients} == {""}
    assert household_of_client(("192.0.2.1", 1)) != household_of_client(("192.0.2.2", 1))


def test_one_household_has_a_limit_and_others_have_theirs() -> None:
    connections: OpenConnections[Someone] = OpenConnections(100, 2)
    first, second, third = (someone("192.0.2.1", "answered") for _ in range(3))
    assert connections.add(first) is None
    assert connections.add(second) is None
    assert connections.add(third) is third
    connections.discard(third)
    assert connections.add(someone("192.0.2.2")) is None
    connections.discard(first)
    assert connections.add(someone("192.0.2.1")) is None


def test_who_is_idle_goes_before_who_is_half_way_and_never_who_is_answered() -> None:
    connections: OpenConnections[Someone] = OpenConnections(100, 3)
    answered, half, idle = (someone("192.0.2.1", state) for state in ("answered", "half", "idle"))
    for connection in (answered, half, idle, someone("192.0.2.2", "idle")):
        assert connections.add(connection) is None
    assert connections.add(someone("192.0.2.1")) is idle
    connections.discard(idle)
    assert connections.add(someone("192.0.2.1")) is half


def test_this_machine_may_have_as_many_as_there_is_room_for() -> None:
    connections: OpenConnections[Someone] = OpenConnections(3, 1)
    local = [someone("127.0.0.1", "answered") for _ in range(3)]
    assert [connections.add(connection) for connection in local] == [None] * 3
    assert not connections.has_room
    connections.discard(local[0])
    oldest = someone("192.0.2.1")
    connections.add(oldest)
    assert connections.has_room
    assert connections.add(someone("192.0.2.2")) is oldest
    connections.discard(oldest)
    assert len(connections) == len(list(connections)) == 3
