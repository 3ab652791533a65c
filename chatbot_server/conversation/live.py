"""Live answers: each is made once, and read by any number of readers.

An answer outlives the request that asked for it, so that a visitor who goes to another page can
take it up again. It is stopped when its last reader has left, so that it does not keep a slot of
the model.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from contextvars import copy_context
from functools import partial
from typing import Protocol

from chatbot_server.conversation.events import Ended, Event, Failed
from chatbot_server.errors import ChatbotError, NotFound, TooManyRequests, Unavailable
from chatbot_server.metrics import STREAMS

logger = logging.getLogger(__name__)

KEEP_SECONDS = 60.0  # how long a finished answer can still be taken up
# And how many of them, the last ones: each further object makes Python's garbage collection longer,
# during which nobody is answered.
MOST_ENDED = 1_000
MOST_READERS = 2  # of one answer: the page that was left, and the next one
FEWEST_ANSWERS, MOST_ANSWERS = 24, 400  # at once, if ``limits.streams`` is not set
ANSWER_BYTES = 1_000_000  # memory of a live answer, here and in the engine, generously
STOP_SECONDS = 5.0  # how long a stopped answer is given to end
POLL_SECONDS = 0.5  # how often a waiting reader is asked whether it has left


class AnswerWork(Protocol):
    """The work behind an answer."""

    def events(self) -> Iterator[Event]:
        """Do the work, and store the result whatever happens."""
        ...

    @property
    def is_settled(self) -> bool:
        """Whether the result is stored, so that the remaining events come without waiting."""
        ...

    def cancel(self) -> None:
        """Stop the work; may be called from any thread, more than once."""
        ...


class NoWork:
    """What is left to do for an answer that has ended."""

    is_settled = True

    def events(self) -> Iterator[Event]:
        """No further events."""
        return iter(())

    def cancel(self) -> None:
        """Do nothing."""


NO_WORK = NoWork()


class LiveAnswer:
    """One answer and its readers.

    Args:
        identifier: the id of the answer's message.
        conversation: the id of its conversation.
        grace: seconds for which the work goes on without a reader.
        visitor: today's name of the visitor; empty if answers are not counted for one.

    Attributes:
        ended_at: when the result was stored, by the monotonic clock; None: it is not yet.
        on_end: called once then with this answer, from the answer's thread.
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
        self._readers: list[Reader] = []
        self.ended_at: float | None = None
        self.on_end: Callable[[LiveAnswer], None] = lambda _: None

    def start(self) -> None:
        """Begin the work; returns when the answer is accepted or complete.

        An answer that is available at once, as most from pages are, is made in the caller's
        thread; one that a model writes continues in a thread of its own.

        Raises:
            ChatbotError: the question was refused before the first event.
        """
        STREAMS.inc()
        events = self._work.events()
        self._publish(events, until_accepted=True)
        if self._refusal:
            raise self._refusal
        if self.ended_at is None:
            # The context lets the log name the request that asked.
            run = partial(copy_context().run, self._publish, events)
            name = f"answer-{self.identifier}"
            threading.Thread(target=run, name=name, daemon=True).start()

    def open_reader(self, after: int, wake: Callable[[], None]) -> Reader:
        """Add a reader of the events after number *after*; *wake* is that of :class:`Reader`."""
        reader = Reader(self, after, wake)
        with self._changed:
            self._readers.append(reader)
            readers = list(self._readers)
        for other in readers[:-MOST_READERS]:
            other.wake()
        return reader

    def follow(
        self, after: int = 0, *, ping: float = 15.0, has_left: Callable[[], bool] = lambda: False
    ) -> Generator[tuple[int, Event] | None, None, None]:
        """The entries that a reader gets, for callers that may block.

        Yields None after *ping* seconds without an event. *has_left* is called twice a second, and
        says whether the reader has gone.
        """
        arrival = threading.Event()
        silent_since = time.monotonic()
        with closing(self.open_reader(after, arrival.set)) as reader:
            while (entries := reader.take()) is not None:
                yield from entries
                if entries:
                    silent_since = time.monotonic()
                    continue
                if has_left():
                    return
                seconds_left = silent_since + ping - time.monotonic()
                if seconds_left <= 0:
                    silent_since = time.monotonic()
                    yield None
                arrival.wait(min(max(0.0, seconds_left), POLL_SECONDS))
                arrival.clear()

    def events_beyond(self, position: int, reader: Reader) -> list[Event] | None:
        """The events after *position*; None if *reader* will get no more."""
        with self._changed:
            if reader not in self._readers[-MOST_READERS:]:
                return None
            events = self._events[position:]
            return None if not events and self.ended_at is not None else events

    def leave(self, reader: Reader) -> None:
        """Remove *reader*; after the last one, the work is stopped, at once or after the grace."""
        with self._changed:
            if reader not in self._readers:
                return
            self._readers.remove(reader)
        self._stop_unless_read(self._grace)

    def stop(self) -> None:
        """Stop the work now; the text so far is the answer."""
        self._work.cancel()

    def stop_and_wait(self) -> None:
        """Stop the work now, and wait some seconds for the result to be stored."""
        self.stop()
        self.wait_ended(STOP_SECONDS)

    def wait_ended(self, seconds: float) -> bool:
        """Wait until the result is stored."""
        with self._changed:
            return self._changed.wait_for(lambda: self.ended_at is not None, seconds)

    def _publish(self, events: Iterator[Event], *, until_accepted: bool = False) -> None:
        """Publish *events* to the end, or only those that come without waiting."""
        is_over = True
        try:
            for event in events:
                self._add(event)
                if until_accepted and not self._work.is_settled:
                    is_over = False
                    return
        except ChatbotError as error:
            self._fail(error)
        except Exception:
            logger.exception("the answer %s failed", self.identifier)
            self._fail(ChatbotError("internal"))
        finally:
            if is_over:
                STREAMS.dec()
                with self._changed:
                    self.ended_at = time.monotonic()
                self._work = NO_WORK  # what it has read and made is needed no more
                self.on_end(self)
                with self._changed:
                    self._changed.notify_all()
                    readers = list(self._readers)
                for reader in readers:
                    reader.wake()

    def _add(self, event: Event) -> None:
        with self._changed:
            self._events.append(event)
            readers = list(self._readers)
        for reader in readers:
            reader.wake()

    def _fail(self, error: ChatbotError) -> None:
        if self._events:
            self._add(Failed(error))
        else:
            self._refusal = error

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


class Reader:
    """A reader of an answer, which gets each event once; to be closed.

    An answer has at most two readers: a third one, on the next page, ends the first.

    Args:
        wake: called from the answer's thread when there is something to :meth:`take`.
    """

    def __init__(self, answer: LiveAnswer, after: int, wake: Callable[[], None]) -> None:
        self._answer = answer
        self._position = after
        self._is_over = False
        self.wake = wake

    def take(self) -> list[tuple[int, Event]] | None:
        """The next events with their numbers (from 1), possibly none; never blocks.

        None if nothing more will come.
        """
        events = None if self._is_over else self._answer.events_beyond(self._position, self)
        if events is None:
            return None
        entries = list(enumerate(events, self._position + 1))
        self._position += len(events)
        self._is_over = any(isinstance(event, Ended | Failed) for event in events)
        return entries

    def close(self) -> None:
        """Read no more."""
        self._answer.leave(self)


def fitting_streams(free_memory: int) -> int:
    """How many live answers fit into an eighth of *free_memory* bytes, within bounds."""
    fitting = free_memory // 8 // ANSWER_BYTES
    return max(FEWEST_ANSWERS, min(MOST_ANSWERS, fitting))


class LiveAnswers:
    """The answers that can be read now.

    Args:
        limit: how many may be running.
        visitor_limit: how many of them for one visitor.
    """

    def __init__(self, limit: int, visitor_limit: int) -> None:
        self._limit = limit
        self._visitor_limit = visitor_limit
        self._lock = threading.Lock()
        self._running: dict[str, LiveAnswer] = {}
        self._ended = OrderedDict[str, LiveAnswer]()  # in the order in which they ended

    def add(self, answer: LiveAnswer) -> None:
        """Add a running answer.

        Raises:
            Unavailable: too many are running.
            TooManyRequests: too many of this visitor's are running.
        """
        with self._lock:
            self._forget_old()
            if len(self._running) >= self._limit:
                raise Unavailable("streams_full", retry_after=10, limit=self._limit)
            limit, running = self._visitor_limit, self._running.values()
            visitors_own = sum(1 for other in running if other.visitor == answer.visitor)
            if answer.visitor and visitors_own >= limit:
                raise TooManyRequests("streams_visitor", retry_after=10, limit=limit)
            self._running[answer.identifier] = answer
        answer.on_end = self._move_to_ended

    def discard(self, answer: LiveAnswer) -> None:
        """Forget an answer that was refused."""
        with self._lock:
            self._running.pop(answer.identifier, None)
            self._ended.pop(answer.identifier, None)

    def get(self, identifier: str) -> LiveAnswer:
        """The answer with this id.

        Raises:
            NotFound: it ended more than a minute ago, or never existed.
        """
        with self._lock:
            self._forget_old()
            answer = self._running.get(identifier) or self._ended.get(identifier)
        if answer is None:
            raise NotFound("answer_unknown", field="message")
        return answer

    def running_in(self, conversation: str) -> list[LiveAnswer]:
        """The running answers of one conversation."""
        with self._lock:
            running = self._running.values()
            return [answer for answer in running if answer.conversation == conversation]

    def _move_to_ended(self, answer: LiveAnswer) -> None:
        """Move *answer* to those that have ended, from which it can be taken up for a while."""
        with self._lock:
            if self._running.pop(answer.identifier, None):
                self._ended[answer.identifier] = answer
                if len(self._ended) > MOST_ENDED:
                    self._ended.popitem(last=False)

    def _forget_old(self) -> None:
        oldest = time.monotonic() - KEEP_SECONDS
        while self._ended and (next(iter(self._ended.values())).ended_at or 0.0) <= oldest:
            self._ended.popitem(last=False)
