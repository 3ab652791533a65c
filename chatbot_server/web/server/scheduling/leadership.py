"""Which thread runs the loop: one at a time, and another as soon as that one is held up.

To hand a request to another thread and its answer back costs more than a cached answer does. So
the thread that runs the loop answers itself (the pattern "leader/followers"; Schmidt, O'Ryan,
Pyarali, Kircher and Buschmann, 2000), and another thread takes the lead if that takes long.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future

# How long the leading thread may answer. Meanwhile it reads nobody else's bytes. A cached answer
# takes one or two milliseconds.
HELD_SECONDS = 0.005
# Stands for the number of a lead where an answer is made in a thread that never leads.
NO_LEAD = 0
# After this time without an answer, the watch sleeps until the next one is begun.
QUIET_SECONDS = 0.5


class Leadership:
    """Starts a thread that leads, and the next one when that one is held up by an answer.

    Args:
        lead: runs the loop until the lead of the given number has ended.
        threads: where it is run.
    """

    def __init__(self, lead: Callable[[int], None], threads: Executor) -> None:
        self._lead = lead
        self._threads = threads
        self._lock = threading.Lock()
        self._number = NO_LEAD
        self._leader = Future[None]()
        self._thread_id = 0
        self._answering_since: float | None = None
        self._answered_at = 0.0
        self._has_work = threading.Event()

    def pass_on(self) -> None:
        """Have another thread lead; the one that led so far finishes its answer."""
        with self._lock:
            self._start()

    def take(self) -> None:
        """End all leads: the calling thread runs the loop itself from now on."""
        while not (self._leader.done() or self._is_held_up):
            time.sleep(HELD_SECONDS)
        with self._lock:
            self._number += 1
            self._answering_since, self._thread_id = None, 0

    def lasts(self, number: int) -> bool:
        """Whether the lead of this *number* has not ended; it ends only during an answer."""
        return number == self._number

    def begin_answer(self) -> None:
        """Note that the leading thread, which calls this, answers a request from now on."""
        self._thread_id = threading.get_ident()
        self._answering_since = self._answered_at = time.monotonic()
        if not self._has_work.is_set():
            self._has_work.set()

    def end_answer(self, number: int) -> bool:
        """Note that an answer is made; whether the lead *number*, in which it was begun, lasts."""
        with self._lock:
            if number != self._number:
                return False
            self._answering_since, self._thread_id = None, 0
            return True

    def give_away(self) -> None:
        """Pass the lead on if the calling thread has it, because it is about to wait."""
        if threading.get_ident() == self._thread_id:
            with self._lock:
                if threading.get_ident() == self._thread_id:
                    self._start()

    def watch(self, seconds: float) -> None:
        """Pass the lead on where its thread is held up; returns after some time, *seconds* at most.

        Raises:
            Exception: the one that ended the loop.
        """
        if not self._has_work.wait(seconds):
            self._raise_failure()
            return
        time.sleep(HELD_SECONDS)
        with self._lock:
            if self._is_held_up:
                self._start()
        if time.monotonic() - self._answered_at > QUIET_SECONDS and self._answering_since is None:
            self._has_work.clear()
            if self._answering_since is not None:  # an answer was begun just before
                self._has_work.set()
        self._raise_failure()

    @property
    def _is_held_up(self) -> bool:
        since = self._answering_since
        return since is not None and time.monotonic() - since > HELD_SECONDS

    def _raise_failure(self) -> None:
        if self._leader.done():
            self._leader.result()

    def _start(self) -> None:
        self._number += 1
        self._answering_since, self._thread_id = None, 0
        self._leader = self._threads.submit(self._lead, self._number)
