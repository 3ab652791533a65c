"""Statements that every answer needs, given to SQLite's driver itself.

SQLAlchemy takes several times as long for each of them as SQLite does. What an answer costs the
processor is mostly Python, so that this counts; see ``docs/performance.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from json import dumps as to_json
from typing import Any

from sqlalchemy import JSON, Insert, Select
from sqlalchemy.dialects import sqlite

from chatbot_server.storage.base import UnitOfWork, connection_of

Row = dict[str, Any]
_SQLITE = sqlite.dialect()


def rows_of(unit: UnitOfWork, sql: str, values: Sequence[Any]) -> list[Any]:
    """The rows that SQLite's *sql* selects."""
    driver: Any = connection_of(unit).connection.driver_connection
    rows: list[Any] = driver.execute(sql, values).fetchall()
    return rows


class DirectStatement:
    """A SELECT, or an INSERT of rows with all *columns*; on PostgreSQL, SQLAlchemy executes it.

    What it reads comes as SQLite has it: JSON as text, and 0 and 1 for truth values.
    """

    def __init__(self, statement: Select[Any] | Insert, columns: Sequence[str] = ()) -> None:
        self._statement = statement
        self._columns = columns

    @cached_property
    def _sql(self) -> tuple[str, Callable[[Row], list[Any]]]:
        """The text of the statement, and what puts values in the order of their places."""
        keys = list(self._columns) or None
        compiled: Any = self._statement.compile(dialect=_SQLITE, column_keys=keys)
        names: Sequence[str] = compiled.positiontup
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        documents = [
            place for place, name in enumerate(names) if isinstance(compiled.binds[name].type, JSON)
        ]

        def in_order(row: Row) -> list[Any]:
            row = constants | row if constants else row
            values = [row[name] for name in names]
            for place in documents:
                values[place] = to_json(values[place])
            return values

        return str(compiled), in_order

    def first(self, unit: UnitOfWork, values: Row) -> Sequence[Any] | None:
        """The first row that it selects; None if there is none."""
        connection = connection_of(unit)
        if connection.dialect.name != _SQLITE.name:
            return connection.execute(self._statement, values).first()
        sql, in_order = self._sql
        driver: Any = connection.connection.driver_connection
        cursor = driver.execute(sql, in_order(values))
        row: Sequence[Any] | None = cursor.fetchone()
        cursor.close()  # an unfinished SELECT would keep others from emptying the log
        return row

    def insert(self, unit: UnitOfWork, *rows: Row) -> None:
        """Insert *rows*, each with all columns."""
        connection = connection_of(unit)
        if connection.dialect.name != _SQLITE.name:
            connection.execute(self._statement, list(rows))
            return
        sql, in_order = self._sql
        driver: Any = connection.connection.driver_connection
        for row in rows:
            driver.execute(sql, in_order(row))
