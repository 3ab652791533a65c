"""Whether the client of a request has left."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable

from flask import Request


def disconnect_check(request: Request) -> Callable[[], bool]:
    """A function that returns whether the client has closed the connection."""
    connection = request.environ.get("gunicorn.socket")
    if not isinstance(connection, socket.socket):
        return lambda: False

    def has_left() -> bool:
        try:
            return is_readable(connection, 0) and connection.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            return True

    return has_left


def is_readable(connection: socket.socket, seconds: float) -> bool:
    """Whether there is something to read, or the end, within *seconds*.

    Raises:
        ValueError: the connection is closed.
    """
    poll = select.poll()  # select() knows no file beyond number 1,023
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
