"""In which order requests get a thread: the turn of each client comes, whoever sends most.

Python's threads compute one at a time. Of many that are started at once each takes so many times
longer, and whoever sends hundreds of requests would have everybody wait for all of them.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

# So many compute at once: while one asks the database, another goes on.
AT_ONCE = 4
# Who is not done by then waits for something: for a model, for vectors, for the disk.
COMPUTING_SECONDS = 0.02

Work = TypeVar("Work", bound=Hashable)


class FairQueue(Generic[Work]):
    """Work that waits for a thread.

    Clients take turns, each with what it sent first. What a client sent without waiting for its
    answer before, as no browser does, comes when nothing else is there.

    Args:
        threads: so much is in hand at most.
        clock: seconds.
    """

    def __init__(self, threads: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._threads = threads
        self._clock = clock
        self._waiting: OrderedDict[str, deque[Work]] = OrderedDict()
        self._pipelined: OrderedDict[str, deque[Work]] = OrderedDict()
        self._in_hand: set[Work] = set()
        # Of these, what is taken to compute, and since when; the first began first.
        self._computing: dict[Work, float] = {}

    def add(self, client: str, work: Work, *, is_pipelined: bool = False) -> None:
        """Have *work* of *client* wait for its turn."""
        waiting = self._pipelined if is_pipelined else self._waiting
        waiting.setdefault(client, deque()).append(work)

    def take(self) -> Work | None:
        """The next piece of work; None: there is none, or others have to be done before."""
        now = self._clock()
        while self._computing:
            first, since = next(iter(self._computing.items()))
            if now - since < COMPUTING_SECONDS:
                break
            del self._computing[first]
        waiting = self._waiting or self._pipelined
        has_place = len(self._computing) < AT_ONCE and len(self._in_hand) < self._threads
        if not waiting or not has_place:
            return None
        client, works = waiting.popitem(last=False)
        work = works.popleft()
        if works:
            waiting[client] = works  # behind all others
        self._in_hand.add(work)
        self._computing[work] = now
        return work

    def done(self, work: Work) -> None:
        """*work* is done, and leaves its place to another."""
        self._in_hand.discard(work)
        self._computing.pop(work, None)

    def seconds_left(self, most: float) -> float:
        """When to ask again though nothing was added or done; *most*: not before."""
        if not (self._waiting or self._pipelined) or len(self._in_hand) >= self._threads:
            return most
        since = next(iter(self._computing.values()), self._clock() - COMPUTING_SECONDS)
        return min(most, max(0.0, since + COMPUTING_SECONDS - self._clock()))
