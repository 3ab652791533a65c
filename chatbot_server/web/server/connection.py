"""The connection to one client of the web server, and its state."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from enum import Enum, auto
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector
from typing import Any

from chatbot_server.web.server.event_stream import EventStream
from chatbot_server.web.server.incoming import RequestReader, WholeRequest
from chatbot_server.web.server.outgoing import Outbox

READ_SIZE = 65_536
# Unsent bytes that the system buffers for a client. Its default is megabytes, so that an answer
# would be made completely for a client that never reads it.
MOST_UNSENT = 131_072
# Bytes of a stream that are kept for a client which reads more slowly than they come.
MOST_WAITING = 262_144


class State(Enum):
    """What the server waits for, or does, on a connection."""

    READING = auto()  # the client sends its request
    WORKING = auto()  # a thread answers; the loop leaves the connection alone
    STREAMING = auto()  # the answer comes piece by piece
    SENDING = auto()  # the answer is complete, but not yet sent
    CLOSING = auto()  # all is sent; what the client still sends is dropped


class Connection:
    """A socket that never blocks, watched by the loop's selector.

    Attributes:
        deadline: the moment of the monotonic clock at which the connection is given up.
        waiting: the complete request that waits for a thread; None while there is none.
        response: gunicorn's response to the request that is being answered.
        is_called: whether the loop was told that the stream has new data.
        is_body_streamed: whether the thread that answers reads the rest of the request itself.
    """

    def __init__(
        self, sock: socket.socket, client: Any, reader: RequestReader, selector: BaseSelector
    ) -> None:
        sock.setblocking(False)
        with suppress(OSError, AttributeError):  # no TCP, or a system without it
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MOST_UNSENT)
        self.socket = sock
        self.client = client
        self.server = sock.getsockname()
        self.reader = reader
        self.outbox = Outbox(sock)
        self.state = State.READING
        self.deadline = 0.0
        self.waiting: WholeRequest | None = None
        self.response: Any = None
        self.stream: EventStream | None = None
        self.is_called = False
        self.is_body_streamed = False
        self._selector = selector
        self._watched = 0

    @property
    def is_idle(self) -> bool:
        """Whether it can be closed now without loss."""
        return self.is_reading and self.reader.is_idle

    @property
    def is_reading(self) -> bool:
        """Whether a request of its client is awaited, or has come in part."""
        return self.state is State.READING

    @property
    def head(self) -> Any:
        """gunicorn's head of the request whose body is coming, or that waits for a thread."""
        return self.waiting.head if self.waiting else self.reader.head

    @property
    def body_size(self) -> int:
        """The bytes in memory of a request that no thread answers yet."""
        if self.waiting:
            return len(self.waiting.body)
        return self.reader.size if self.is_reading else 0

    def is_overdue(self, now: float) -> bool:
        """Whether its client is too slow; waiting for more of a stream does not count."""
        is_quiet = self.state is State.STREAMING and not self.outbox.size
        return now >= self.deadline and self.state is not State.WORKING and not is_quiet

    @property
    def is_open(self) -> bool:
        return self.socket.fileno() >= 0

    def watch(self, events: int) -> None:
        """Watch the socket for *events* (reading, writing); 0: none."""
        if events == self._watched:
            return
        if not events:
            self._selector.unregister(self.socket)
        elif self._watched:
            self._selector.modify(self.socket, events, self)
        else:
            self._selector.register(self.socket, events, self)
        self._watched = events

    def receive(self) -> bytes | None:
        """The bytes that have come; empty at the end, None if there are none now.

        Raises:
            OSError: the client has left.
        """
        try:
            return self.socket.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return None

    def has_left(self) -> bool:
        """Whether the client of a stream has left; one that sends more is no longer watched."""
        try:
            if self.socket.recv(1, socket.MSG_PEEK) == b"":
                return True
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            return True
        self.ignore_input()
        return False

    def ignore_input(self) -> None:
        """Stop watching for input of the client."""
        self.watch(self._watched & ~EVENT_READ)

    def send(self, patience: float) -> bool:
        """Send what the client accepts; whether all is sent.

        If it accepts something, it has *patience* more seconds for the rest.

        Raises:
            OSError: the client has left.
        """
        took_some = self.outbox.flush()
        if took_some or not self._watched & EVENT_WRITE:
            self.deadline = time.monotonic() + patience
        if self.outbox.size:
            self.watch(self._watched | EVENT_WRITE)
            return False
        self.watch(self._watched & ~EVENT_WRITE)
        return True

    def end(self, patience: float) -> None:
        """Shut down the sending side; the client has *patience* seconds to read the answer.

        If a socket is closed before all that came was read, the system discards what was sent.
        """
        self.state = State.CLOSING
        self.deadline = time.monotonic() + patience
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.deadline = 0.0
        self.watch(EVENT_READ)

    def close(self) -> None:
        """Close the connection, and the stream that is read by it."""
        if self.is_open:
            with suppress(KeyError, ValueError):
                self.watch(0)
            self.socket.close()
        stream, self.stream = self.stream, None
        if stream:
            stream.close()
