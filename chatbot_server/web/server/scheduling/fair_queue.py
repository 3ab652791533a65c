"""The order in which requests get a thread: clients take turns, however many they send.

Only one of Python's threads computes at a time. If hundreds of requests of one client were started
at once, everybody else would wait for all of them.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

# How much work may compute at once: while one waits for the database, another computes.
AT_ONCE = 4
# Work that takes longer is assumed to wait for something: a model, vectors, the disk.
COMPUTING_SECONDS = 0.02

Work = TypeVar("Work", bound=Hashable)


class FairQueue(Generic[Work]):
    """Work that waits for a thread.

    Clients take turns, each with its oldest work. Requests that a client sent without waiting for
    an answer (pipelined, which no browser does) are done only when there is no other work, and one
    at a time: several would delay work that comes later.

    Args:
        threads: the most work that is in hand at once.
        clock: returns seconds.
    """

    def __init__(self, threads: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._threads = threads
        self._clock = clock
        self._waiting: OrderedDict[str, deque[Work]] = OrderedDict()
        self._pipelined: OrderedDict[str, deque[Work]] = OrderedDict()
        self._in_hand: set[Work] = set()
        # The work in hand that is assumed to compute, with its start, in the order of starting.
        self._computing: dict[Work, float] = {}
        self._pipelined_in_hand: Work | None = None

    def add(self, client: str, work: Work, *, is_pipelined: bool = False) -> None:
        """Add *work* of *client*, to wait for its turn."""
        waiting = self._pipelined if is_pipelined else self._waiting
        waiting.setdefault(client, deque()).append(work)

    def take(self) -> Work | None:
        """The next piece of work; None if there is none, or others must be done first."""
        now = self._clock()
        while self._computing:
            first, since = next(iter(self._computing.items()))
            if now - since < COMPUTING_SECONDS:
                break
            del self._computing[first]
        if not self._has_turn or len(self._computing) >= (AT_ONCE if self._waiting else 1):
            return None
        waiting = self._waiting or self._pipelined
        client, works = waiting.popitem(last=False)
        work = works.popleft()
        if works:
            waiting[client] = works  # behind all others
        if waiting is self._pipelined:
            self._pipelined_in_hand = work
        self._in_hand.add(work)
        self._computing[work] = now
        return work

    def done(self, work: Work) -> None:
        """Mark *work* as done, so that another may begin."""
        if work == self._pipelined_in_hand:
            self._pipelined_in_hand = None
        self._in_hand.discard(work)
        self._computing.pop(work, None)

    def seconds_left(self, most: float) -> float:
        """Seconds, up to *most*, until :meth:`take` may return work if none is added or done."""
        if not self._has_turn:
            return most
        since = next(iter(self._computing.values()), self._clock() - COMPUTING_SECONDS)
        return min(most, max(0.0, since + COMPUTING_SECONDS - self._clock()))

    @property
    def _has_turn(self) -> bool:
        """Whether some work waits only for the computing time of others."""
        may_pipeline = bool(self._pipelined) and self._pipelined_in_hand is None
        return (bool(self._waiting) or may_pipeline) and len(self._in_hand) < self._threads
