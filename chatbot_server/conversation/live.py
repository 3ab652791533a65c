"""Answers in the making: made once, and read by whoever holds on.

An answer outlives the request that asked for it, so that a visitor who changes the
page can take it up again; and it ends with the last reader, so that a visitor who
left does not keep a slot of the model.
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
MOST_READERS = 2  # of one answer: the page that was left, and the one that came
FEWEST_ANSWERS, MOST_ANSWERS = 24, 400  # at once, where the operator says nothing
ANSWER_BYTES = 1_000_000  # of one in the making, here and in the engine, with room to spare
POLL_SECONDS = 0.5  # how often it is checked that a reader who gets nothing is there


class AnswerWork(Protocol):
    """The work behind an answer."""

    def events(self) -> Iterator[Event]:
        """Do the work; storing the result is part of it, whatever happens."""
        ...

    @property
    def is_settled(self) -> bool:
        """Whether the result is stored, and all that is left comes without waiting."""
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
        self._readers: list[Reader] = []
        self.ended_at: float | None = None
        self.when_ended: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin the work; returns when the answer was accepted, or is whole.

        What is there at once, as most answers from pages are, is made in the caller's thread;
        what a model writes goes on in one of its own.

        Raises:
            ChatbotError: it was refused before its first event.
        """
        STREAMS.inc()
        events = self._work.events()
        self._go_on(events, until_accepted=True)
        if self._refusal:
            raise self._refusal
        if self.ended_at is None:
            # What is logged of it names the request that asked.
            run = partial(copy_context().run, self._go_on, events)
            name = f"answer-{self.identifier}"
            threading.Thread(target=run, name=name, daemon=True).start()

    def open_reader(self, after: int, wake: Callable[[], None]) -> Reader:
        """One more reader, of the events beyond number *after*; *wake* as of :class:`Reader`."""
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
        """What a reader gets, for who may wait; None when *ping* seconds were silent.

        *has_left* is asked twice a second whether the reader is gone.
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
        """What came after *position*; None: *reader* gets nothing any more."""
        with self._changed:
            if reader not in self._readers[-MOST_READERS:]:
                return None
            events = self._events[position:]
            return None if not events and self.ended_at is not None else events

    def leave(self, reader: Reader) -> None:
        """*reader* reads no more; without any, the work is stopped, now or after the grace."""
        with self._changed:
            if reader not in self._readers:
                return
            self._readers.remove(reader)
        self._stop_unless_read(self._grace)

    def stop(self) -> None:
        """End the work now; what was written so far is the answer."""
        self._work.cancel()

    def wait_ended(self, seconds: float) -> bool:
        """Wait until the result is stored."""
        with self._changed:
            return self._changed.wait_for(lambda: self.ended_at is not None, seconds)

    def _go_on(self, events: Iterator[Event], *, until_accepted: bool = False) -> None:
        """Tell of *events* to the end; or, while they have to be waited for, of the first one."""
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
                self._end()

    def _end(self) -> None:
        STREAMS.dec()
        with self._changed:
            self.ended_at = time.monotonic()
        self.when_ended()
        self._tell()

    def _add(self, event: Event) -> None:
        with self._changed:
            self._events.append(event)
        self._tell()

    def _tell(self) -> None:
        """Something has changed, for who waits and for who is to be woken."""
        with self._changed:
            self._changed.notify_all()
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
    """One who reads an answer, each event once; to be closed.

    A third reader of an answer ends the first one's: a page is left, and another comes.

    Args:
        wake: called from the answer's thread when there is something to :meth:`take`.
    """

    def __init__(self, answer: LiveAnswer, after: int, wake: Callable[[], None]) -> None:
        self._answer = answer
        self._position = after
        self._is_over = False
        self.wake = wake

    def take(self) -> list[tuple[int, Event]] | None:
        """The next events with their numbers (from 1), none if there are none yet; never waits.

        None: nothing will come any more.
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
    """How many answers at once take an eighth of *free_memory* bytes, within reason."""
    fitting = free_memory // 8 // ANSWER_BYTES
    return max(FEWEST_ANSWERS, min(MOST_ANSWERS, fitting))


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
        self._running: dict[str, LiveAnswer] = {}
        self._ended = OrderedDict[str, LiveAnswer]()  # in the order in which they ended

    def add(self, answer: LiveAnswer) -> None:
        """Make room for one more.

        Raises:
            Unavailable: as many as allowed are in the making.
            TooManyRequests: as many as one visitor may have.
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
        answer.when_ended = partial(self._file, answer)

    def discard(self, answer: LiveAnswer) -> None:
        """Forget an answer that was refused."""
        with self._lock:
            self._running.pop(answer.identifier, None)
            self._ended.pop(answer.identifier, None)

    def get(self, identifier: str) -> LiveAnswer:
        """Raises:
        NotFound: it ended more than a minute ago, or never was.
        """
        with self._lock:
            self._forget_old()
            answer = self._running.get(identifier) or self._ended.get(identifier)
        if answer is None:
            raise NotFound("answer_unknown", field="message")
        return answer

    def running_in(self, conversation: str) -> list[LiveAnswer]:
        """Unfinished answers of one conversation."""
        with self._lock:
            running = self._running.values()
            return [answer for answer in running if answer.conversation == conversation]

    def _file(self, answer: LiveAnswer) -> None:
        """*answer* has ended, and can be taken up for a while."""
        with self._lock:
            if self._running.pop(answer.identifier, None):
                self._ended[answer.identifier] = answer

    def _forget_old(self) -> None:
        oldest = time.monotonic() - KEEP_SECONDS
        while self._ended and (next(iter(self._ended.values())).ended_at or 0.0) <= oldest:
            self._ended.popitem(last=False)
