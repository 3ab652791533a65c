"""What gunicorn runs in tests of its worker: a worker of little patience, and an application."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from chatbot_server.web.server.event_stream import EventStream, Notifier, Pieces
from chatbot_server.web.server.incoming import ReceiveTimeout
from chatbot_server.web.server.worker import Worker
from chatbot_server.web.server.worker_settings import LongBody, WorkerSettings

LARGEST = 40_000_000  # bytes of a form
MUCH = 8_000_000  # more than the system keeps for a client that does not read

go_on = threading.Event()
open_streams: set[Notifier] = set()


class Impatient(Worker):
    """Half a second for a request, and one more for each kilobyte of it; one for an answer."""

    receive_timeout = ReceiveTimeout(0.5, 1000.0)
    patience = 1.0


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """``/stream`` and ``/events`` go on when somebody asks for ``/healthz?go-on``."""
    path = environ["PATH_INFO"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/events":
        return event_stream()
    if path == "/whole":
        notifier = Notifier()
        open_streams.add(notifier)
        return EventStream(whole(), notifier, lambda: open_streams.discard(notifier))
    if path == "/stream":
        return half_a_stream()
    if path == "/much":
        return [b"x" * MUCH]
    if path == "/readers":
        return [str(len(open_streams)).encode()]
    if path == "/objects":
        return [str(gc.get_threshold()[0]).encode()]
    if path == "/long":
        read = environ["wsgi.input"].read
        return [str(sum(map(len, iter(partial(read, 65_536), b"")))).encode()]
    if environ["QUERY_STRING"] == "go-on":
        go_on.set()
        for notifier in list(open_streams):
            notifier.notify()
    return [str(len(environ["wsgi.input"].read())).encode()]


# As an application of Flask has its extensions.
app.extensions = {  # type: ignore[attr-defined]
    "worker_settings": WorkerSettings(
        long_bodies=[LongBody("/owner", LARGEST, needs_log_in=True), LongBody("/form", LARGEST)],
        streams=lambda head: head.path == "/long",
        is_logged_in=lambda head: ("COOKIE", "logged-in") in head.headers,
    )
}


def half_a_stream() -> Iterator[bytes]:
    """Keeps a thread."""
    yield b"begin "
    go_on.wait()
    yield b"end"


def whole() -> Pieces:
    """Waits for nothing."""
    yield "whole"


def event_stream() -> EventStream:
    """Keeps none."""
    notifier = Notifier()
    open_streams.add(notifier)

    def pieces() -> Pieces:
        yield "begin "
        while not go_on.is_set():
            yield ""
        yield "end"

    return EventStream(pieces(), notifier, lambda: open_streams.discard(notifier))
