"""The web server's log: one line per event, not too many, and nothing that strangers sent.

gunicorn logs addresses of visitors and pieces of their requests; this server keeps neither.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from gunicorn import glogging  # type: ignore[import-untyped]

from chatbot_server.logs import LineFormatter

LINES_A_MINUTE = 20
# How gunicorn's lines with an address or a piece of a request begin. They are left out: the worker
# logs its own.
TELLTALE = ("Invalid request from ip=", "Error handling request")


class Brake(logging.Filter):
    """Limits the warnings per minute from one place in the code."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._minute = 0
        self._counts: dict[tuple[str, int], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if record.levelno < logging.WARNING:
            return True
        place = record.pathname, record.lineno
        minute = int(time.monotonic() // 60)
        with self._lock:
            if minute != self._minute:
                self._minute, self._counts = minute, {}
            count = self._counts[place] = self._counts.get(place, 0) + 1
        if count == LINES_A_MINUTE:
            record.msg, record.args = f"{record.getMessage()} (no more of these this minute)", ()
        return count <= LINES_A_MINUTE


class ServerLog(glogging.Logger):  # type: ignore[misc]
    """The logger class that ``serve`` gives to gunicorn."""

    def setup(self, settings: Any) -> None:
        """Set up gunicorn's loggers with our formatter and filters."""
        super().setup(settings)
        for handler in self.error_log.handlers:
            make_plain(handler)
            handler.addFilter(_tells_nothing)


def make_plain(handler: logging.Handler) -> None:
    """Let *handler* write lines that cannot be forged, and limit their number."""
    handler.setFormatter(LineFormatter())
    handler.addFilter(Brake())


def brake_log() -> None:
    """Format gunicorn's lines like those of this process, and limit the number of both."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(Brake())
        for other in logging.getLogger("gunicorn.error").handlers:
            other.setFormatter(handler.formatter)


def _tells_nothing(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(TELLTALE)
