"""Lines of the web server's log: one for each event, without what strangers sent, and not too many.

gunicorn writes the addresses of visitors, and pieces of their requests; this server keeps neither.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from gunicorn import glogging  # type: ignore[import-untyped]

from chatbot_server.logs import LineFormatter

LINES_A_MINUTE = 20
# gunicorn's sentences that hold an address or a piece of a request; the worker has its own.
TELLTALE = ("Invalid request from ip=", "Error handling request")


class Brake(logging.Filter):
    """Lets through so many warnings a minute from one place of the code, and counts the others."""

    def __init__(self, most: int = LINES_A_MINUTE) -> None:
        super().__init__()
        self._most = most
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
        if count == self._most:
            record.msg, record.args = f"{record.getMessage()} (no more of these this minute)", ()
        return count <= self._most


class ServerLog(glogging.Logger):  # type: ignore[misc]
    """What ``serve`` names as gunicorn's logger class."""

    def setup(self, settings: Any) -> None:
        """Set up gunicorn's loggers, then have them write our lines."""
        super().setup(settings)
        for handler in self.error_log.handlers:
            make_plain(handler)
            handler.addFilter(_tells_nothing)


def make_plain(handler: logging.Handler) -> None:
    """Have *handler* write lines that nobody can forge, with a brake."""
    handler.setFormatter(LineFormatter())
    handler.addFilter(Brake())


def brake_log() -> None:
    """Have gunicorn write its lines as this process does, and a brake on both."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(Brake())
        for other in logging.getLogger("gunicorn.error").handlers:
            other.setFormatter(handler.formatter)


def _tells_nothing(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(TELLTALE)
