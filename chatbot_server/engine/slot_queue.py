"""A queue for slots, in order of arrival."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator

from chatbot_server.engine.base import Workload
from chatbot_server.errors import EngineBusy

# Seconds between two checks whether the visitor of a waiting request has left.
POLL_SECONDS = 0.25


class SlotQueue:
    """Lets *slots* requests work and at most *queue* wait; each knows how many are before it."""

    def __init__(self, slots: int, queue: int) -> None:
        self._slots = slots
        self._queue = queue
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._busy = 0

    def workload(self) -> Workload:
        """How many requests work, and how many wait."""
        with self._changed:
            return Workload(self._busy, len(self._waiting))

    def wait(self, cancelled: Callable[[], bool]) -> Generator[int, None, None]:
        """Yield each new position in the queue; with 0, a slot is taken, and must be released.

        Ends without a 0 if *cancelled* returns true.

        Raises:
            EngineBusy: the queue is full.
        """
        ticket = object()
        with self._changed:
            if len(self._waiting) >= self._queue + max(0, self._slots - self._busy):
                raise EngineBusy("engine_busy", waiting=len(self._waiting), retry_after=5)
            self._waiting.append(ticket)
        position = previous_position = -1
        try:
            while position != 0 and not cancelled():
                position = self._next_position(ticket, previous_position)
                if position != previous_position:
                    yield position
                previous_position = position
        finally:
            with self._changed:
                if ticket in self._waiting:
                    self._waiting.remove(ticket)
                    self._changed.notify_all()

    def release(self) -> None:
        """Give the slot back, for the next request."""
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def _next_position(self, ticket: object, previous_position: int) -> int:
        """Wait a moment for a new position; 0 means that a slot was taken."""
        with self._changed:
            if self._position(ticket) == previous_position:
                self._changed.wait(POLL_SECONDS)
            position = self._position(ticket)
            if position == 0:
                self._busy += 1
                self._waiting.remove(ticket)
            return position

    def _position(self, ticket: object) -> int:
        free = self._slots - self._busy
        return max(0, self._waiting.index(ticket) + 1 - free)
