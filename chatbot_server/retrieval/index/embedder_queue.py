"""The queue of the embedder's child: one thread asks it on behalf of all others.

Questions that wait are put into one request. They take turns with all other requests, so that a
visitor waits while one section is read, not ten.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Protocol

# Questions in one request. Reading the weights from memory takes as long as computing three
# questions, so that fewer in a request waste time; with more, the first waits long for the last.
QUESTIONS_AT_ONCE = 16


class AskedProcess(Protocol):
    """What a queue asks; see :class:`~.embedder_process.EmbedderProcess`."""

    @property
    def is_loaded(self) -> bool:
        """Whether it need not be loaded."""
        ...

    def load(self) -> bool:
        """Load it; whether it can be asked."""
        ...

    def ask(self, request: dict[str, Any], seconds: float) -> Any:
        """The answer to *request*; None if there is none now."""
        ...


@dataclass(frozen=True)
class TurnPatience:
    """How long somebody waits for their turn.

    Attributes:
        seconds: while nobody else gets an answer.
        most_seconds: while others get theirs, in all; by default no longer than *seconds*.
        loading_seconds: while the child is loaded, since that was begun.
    """

    seconds: float
    most_seconds: float = 0.0
    loading_seconds: float = 0.0


@dataclass(eq=False)
class QueuedRequest:
    """A request that waits for its turn.

    Attributes:
        request: for the child; None if it is a question.
        question: which may be computed together with others; empty if it is no question.
        seconds: the time that the child has for it.
        came_at: a moment of the monotonic clock.
    """

    request: dict[str, Any] | None
    question: str
    seconds: float
    answer: Future[Any] = field(default_factory=Future)
    came_at: float = field(default_factory=time.monotonic)

    def give_up(self) -> Any:
        """None: nothing is computed; if that has begun, its answer, if it comes in time."""
        if self.answer.cancel():
            return None
        with suppress(TooLate):
            return self.answer.result(self.seconds)
        return None


class EmbedderQueue:
    """Passes requests on in the order in which they came, and questions together.

    After each request that is no question, the questions that wait are next.

    Args:
        before_wait: called in each thread that is about to wait for an answer.
    """

    def __init__(
        self, process: AskedProcess, before_wait: Callable[[], None] = lambda: None
    ) -> None:
        self._process = process
        self._before_wait = before_wait
        self._arrivals = SimpleQueue[QueuedRequest | None]()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loading_since: float | None = None
        self._answered_at = 0.0

    def ask(
        self, request: dict[str, Any], seconds: float, patience: TurnPatience | None = None
    ) -> Any:
        """The answer to *request*; None if there is none now, or no turn within *patience*."""
        return self._wait(QueuedRequest(request, "", seconds), patience)

    def ask_question(self, question: str, seconds: float, patience: TurnPatience) -> Any:
        """The answer to a question; None if there is none now, or no turn within *patience*."""
        return self._wait(QueuedRequest(None, question, seconds), patience)

    def close(self) -> None:
        """Wait for the request that the child works on; all that wait are answered with None."""
        with self._lock:
            if self._thread:
                self._arrivals.put(None)
                self._thread.join()
                self._thread = None

    def _wait(self, queued: QueuedRequest, patience: TurnPatience | None) -> Any:
        self._arrivals.put(queued)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="embedder", daemon=True)
                self._thread.start()
        self._before_wait()
        with suppress(CancelledError):
            if patience is None:
                return queued.answer.result()
            while (seconds := self._seconds_left(queued, patience)) > 0:
                with suppress(TooLate):
                    return queued.answer.result(seconds)
            return queued.give_up()
        return None

    def _seconds_left(self, queued: QueuedRequest, patience: TurnPatience) -> float:
        """How long *queued* still waits, if nothing changes meanwhile."""
        now, loading_since = time.monotonic(), self._loading_since
        if loading_since is not None:
            return loading_since + patience.loading_seconds - now
        moved_at = max(queued.came_at, self._answered_at)
        most = queued.came_at + max(patience.seconds, patience.most_seconds)
        return min(moved_at + patience.seconds, most) - now

    def _work(self) -> None:
        waiting = deque[QueuedRequest | None]()
        questions_first = False
        while batch := self._next_batch(waiting, questions_first):
            self._load()
            # A request whose caller waits no longer was cancelled.
            batch = [each for each in batch if each.answer.set_running_or_notify_cancel()]
            if batch:
                questions_first = batch[0].request is not None
                self._answer(batch)
        for each in filter(None, waiting):
            each.answer.cancel()

    def _load(self) -> None:
        """Before a batch is begun, because those who wait for its beginning may leave."""
        if not self._process.is_loaded:
            self._loading_since = time.monotonic()
            if self._process.load():
                self._answered_at = time.monotonic()
            self._loading_since = None

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
                answers = [self._process.ask(first.request, first.seconds)]
            else:
                questions = {"questions": [each.question for each in batch]}
                answers = self._process.ask(questions, first.seconds) or [None] * len(batch)
        except Exception as error:
            for each in batch:
                each.answer.set_exception(error)
            return
        if answers[0] is not None:
            self._answered_at = time.monotonic()
        for each, answer in zip(batch, answers, strict=True):
            each.answer.set_result(answer)
