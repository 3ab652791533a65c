"""Lets SQLite's writers write one after the other, in the order in which they came.

SQLite lets one connection write while the others poll: the one that polls at the right moment is
next, and one that never does so fails with “database is locked”. Here the writers of this process
wait in a queue. Writers of other processes are still waited for by polling (``busy_timeout``).
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chatbot_server.errors import Unavailable

# Longer than any writer should take, and shorter than a visitor waits.
TURN_SECONDS = 5.0
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class WriteTurns:
    """A fair lock: it is handed to the one that has waited longest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Lock] = deque()

    def take(self, seconds: float = TURN_SECONDS) -> None:
        """Wait for a turn.

        Raises:
            Unavailable: none came within *seconds*.
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
                return  # the turn came at the last moment
            self._waiting.remove(place)
        raise Unavailable("database_busy", retry_after=5)

    def hand_on(self) -> None:
        """End the turn, and hand it to the next."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False


class WriterCursor(sqlite3.Cursor):
    """A cursor whose connection has a turn before it writes."""

    connection: WriterConnection

    def execute(self, statement: str, values: Any = (), /) -> WriterCursor:
        """Execute *statement*, when it is its turn."""
        self.connection.wait_to_write(statement)
        return super().execute(statement, values)

    def executemany(self, statement: str, rows: Any, /) -> WriterCursor:
        """Execute *statement* for each of *rows*, when it is its turn."""
        self.connection.wait_to_write(statement)
        return super().executemany(statement, rows)


class WriterConnection(sqlite3.Connection):
    """A connection that takes *turns*; a turn ends with its transaction."""

    def __init__(self, turns: WriteTurns, *place: Any, **options: Any) -> None:
        super().__init__(*place, **options)
        self._turns = turns
        self._has_turn = False

    def cursor(self, factory: Any = WriterCursor) -> Any:
        """A cursor that waits for the turn of this connection."""
        return super().cursor(factory)

    def execute(self, statement: str, values: Any = (), /) -> sqlite3.Cursor:
        """Execute *statement*, when it is its turn: the driver asks no method of its cursor."""
        self.wait_to_write(statement)
        return super().execute(statement, values)

    def executemany(self, statement: str, rows: Any, /) -> sqlite3.Cursor:
        """Execute *statement* for each of *rows*, when it is its turn."""
        self.wait_to_write(statement)
        return super().executemany(statement, rows)

    def wait_to_write(self, statement: str) -> None:
        """Wait for a turn if *statement* writes, unless this connection has it already."""
        if not self._has_turn and statement.lstrip()[:7].upper().startswith(WRITES):
            self._turns.take()
            self._has_turn = True

    def commit(self) -> None:
        """Commit, and end the turn."""
        try:
            super().commit()
        finally:
            self._end_turn()

    def rollback(self) -> None:
        """Roll back, and end the turn."""
        try:
            super().rollback()
        finally:
            self._end_turn()

    def close(self) -> None:
        """Close, and end the turn, also in the middle of a transaction."""
        try:
            super().close()
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turns.hand_on()


@contextmanager
def a_turn(turns: WriteTurns | None) -> Iterator[None]:
    """Hold a turn in the ``with`` block, to write without a transaction; None: do nothing."""
    if turns is None:
        yield
        return
    turns.take()
    try:
        yield
    finally:
        turns.hand_on()
