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
            return readable(connection, 0) and connection.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            return True

    return left


def readable(connection: socket.socket, seconds: float) -> bool:
    """Whether there is something to read, or the end, within *seconds*.

    Raises:
        ValueError: the connection is closed.
    """
    poll = select.poll()  # select() knows no file beyond number 1,023
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
