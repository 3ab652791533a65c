"""Whether the client of a request is still there."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable

from flask import Request


def has_left(request: Request) -> Callable[[], bool]:
    """Tells whether the client closed the connection, without writing to it."""
    connection = request.environ.get("gunicorn.socket")
    if not isinstance(connection, socket.socket):
        return lambda: False

    def left() -> bool:
        try:
            readable, _, _ = select.select([connection], [], [], 0)
            return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            return True

    return left
