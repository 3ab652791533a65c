"""Answers in the making: made once, in a thread of their own, and read by whoever holds on.

An answer outlives the request that asked for it, so that a visitor who changes the
page can take it up again; and it ends with the last reader, so that a visitor who
left does not keep a slot of the model.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import Protocol

from chatbot_server.conversation.events import Ended, Event, Failed
from chatbot_server.errors import ChatbotError, NotFound, TooManyRequests, Unavailable

logger = logging.getLogger(__name__)

KEEP_SECONDS = 60.0  # how long a finished answer can still be taken up
MOST_READERS = 2  # of one answer: the page that was left, and the one that came
POLL_SECONDS = 0.5  # how often it is checked that a reader who gets nothing is there


class AnswerWork(Protocol):
    """The work behind an answer."""

    def events(self) -> Iterator[Event]:
        """Do the work; storing the result is part of it, whatever happens."""
        ...

    def cancel(self) -> None:
        """Stop the work; may be called from any thread, more than once."""
        ...


class LiveAnswer:
    """One answer and its readers.

    Args:
        identifier: the id of the answer's message.
        conversation: the id of its conversation.
        grace: seconds the work goes on without a reader.
        visitor: today's name of who asked; empty: nobody who is counted.
    """

    def __init__(
        self,
        identifier: str,
        conversation: str,
        work: AnswerWork,
        *,
        grace: float,
        visitor: str = "",
    ) -> None:
        self.identifier = identifier
        self.conversation = conversation
        self.visitor = visitor
        self._work = work
        self._grace = grace
        self._events: list[Event] = []
        self._refusal: ChatbotError | None = None
        self._changed = threading.Condition()
        self._readers: list[object] = []
        self.ended_at: float | None = None

    def start(self) -> None:
        """Begin the work; returns when the answer was accepted.

        Raises:
            ChatbotError: it was refused before its first event.
        """
        threading.Thread(target=self._run, name=f"answer-{self.identifier}", daemon=True).start()
        with self._changed:
            self._changed.wait_for(lambda: self._events or self.ended_at is not None)
        if self._refusal:
            raise self._refusal

    def follow(
        self, after: int = 0, *, ping: float = 15.0, has_left: Callable[[], bool] = lambda: False
    ) -> Generator[tuple[int, Event] | None, None, None]:
        """Numbered events (from 1) beyond number *after*; None when *ping* seconds were silent.

        *has_left* is asked twice a second whether the reader is gone. Each reader holds a
        thread of the web server, so a third one ends the first one's stream.
        """
        reader = object()
        with self._changed:
            self._readers.append(reader)
            self._changed.notify_all()

        def is_over() -> bool:
            return reader not in self._readers[-MOST_READERS:] or has_left()

        position = after
        try:
            while (events := self._next_events(position, ping, is_over)) is not None:
                if not events:
                    yield None
                for event in events:
                    position += 1
                    yield position, event
                    if isinstance(event, Ended | Failed):
                        return
        finally:
            with self._changed:
                self._readers.remove(reader)
            self._stop_unless_read(self._grace)

    def stop(self) -> None:
        """End the work now; what was written so far is the answer."""
        self._work.cancel()

    def wait_ended(self, seconds: float) -> bool:
        """Wait until the result is stored."""
        with self._changed:
            return self._changed.wait_for(lambda: self.ended_at is not None, seconds)

    def _run(self) -> None:
        try:
            for event in self._work.events():
                self._add(event)
        except ChatbotError as error:
            self._fail(error)
        except Exception:
            logger.exception("the answer %s failed", self.identifier)
            self._fail(ChatbotError("internal"))
        finally:
            with self._changed:
                self.ended_at = time.monotonic()
                self._changed.notify_all()

    def _add(self, event: Event) -> None:
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    def _fail(self, error: ChatbotError) -> None:
        if self._events:
            self._add(Failed(error))
        else:
            self._refusal = error

    def _next_events(
        self, position: int, ping: float, is_over: Callable[[], bool]
    ) -> list[Event] | None:
        """Events beyond *position*; [] after *ping* silent seconds; None: nothing will come."""
        deadline = time.monotonic() + ping
        with self._changed:
            while len(self._events) <= position:
                if self.ended_at is not None or is_over():
                    return None
                seconds_left = deadline - time.monotonic()
                if seconds_left <= 0:
                    return []
                self._changed.wait(min(seconds_left, POLL_SECONDS))
            return self._events[position:]

    def _stop_unless_read(self, grace: float) -> None:
        with self._changed:
            if self._readers or self.ended_at is not None:
                return
        if grace:
            timer = threading.Timer(grace, self._stop_unless_read, [0.0])
            timer.daemon = True
            timer.start()
        else:
            self.stop()


class LiveAnswers:
    """The answers that can be read now.

    Args:
        limit: how many may be in the making.
        visitor_limit: how many of them for one visitor.
    """

    def __init__(self, limit: int, visitor_limit: int) -> None:
        self._limit = limit
        self._visitor_limit = visitor_limit
        self._lock = threading.Lock()
        self._answers: dict[str, LiveAnswer] = {}

    def add(self, answer: LiveAnswer) -> None:
        """Make room for one more.

        Raises:
            Unavailable: as many as allowed are in the making.
            TooManyRequests: as many as one visitor may have.
        """
        with self._lock:
            self._forget_old()
            running = [other for other in self._answers.values() if other.ended_at is None]
            if len(running) >= self._limit:
                raise Unavailable("streams_full", retry_after=10, limit=self._limit)
            limit = self._visitor_limit
            visitors_own = sum(1 for other in running if other.visitor == answer.visitor)
            if answer.visitor and visitors_own >= limit:
                raise TooManyRequests("streams_visitor", retry_after=10, limit=limit)
            self._answers[answer.identifier] = answer

    def discard(self, answer: LiveAnswer) -> None:
        """Forget an answer that was refused."""
        with self._lock:
            self._answers.pop(answer.identifier, None)

    def get(self, identifier: str) -> LiveAnswer:
        """Raises:
        NotFound: it ended more than a minute ago, or never was.
        """
        with self._lock:
            self._forget_old()
            answer = self._answers.get(identifier)
        if answer is None:
            raise NotFound("answer_unknown", field="message")
        return answer

    def running_in(self, conversation: str) -> list[LiveAnswer]:
        """Unfinished answers of one conversation."""
        with self._lock:
            return [
                answer
                for answer in self._answers.values()
                if answer.conversation == conversation and answer.ended_at is None
            ]

    def _forget_old(self) -> None:
        oldest = time.monotonic() - KEEP_SECONDS
        self._answers = {
            name: answer
            for name, answer in self._answers.items()
            if answer.ended_at is None or answer.ended_at > oldest
        }
