"""Who may use one of the slots, in order of arrival."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator

from chatbot_server.errors import EngineBusy

# How often a waiting request looks whether its visitor is still there.
POLL_SECONDS = 0.25


class SlotQueue:
    """*slots* requests at work and at most *queue* waiting, each told how many come before it."""

    def __init__(self, slots: int, queue: int) -> None:
        self._slots = slots
        self._queue = queue
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._busy = 0

    def workload(self) -> tuple[int, int]:
        """How many are at work, and how many wait."""
        with self._changed:
            return self._busy, len(self._waiting)

    def wait(self, cancelled: Callable[[], bool]) -> Generator[int, None, None]:
        """Each new position in the queue, the last one 0: a slot is taken, to be released.

        Ends without a 0 where it was cancelled.

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
        """Give the slot to the next."""
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def _next_position(self, ticket: object, previous_position: int) -> int:
        """How many come before, after a moment if that is as before; with 0 the slot is taken."""
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
