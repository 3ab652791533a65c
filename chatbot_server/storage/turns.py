"""SQLite's writers, one after the other, in the order in which they came.

SQLite lets one connection write, and has the others ask again and again: whoever asks at the
right moment is next, and who never does is told "database is locked". Here the writers of this
process wait in line. Writers of other processes are still met by asking (``busy_timeout``).
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from chatbot_server.errors import Unavailable

# Longer than any writer should keep the others waiting, shorter than a visitor waits.
TURN_SECONDS = 5.0
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class WriteTurns:
    """A lock that is handed on to whoever waits longest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Lock] = deque()

    def take(self, seconds: float = TURN_SECONDS) -> None:
        """Wait for one's turn.

        Raises:
            Unavailable: it did not come within *seconds*.
        """
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return
            place = threading.Lock()
            place.acquire()
            self._waiting.append(place)
        if place.acquire(timeout=seconds):
            return
        with self._lock:
            if place not in self._waiting:
                return  # handed over in the last moment
            self._waiting.remove(place)
        raise Unavailable("database_busy", retry_after=5)

    def hand_on(self) -> None:
        """End one's turn."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False


class WriterConnection(sqlite3.Connection):
    """A connection that knows whether it is its turn; a turn ends with its transaction."""

    _turns: WriteTurns | None = None

    def take_turn(self, turns: WriteTurns) -> None:
        """Wait until it is this connection's turn, unless it is."""
        if self._turns is None:
            turns.take()
            self._turns = turns

    def commit(self) -> None:
        """Commit, and let the next one write."""
        try:
            super().commit()
        finally:
            self._end_turn()

    def rollback(self) -> None:
        """Roll back, and let the next one write."""
        try:
            super().rollback()
        finally:
            self._end_turn()

    def close(self) -> None:
        """Close, also in the middle of a transaction."""
        try:
            super().close()
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        turns, self._turns = self._turns, None
        if turns:
            turns.hand_on()


def write_in_turn(engine: Engine) -> WriteTurns:
    """Have the connections of *engine* wait for their turn before they write."""
    turns = WriteTurns()

    @event.listens_for(engine, "before_cursor_execute")
    def wait_for_turn(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip()[:7].upper().startswith(WRITES):
            cursor.connection.take_turn(turns)

    return turns


@contextmanager
def a_turn(turns: WriteTurns | None) -> Iterator[None]:
    """For the time of what writes without a transaction; None: no turns are taken."""
    if turns is None:
        yield
        return
    turns.take()
    try:
        yield
    finally:
        turns.hand_on()
