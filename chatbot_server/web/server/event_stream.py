"""Streams of server-sent events that occupy no thread of the web server.

The project's worker (``web/server/worker.py``) asks such a stream for what there is whenever the
stream calls it; any other WSGI server can iterate it, and waits in its own thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator

from flask import Response

PING = b": ping\n\n"
PING_SECONDS = 15.0
HEADERS = {
    "Cache-Control": "no-store, no-transform",  # compression would hold the pieces back
    "X-Accel-Buffering": "no",  # nginx would hold the tokens back
}

Pieces = Generator[str, None, None]


class Notifier:
    """Lets the thread that makes an answer wake the loop that sends it."""

    def __init__(self) -> None:
        self._is_notified = threading.Event()
        self._listener: Callable[[], None] = lambda: None

    def notify(self) -> None:
        """Wake the listener; may be called from any thread."""
        self._is_notified.set()
        self._listener()

    def on_notify(self, listener: Callable[[], None]) -> None:
        """Call *listener* at each notification from now on, in the thread that notifies."""
        self._listener = listener

    def wait(self, seconds: float) -> None:
        """Wait for the next notification; returns at once if one came since the last wait."""
        self._is_notified.wait(seconds)
        self._is_notified.clear()


class EventStream:
    """The body of a response of server-sent events.

    Args:
        pieces: never blocks: an empty piece means that there is nothing more yet.
        notifier: is notified when there is more.
        on_close: called once, whether the stream was read or not.
    """

    def __init__(self, pieces: Pieces, notifier: Notifier, on_close: Callable[[], None]) -> None:
        self._pieces = pieces
        self._on_close = on_close
        self._lively_at = time.monotonic()
        self._is_closed = False
        self.notifier = notifier
        self.is_over = False

    def take(self) -> bytes:
        """The next pieces, or a comment that keeps proxies open after a long silence."""
        pieces = []
        for piece in self._pieces:
            if not piece:
                break
            pieces.append(piece)
        else:
            self.is_over = True
        now = time.monotonic()
        if pieces:
            self._lively_at = now
        elif not self.is_over and now - self._lively_at >= PING_SECONDS:
            self._lively_at = now
            return PING
        return "".join(pieces).encode()

    def __iter__(self) -> Iterator[bytes]:
        while not self.is_over:
            if data := self.take():
                yield data
            elif not self.is_over:
                self.notifier.wait(1.0)

    def close(self) -> None:
        """Close the stream: its reader has left."""
        if not self._is_closed:
            self._is_closed = True
            self._pieces.close()
            self._on_close()


def respond(stream: EventStream) -> Response:
    """A response whose body is *stream*, which the server reads itself."""
    return Response(
        stream,
        mimetype="text/event-stream",
        headers=HEADERS,
        direct_passthrough=True,
    )
