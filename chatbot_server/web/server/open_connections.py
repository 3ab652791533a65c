"""The open connections: a limited number, shared fairly between households."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar

# Files that a process has open besides connections: database, engine, child processes.
OTHER_FILES = 200


class ConnectionState(Protocol):
    """The part of a connection that decides who has to go."""

    client: Any

    @property
    def is_reading(self) -> bool:
        """Whether a request of its client is awaited, or has come in part."""
        ...

    @property
    def is_idle(self) -> bool:
        """Whether nothing of a request has come."""
        ...


AnyConnection = TypeVar("AnyConnection", bound=ConnectionState)


class OpenConnections(Generic[AnyConnection]):
    """All open connections.

    Args:
        most: the limit for all.
        most_of_one: the limit for one household; None: no limit, as a web server in front of
            this one makes all connections.
    """

    def __init__(self, most: int, most_of_one: int | None) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._households: dict[AnyConnection, str] = {}
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._households)

    def __iter__(self) -> Iterator[AnyConnection]:
        return iter(list(self._households))

    @property
    def has_room(self) -> bool:
        """Whether one more can be admitted, perhaps in place of another."""
        return len(self) < self._most or any(other.is_reading for other in self)

    def add(self, connection: AnyConnection) -> AnyConnection | None:
        """Admit *connection*; returns the one that must be closed for it, which may be itself.

        No connection whose request is being answered is closed. Of the others, the oldest without
        any part of a request is closed first.
        """
        household = household_of_client(connection.client)
        self._households[connection] = household
        self._counts[household] += 1
        is_own = bool(household) and self._counts[household] > (self._most_of_one or self._most)
        if not is_own and len(self) <= self._most:
            return None
        waiting = [
            other
            for other in self
            if other.is_reading and other is not connection
            if not is_own or self._households[other] == household
        ]
        return min(waiting, key=lambda other: not other.is_idle, default=connection)

    def discard(self, connection: AnyConnection) -> None:
        """Remove a closed *connection*."""
        household = self._households.pop(connection, None)
        if household is not None:
            self._counts[household] -= 1
            if not self._counts[household]:
                del self._counts[household]


def household_of_client(client: Any) -> str:
    """The household of *client*; empty for this machine."""
    address = client[0] if isinstance(client, tuple) else ""
    ip = _ip_of(address)
    return "" if ip is None or ip.is_loopback else household_of(address)


def household_of(address: str) -> str:
    """The common part of the addresses of one household: an IPv4 address, or an IPv6 /64."""
    ip = _ip_of(address)
    return "" if ip is None else ip.packed[:8].hex()


def _ip_of(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None) or ip


def most_connections(most: int) -> int:
    """How many connections this process may have open, up to *most*; raises its limit if it can."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = most + OTHER_FILES
        if soft != resource.RLIM_INFINITY and soft < files:
            limit = files if hard == resource.RLIM_INFINITY else min(files, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
            return max(32, min(most, limit - OTHER_FILES))
    return most
