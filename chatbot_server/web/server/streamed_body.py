"""A large request body that is read while it arrives, by the thread that answers."""

from __future__ import annotations

import io
import select
import socket
import time
from typing import Any

from chatbot_server.web.server.incoming import ReceiveTimeout

SILENCE_SECONDS = 20.0  # how long a client may send nothing in the middle of a body


class StreamedBody(io.RawIOBase):
    """The body of a request, of which a part is still to come, for a thread that may wait.

    Args:
        connection: a socket that does not block, and that nobody else reads.
        beginning: the bytes that have come already.
        missing: the number of bytes that are still to come.
        timeout: how long all of it may take.
    """

    def __init__(
        self,
        connection: socket.socket,
        beginning: bytes,
        missing: int,
        timeout: ReceiveTimeout,
    ) -> None:
        self._connection = connection
        self._unread_beginning = memoryview(beginning)
        self._missing = missing
        self._timeout = timeout
        seconds = timeout.seconds + len(beginning) / timeout.bytes_per_second
        self._deadline = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into *buffer* what has come, waiting for the first byte; 0 at the end.

        Raises:
            OSError: the client has left, or takes too long.
        """
        if self._unread_beginning:
            size = min(len(buffer), len(self._unread_beginning))
            buffer[:size] = self._unread_beginning[:size]
            self._unread_beginning = self._unread_beginning[size:]
            return size
        if not self._missing:
            return 0
        seconds = min(SILENCE_SECONDS, self._deadline - time.monotonic())
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        if not poll.poll(max(0.0, seconds) * 1000):
            raise TimeoutError
        size = self._connection.recv_into(buffer, min(len(buffer), self._missing))
        if not size:
            raise ConnectionResetError
        self._missing -= size
        self._deadline += size / self._timeout.bytes_per_second
        return size
