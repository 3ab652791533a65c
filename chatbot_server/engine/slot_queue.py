"""Who may use one of the slots, in order of arrival."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator

from chatbot_server.errors import EngineBusy

# How often someone who waits looks whether the visitor is still there.
GLANCE = 0.25


class Places:
    """*slots* at work and at most *queue* waiting, each knowing how many come before."""

    def __init__(self, slots: int, queue: int) -> None:
        self._slots = slots
        self._queue = queue
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._busy = 0

    def load(self) -> tuple[int, int]:
        """How many are at work, and how many wait."""
        with self._changed:
            return self._busy, len(self._waiting)

    def wait(self, cancelled: Callable[[], bool]) -> Generator[int, None, None]:
        """Each new position, the last one 0: the place is taken, and is to be left.

        Ends without a 0 where it was cancelled.

        Raises:
            EngineBusy: the queue is full.
        """
        me = object()
        with self._changed:
            if len(self._waiting) >= self._queue + max(0, self._slots - self._busy):
                raise EngineBusy("engine_busy", waiting=len(self._waiting), retry_after=5)
            self._waiting.append(me)
        position = told = -1
        try:
            while position != 0 and not cancelled():
                position = self._look(me, told)
                if position != told:
                    yield position
                told = position
        finally:
            self._give_up(me)

    def leave(self) -> None:
        """Give the place to the next."""
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def _look(self, me: object, told: int) -> int:
        """How many come before *me*, after a moment if *told* so; with 0 the place is taken."""
        with self._changed:
            if self._position(me) == told:
                self._changed.wait(GLANCE)
            position = self._position(me)
            if position == 0:
                self._busy += 1
                self._waiting.remove(me)
            return position

    def _position(self, me: object) -> int:
        free = self._slots - self._busy
        return max(0, self._waiting.index(me) + 1 - free)

    def _give_up(self, me: object) -> None:
        with self._changed:
            if me in self._waiting:
                self._waiting.remove(me)
                self._changed.notify_all()
