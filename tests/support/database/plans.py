"""What the database does for each statement: rows found by an index, or a whole table read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from chatbot_server.storage.database import Database

Statement = tuple[str, Any]
_SITE_READ = re.compile(r"SEARCH (\w+?)(?:_\d+)? USING .*\(site_id=\?\)$")


@contextmanager
def statements(database: Database) -> Iterator[list[Statement]]:
    """Every statement that is executed meanwhile, with its values."""
    log: list[Statement] = []

    def note(_c: Any, _cursor: Any, words: str, values: Any, *_more: Any) -> None:
        log.append((words, values))

    event.listen(database.engine, "before_cursor_execute", note)
    yield log
    event.remove(database.engine, "before_cursor_execute", note)


def tables_read_whole(database: Database, log: list[Statement]) -> dict[str, str]:
    """Tables that are read from one end to the other for a statement of *log*, with it."""
    read: dict[str, str] = {}
    with database.session() as session:
        connection = session.connection()
        scans = _scans_of_sqlite
        if connection.dialect.name == "postgresql":
            # Of few rows it reads all, whatever the index: here only where there is none.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            scans = _scans_of_postgresql
        for words, values in {one[0]: one for one in log}.values():
            if words.lstrip().upper().startswith(("SELECT", "WITH")):
                read |= dict.fromkeys(scans(connection, words, values), words)
    return read


def tables_read_by_site(database: Database, log: list[Statement]) -> dict[str, str]:
    """Tables of which a statement of *log* reads all rows of a site, and no bounded number of them.

    Only SQLite tells so whatever the tables hold.
    """
    read: dict[str, str] = {}
    with database.session() as session:
        connection = session.connection()
        for words, values in {one[0]: one for one in log}.values():
            if not words.lstrip().upper().startswith(("SELECT", "WITH")) or "LIMIT" in words:
                continue
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values):
                if match := _SITE_READ.match(str(row[3])):
                    read[match[1]] = words
    return read


def _scans_of_sqlite(connection: Connection, words: str, values: Any) -> Iterator[str]:
    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values):
        if match := re.match(r"SCAN (\w+?)(?:_\d+)?(?: |$)", str(row[3])):
            yield match[1]


def _scans_of_postgresql(connection: Connection, words: str, values: Any) -> Iterator[str]:
    (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {words}", values).scalar_one()
    nodes = [plan["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", ())
        is_bounded = {"Index Cond", "Recheck Cond", "TID Cond"} & node.keys()
        if "Relation Name" in node and not is_bounded:
            yield node["Relation Name"]
