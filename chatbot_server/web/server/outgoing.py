"""Buffers what is sent to one client, as fast as the client reads and without blocking."""

from __future__ import annotations

import socket
from collections import deque

# Buffers in one call of ``sendmsg``; the system's limit is 1,024.
AT_ONCE = 64


class Outbox:
    """Bytes that wait to be sent; gunicorn's ``Response`` uses it like a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._pieces: deque[memoryview] = deque()
        self.size = 0

    def sendall(self, data: bytes) -> None:
        """Keep *data* until :meth:`flush`."""
        if data:
            self._pieces.append(memoryview(data))
            self.size += len(data)

    def gettimeout(self) -> float:
        """0, as of a socket that never blocks."""
        return 0.0

    def flush(self) -> bool:
        """Send what the client accepts now; whether it accepted some, or there was nothing.

        Raises:
            OSError: the client has left.
        """
        size_before = self.size
        while self._pieces:
            pieces = [self._pieces[number] for number in range(min(AT_ONCE, len(self._pieces)))]
            try:
                sent_size = self._connection.sendmsg(pieces)
            except (BlockingIOError, InterruptedError):
                break
            self._drop(sent_size)
        return self.size < size_before or not self.size

    def _drop(self, sent_size: int) -> None:
        """Remove the first *sent_size* bytes, which were sent."""
        self.size -= sent_size
        while sent_size:
            piece = self._pieces.popleft()
            if len(piece) > sent_size:
                self._pieces.appendleft(piece[sent_size:])
                return
            sent_size -= len(piece)
