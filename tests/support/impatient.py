"""What gunicorn runs in tests of its worker: a worker of little patience, and an application."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from chatbot_server.web.worker import Worker

go_on = threading.Event()


class Impatient(Worker):
    """Half a second for a request, and one more for each kilobyte of it."""

    seconds = 0.5
    pace = 1000.0


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
    """``/stream`` goes on when somebody asks for ``/go-on``; all else gives a body's length."""
    path = environ["PATH_INFO"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/stream":
        yield b"begin "
        go_on.wait()
        yield b"end"
        return
    if path == "/go-on":
        go_on.set()
    yield str(len(environ["wsgi.input"].read())).encode()
