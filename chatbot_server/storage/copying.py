"""Copies every row out of one database and into another, for backups."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, text
from sqlalchemy.exc import OperationalError, StatementError
from sqlalchemy.orm import Session

from chatbot_server.errors import Unavailable
from chatbot_server.storage.base import Base
from chatbot_server.storage.database import RETRY_SECONDS, Database
from chatbot_server.storage.owners.accounts import Account
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.conversations import Conversation
from chatbot_server.storage.visitors.erasures import Erasure
from chatbot_server.storage.visitors.internal_notes import InternalNote

Row = Mapping[str, Any]
# Chunks, terms and vectors are made again from the documents; log-ins and codes are not copied.
COPIED = (
    *("site", "site_change", "account", "recovery_code", "api_key", "audit_entry", "webhook"),
    *("conversation", "message", "feedback", "contact_request", InternalNote.__tablename__),
    *("quality_run", "answer_review", "knowledge_golden", "knowledge_ignored"),
    *("knowledge_source", "knowledge_page"),
    *("knowledge_reading", "knowledge_state", "knowledge_document", "knowledge_version"),
    Erasure.__tablename__,
)
VISITORS = (
    *("conversation", "message", "feedback", "contact_request", "answer_review"),
    InternalNote.__tablename__,
)
DOCUMENTS, STATES, ERASURES = "knowledge_document", "knowledge_state", Erasure.__tablename__
AT_ONCE = 500
# What Python raises of values that are not as this program writes them.
MISFITS = (TypeError, AttributeError, LookupError, OverflowError)
# About a minute for the turn to write every table of PostgreSQL, in which others wait little.
LOCK_TRY_MS, LOCK_TRIES, LOCK_PAUSE_SECONDS = 200, 200, 0.1


@contextmanager
def snapshot(database: Database) -> Iterator[Session]:
    """A session that sees the database at one moment, however long it reads."""
    with database.session() as session:
        if session.get_bind().dialect.name == "sqlite":
            session.connection().exec_driver_sql("BEGIN")
        else:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def schema_revision(session: Session) -> str:
    """The number of the last migration."""
    return str(session.scalar(text("SELECT version_num FROM alembic_version")))


def copied_tables(*, visitors: bool) -> dict[str, Table]:
    """The tables whose rows are copied, by name, in an order in which they can be restored.

    Args:
        visitors: include what visitors wrote.
    """
    names = set(COPIED) - set(() if visitors else VISITORS)
    return {table.name: table for table in Base.metadata.sorted_tables if table.name in names}


def rows_of(session: Session, table: Table) -> Iterator[Row]:
    """Every row of *table* as JSON values."""
    columns = [column for column in table.columns if column.name != "embedded_by"]
    rows = session.execute(select(*columns).execution_options(yield_per=AT_ONCE))
    for row in rows:
        yield dict(row._mapping)


def is_in_use(session: Session) -> bool:
    """Whether there is anything that a restore would overwrite."""
    own_site = select(Site.id).where(Site.demo.is_(False))
    return any(
        session.scalar(query.limit(1)) is not None
        for query in (own_site, select(Account.id), select(Conversation.id))
    )


def keep_writers_out(session: Session) -> None:
    """Let others read every table, but not write, until this unit of work ends.

    SQLite does so by itself, from the first write on. PostgreSQL's writers would else add rows to
    what is being deleted. Tables are not waited for while others of them are held for long: whoever
    has written one of them, and needs another, would wait for ever.

    Raises:
        Unavailable: somebody wrote all the time.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    names = ", ".join(Base.metadata.tables)
    session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TRY_MS}ms'"))
    for _ in range(LOCK_TRIES):
        with suppress(OperationalError), session.begin_nested():
            session.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))
            return
        time.sleep(LOCK_PAUSE_SECONDS)
    raise Unavailable("database_busy", retry_after=RETRY_SECONDS)


def empty_tables(session: Session) -> None:
    """Delete every row of every table, in this unit of work."""
    for table in reversed(Base.metadata.sorted_tables):
        session.execute(delete(table))
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("DELETE FROM knowledge_terms"))


def insert_rows(session: Session, table: Table, rows: Iterable[Row]) -> int:
    """Insert *rows*, with defaults for columns that they lack; returns how many."""
    count = 0
    batch: list[Row] = []
    column_names = set(table.columns.keys())
    for row in rows:
        batch.append({name: value for name, value in row.items() if name in column_names})
        if len(batch) >= AT_ONCE:
            session.execute(insert(table), batch)
            count, batch = count + len(batch), []
    if batch:
        session.execute(insert(table), batch)
    return count + len(batch)


@contextmanager
def refuse_misfits() -> Iterator[None]:
    """What stores rows that somebody may have written by hand.

    Raises:
        ValueError: they have values that cannot be there.
    """
    try:
        yield
    except OperationalError:  # the disk is full, say
        raise
    except (StatementError, *MISFITS) as error:
        raise ValueError from error


def count_on(session: Session, table: Table) -> None:
    """Set PostgreSQL's sequence for *table* to its highest number, after rows were inserted."""
    key = table.primary_key.columns.values()[0]
    if session.get_bind().dialect.name == "postgresql" and key.autoincrement is not False:
        name = text("pg_get_serial_sequence(:table, :column)").bindparams(
            table=table.name, column=key.name
        )
        if session.scalar(select(name)):
            highest = session.scalar(select(func.max(key)))
            session.execute(select(func.setval(name, highest or 1, highest is not None)))
