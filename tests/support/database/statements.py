"""What SQLite executes, whether SQLAlchemy gave it to the driver or the storage itself."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Engine, event


def executed(engine: Engine) -> list[str]:
    """The statements of every connection from now on, as far as their values.

    The rows of one INSERT are one statement; a transaction's begin is left out.
    """
    statements: list[str] = []

    def note(statement: str) -> None:
        text = " ".join(statement.partition("VALUES")[0].split())
        is_own = not text.startswith(("BEGIN", "--"))  # “--”: of a trigger, or of an index of words
        if is_own and statements[-1:] != [text]:
            statements.append(text)

    @event.listens_for(engine, "checkout")
    def watch(driver: sqlite3.Connection, *_rest: object) -> None:
        driver.set_trace_callback(note)

    return statements
