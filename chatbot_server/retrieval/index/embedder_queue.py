"""One thread asks the embedder's child for all others, and puts questions that wait together.

Questions take turns with everything else: one waits for one section that is read, not for ten.
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
class Asked:
    """A request that waits for its turn.

    Attributes:
        request: for the child; None if it is a question.
        question: which may be computed together with others.
        seconds: in which the child must have answered.
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
    """Requests in the order in which they came, except that questions are asked together.

    They go first after each request that is none.

    Args:
        ask: passes a request to the child, and returns its answer within so many seconds, or None.
    """

    def __init__(self, ask: Callable[[dict[str, Any], float], Any]) -> None:
        self._ask = ask
        self._coming = SimpleQueue[Asked | None]()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ask(self, request: dict[str, Any], seconds: float, patience: float | None = None) -> Any:
        """The answer to *request*; None if there is none now, or no turn within *patience*."""
        return self._wait(Asked(request, "", seconds), patience)

    def ask_question(self, question: str, seconds: float) -> Any:
        """The answer to a question; None if there is none now, or no turn within *seconds*."""
        return self._wait(Asked(None, question, seconds), seconds)

    def close(self) -> None:
        """Finish what is being asked; whoever still waits gets None."""
        with self._lock:
            if self._thread:
                self._coming.put(None)
                self._thread.join()
                self._thread = None

    def _wait(self, asked: Asked, patience: float | None) -> Any:
        self._coming.put(asked)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="embedder", daemon=True)
                self._thread.start()
        return asked.result(patience)

    def _work(self) -> None:
        here = deque[Asked | None]()
        questions_first = False
        while together := self._next(here, questions_first):
            asked = [each for each in together if each.answer.set_running_or_notify_cancel()]
            if not asked:
                continue
            request, seconds = asked[0].request, asked[0].seconds
            questions_first = request is not None
            try:
                questions = {"questions": [each.question for each in asked]}
                answer = self._ask(questions if request is None else request, seconds)
            except Exception as error:
                for each in asked:
                    each.answer.set_exception(error)
                continue
            answers = [answer] if questions_first else (answer or [None] * len(asked))
            for each, its_answer in zip(asked, answers, strict=True):
                each.answer.set_result(its_answer)
        for left in filter(None, here):
            left.answer.cancel()

    def _next(self, here: deque[Asked | None], questions_first: bool) -> list[Asked]:
        """What came first and, if it is a question, others; nothing when it is time to end.

        *here* is what came before, and gets what has come since.
        """
        if not here:
            here.append(self._coming.get())
        with suppress(Empty):
            while True:
                here.append(self._coming.get_nowait())
        first = here[0]
        questions = [each for each in here if each and each.request is None][:QUESTIONS_AT_ONCE]
        if first is None:
            return []
        together = questions if first in questions or (questions and questions_first) else [first]
        for each in together:
            here.remove(each)
        return together
