"""The log: one line per event, with time and level, that nobody can forge.

A message can contain what a visitor sent. Therefore control characters are escaped, so that it is
one line, and each line of a traceback has its own time and level. Of an exception only the class is
logged, because its text may be a visitor's; with ``log_level: debug``, the text is logged, too.
"""

from __future__ import annotations

import json
import logging
import re
import time
import traceback
from contextvars import ContextVar
from typing import Literal

LogFormat = Literal["text", "json"]
# The request that is being answered, in this thread.
REQUEST: ContextVar[str] = ContextVar("request", default="")
MOST_CHARS = 2000  # of one line
MOST_FRAMES = 20
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def set_up_logging(level: str, form: LogFormat = "text") -> None:
    """Have this process log to standard error; other libraries log their warnings only.

    Otherwise httpx would log the addresses of its requests.
    """
    handler = logging.StreamHandler()
    is_debug = level == "debug"
    handler.setFormatter(JsonFormatter(is_debug) if form == "json" else LineFormatter(is_debug))
    logging.basicConfig(handlers=[handler], force=True)
    logging.getLogger("chatbot_server").setLevel(level.upper())


def escaped(text: str) -> str:
    """*text* as one line without control characters."""
    line = _CONTROL.sub(lambda match: repr(match[0])[1:-1], text[: MOST_CHARS + 1])
    return line if len(text) <= MOST_CHARS else f"{line[:MOST_CHARS]}…"


class _LogFormatter(logging.Formatter):
    """What both formats have in common.

    Args:
        tells_all: log the text of exceptions, too, and not only their class.
    """

    def __init__(self, tells_all: bool = False) -> None:
        super().__init__()
        self._tells_all = tells_all

    def traceback_of(self, record: logging.LogRecord) -> list[str]:
        """The lines about the exception of *record*: where it came from, and its class."""
        if not record.exc_info or record.exc_info[1] is None:
            return []
        error = record.exc_info[1]
        frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
        lines = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        kind = type(error).__qualname__
        lines.append(f"{kind}: {error}" if self._tells_all else kind)
        return list(map(escaped, lines))


class LineFormatter(_LogFormatter):
    """``2026-01-31 12:00:00,000 WARNING [request] what happened``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; with a traceback, one line for each of its own."""
        head = f"{self.formatTime(record)} {record.levelname} "
        if request := REQUEST.get():
            head += f"[{request}] "
        lines = [escaped(record.getMessage())]
        lines += [f"| {line}" for line in self.traceback_of(record)]
        return "\n".join(f"{head}{line}" for line in lines)


class JsonFormatter(_LogFormatter):
    """One JSON object per line, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        """The object, without what is empty."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        fields = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": escaped(record.getMessage()),
            "request": REQUEST.get(),
            "traceback": self.traceback_of(record),
        }
        return json.dumps({name: value for name, value in fields.items() if value})
