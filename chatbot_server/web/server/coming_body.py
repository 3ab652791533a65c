"""A large request body that is read while it arrives, by the thread that answers."""

from __future__ import annotations

import io
import select
import socket
import time
from typing import Any

from chatbot_server.web.server.incoming import Pace

SILENCE_SECONDS = 20.0  # of a client in the middle of a body


class ComingBody(io.RawIOBase):
    """What is still to come of a request's body, for a thread that may wait.

    Args:
        connection: never blocks, and nobody else reads from it.
        begun: what has come already.
        missing: bytes that are to come.
        pace: how long all of it may take.
    """

    def __init__(self, connection: socket.socket, begun: bytes, missing: int, pace: Pace) -> None:
        self._connection = connection
        self._begun = memoryview(begun)
        self._missing = missing
        self._pace = pace
        seconds = pace.seconds + len(begun) / pace.bytes_per_second
        self._deadline = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer* with what has come, waiting for the first of it.

        Raises:
            OSError: the client has left, or takes too long.
        """
        if self._begun:
            size = min(len(buffer), len(self._begun))
            buffer[:size] = self._begun[:size]
            self._begun = self._begun[size:]
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
        self._deadline += size / self._pace.bytes_per_second
        return size
