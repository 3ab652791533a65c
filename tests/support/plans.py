"""What the database does for each statement: rows found by an index, or a whole table read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from chatbot_server.storage.database import Database

Statement = tuple[str, Any]


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
    """Tables that SQLite reads from one end to the other for a statement of *log*, with it."""
    read: dict[str, str] = {}
    with database.session() as session:
        connection = session.connection()
        for words, values in {one[0]: one for one in log}.values():
            if words.lstrip().upper().startswith(("SELECT", "WITH")):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values)
                matches = [re.match(r"SCAN (\w+?)(?:_\d+)?(?: |$)", str(row[3])) for row in plan]
                read |= {match[1]: words for match in matches if match}
    return read
