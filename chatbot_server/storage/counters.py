"""Where requests are counted: in memory, or on a Valkey or Redis server."""

from __future__ import annotations

from typing import Any

from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string
from sqlalchemy.engine import make_url

from chatbot_server.errors import Unavailable

MEMORY = "memory://"
# How long a visitor waits for a server that does not respond.
SECONDS = 1
OPTIONS: dict[str, str | int] = {
    "wrap_exceptions": True,
    "socket_connect_timeout": SECONDS,
    "socket_timeout": SECONDS,
}


def counters_address(address: str) -> str:
    """*address* for Valkey's driver, which also serves Redis."""
    scheme, separator, rest = address.partition("://")
    return scheme.replace("redis", "valkey", 1) + separator + rest


def check_counters(address: str) -> str:
    """Check the server at *address*; returns the address without its password.

    Raises:
        Unavailable: there is no driver for it, or it does not respond.
    """
    if address == MEMORY:
        return address
    public_address = make_url(address).render_as_string() if "@" in address else address
    try:
        storage: Any = storage_from_string(counters_address(address), **OPTIONS)
        storage.incr("start", 1)
        connection = storage.get_connection()
        connection.close()
    except (ConfigurationError, StorageError, ValueError) as error:
        why = getattr(error, "storage_error", error)
        raise Unavailable("counters_away", address=public_address, why=why) from error
    return public_address
