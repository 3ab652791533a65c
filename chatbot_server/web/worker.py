"""gunicorn's threads, which no request that never ends can keep.

gunicorn reads a request in the thread that answers it and waits for as long as the client likes:
as many half-sent requests as there are threads would silence a server without a proxy.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.http import get_parser  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from chatbot_server.web.disconnect import is_readable


class TimedConnection:
    """What a client sends, as long as it keeps sending.

    Args:
        seconds: in which a request, header and body, must have come.
        pace: bytes that earn it one more second.
    """

    def __init__(self, connection: socket.socket, seconds: float, pace: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._pace = pace
        self._over = False
        self.begin()

    def begin(self) -> None:
        """From now on, the next request is expected."""
        self._deadline = time.monotonic() + self._seconds

    def recv(self, size: int) -> bytes:
        """The next bytes; none, and never any again, once the client takes too long."""
        seconds_left = max(0.0, self._deadline - time.monotonic())
        if not self._over and not is_readable(self._connection, seconds_left):
            self._over = True
            with suppress(OSError):  # gunicorn sees the end, and does not wait for a next request
                self._connection.shutdown(socket.SHUT_RD)
        if self._over:
            return b""
        data = self._connection.recv(size)
        self._deadline += len(data) / self._pace
        return data


class Worker(ThreadWorker):  # type: ignore[misc]
    """What ``serve`` names as gunicorn's worker class. Answers may take as long as they like."""

    seconds = 20.0
    pace = 2000.0

    def handle(self, conn: Any) -> Any:
        """Read one request and answer it."""
        if conn.parser is None:
            connection = TimedConnection(conn.sock, self.seconds, self.pace)
            conn.parser = get_parser(self.cfg, connection, conn.client)
        conn.parser.unreader.sock.begin()
        return super().handle(conn)
