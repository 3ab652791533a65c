"""One thread asks the embedder's child for all others, waiting questions in one request.

Questions take turns with everything else: a visitor waits while one section is read, not ten.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

# Questions that are computed together. Fetching the weights takes as long as computing three
# questions, so that with fewer it counts; with more, the first waits long for the last.
QUESTIONS_AT_ONCE = 16


@dataclass(eq=False)
class QueuedRequest:
    """A request that waits for its turn.

    Attributes:
        request: for the child; None if it is a question.
        question: which may be computed together with others; empty if it is no question.
        seconds: the time that the child has for it.
    """

    request: dict[str, Any] | None
    question: str
    seconds: float
    answer: Future[Any] = field(default_factory=Future)

    def result(self, patience: float | None) -> Any:
        """The answer; None without a turn within *patience* seconds: nothing is computed then."""
        with suppress(CancelledError):
            try:
                return self.answer.result(patience)
            except TooLate:
                return None if self.answer.cancel() else self.answer.result()
        return None


class EmbedderQueue:
    """Passes requests on in the order in which they came, and questions together.

    After each request that is no question, the questions that wait are next.

    Args:
        ask: passes a request to the child, and returns its answer; None if there is none within
            the given seconds.
    """

    def __init__(self, ask: Callable[[dict[str, Any], float], Any]) -> None:
        self._ask = ask
        self._arrivals = SimpleQueue[QueuedRequest | None]()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ask(self, request: dict[str, Any], seconds: float, patience: float | None = None) -> Any:
        """The answer to *request*; None if there is none now, or no turn within *patience*."""
        return self._wait(QueuedRequest(request, "", seconds), patience)

    def ask_question(self, question: str, seconds: float) -> Any:
        """The answer to a question; None if there is none now, or no turn within *seconds*."""
        return self._wait(QueuedRequest(None, question, seconds), seconds)

    def close(self) -> None:
        """Finish what is being asked; whoever still waits gets None."""
        with self._lock:
            if self._thread:
                self._arrivals.put(None)
                self._thread.join()
                self._thread = None

    def _wait(self, queued: QueuedRequest, patience: float | None) -> Any:
        self._arrivals.put(queued)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="embedder", daemon=True)
                self._thread.start()
        return queued.result(patience)

    def _work(self) -> None:
        waiting = deque[QueuedRequest | None]()
        questions_first = False
        while batch := self._next_batch(waiting, questions_first):
            # Whoever lost patience has cancelled: nothing is computed for them.
            batch = [each for each in batch if each.answer.set_running_or_notify_cancel()]
            if batch:
                questions_first = batch[0].request is not None
                self._answer(batch)
        for each in filter(None, waiting):
            each.answer.cancel()

    def _next_batch(
        self, waiting: deque[QueuedRequest | None], questions_first: bool
    ) -> list[QueuedRequest]:
        """Take one request, or several questions, from *waiting*; nothing at the end of all work.

        What has arrived since the last call is added to *waiting* before.
        """
        if not waiting:
            waiting.append(self._arrivals.get())
        with suppress(Empty):
            while True:
                waiting.append(self._arrivals.get_nowait())
        first = waiting[0]
        if first is None:
            return []
        questions = [each for each in waiting if each and each.request is None][:QUESTIONS_AT_ONCE]
        are_next = first.request is None or (questions and questions_first)
        batch = questions if are_next else [first]
        for each in batch:
            waiting.remove(each)
        return batch

    def _answer(self, batch: list[QueuedRequest]) -> None:
        """Ask the child, and hand its answer, or its error, to those who wait for it."""
        first = batch[0]
        try:
            if first.request is not None:
                answers = [self._ask(first.request, first.seconds)]
            else:
                questions = {"questions": [each.question for each in batch]}
                answers = self._ask(questions, first.seconds) or [None] * len(batch)
        except Exception as error:
            for each in batch:
                each.answer.set_exception(error)
            return
        for each, answer in zip(batch, answers, strict=True):
            each.answer.set_result(answer)
