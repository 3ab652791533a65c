"""Reading files and pages through a child process, see :mod:`chatbot_server.retrieval.read.extraction`."""  # noqa: E501

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from chatbot_server.errors import ChatbotError
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index.embedder_child import end, wait_for_output
from chatbot_server.retrieval.read.extraction import SUFFIXES

SECONDS = 30.0
TYPES = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "text/csv": "csv",
    "text/plain": "text",
    "text/markdown": "text",
}


class ExtractError(ChatbotError):
    """A file cannot be read; ``code`` says why."""


@dataclass(frozen=True)
class Extracted:
    """What a file or page holds."""

    drafts: tuple[Draft, ...]
    links: tuple[str, ...] = ()
    canonical: str = ""
    noindex: bool = False


@dataclass
class Extractor:
    """Reads hostile files in a child process, which is killed when one takes too long."""

    seconds: float = SECONDS
    _child: subprocess.Popen[bytes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, data: bytes, kind: str, name: str, url: str, charset: str = "") -> Extracted:
        """The documents of *data*; ``kind`` is a value of :data:`TYPES`.

        *charset* is what the sender of a page says it is in.

        Raises:
            ExtractError: unreadable, a bomb, or too slow.
        """
        request = {
            "kind": kind,
            "name": name,
            "url": url,
            "charset": charset,
            "data": base64.b64encode(data).decode(),
        }
        with self._lock:
            try:
                result = self._exchange(json.dumps(request).encode() + b"\n")
            except (OSError, EOFError, ValueError):
                self._stop()
                raise ExtractError("extract_slow", name=name[:200]) from None
        if "error" in result:
            raise ExtractError(result["error"], name=name[:200])
        return _checked(result, url)

    def close(self) -> None:
        """Let go of the process."""
        with self._lock:
            self._stop()

    def _exchange(self, line: bytes) -> dict[str, Any]:
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "chatbot_server.retrieval.read.extraction"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        child = self._child
        assert child.stdin is not None and child.stdout is not None  # noqa: S101,PT018 - pipes
        child.stdin.write(line)
        child.stdin.flush()
        wait_for_output(child.stdout.fileno(), self.seconds)
        answer = child.stdout.readline()
        if not answer:
            raise EOFError
        found: dict[str, Any] = json.loads(answer)
        return found

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            end(child)


def kind_of_name(name: str) -> str | None:
    """How a file of this name is read; None: not at all."""
    return SUFFIXES.get(PurePosixPath(name.lower()).suffix)


def _checked(result: dict[str, Any], url: str) -> Extracted:
    language = str(result.get("language") or "").lower()[:2]
    known = language if language in ("fr", "en") else None
    drafts = [
        Draft(
            url if place == 0 and len(result["documents"]) == 1 else f"{url}#{place + 1}",
            str(found["title"]),
            str(found["text"]),
            known,
            bool(found.get("faq")),
        )
        for place, found in enumerate(result["documents"])
    ]
    drafts += [
        Draft(f"{url}#faq-{place}", question, answer, known, True)
        for place, (question, answer) in enumerate(result.get("faq") or (), 1)
    ]
    links = () if result.get("nofollow") else tuple(result.get("links") or ())
    return Extracted(
        tuple(drafts), links, str(result.get("canonical") or ""), bool(result.get("noindex"))
    )
