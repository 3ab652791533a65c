"""The connection to the database, its sessions and its migrations."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

from chatbot_server.config.home import owner_of, user_name
from chatbot_server.errors import ConfigError, Unavailable
from chatbot_server.messages import say
from chatbot_server.storage.reserve import Reserve
from chatbot_server.storage.shrinking import make_new_file_shrinkable, make_shrinkable
from chatbot_server.storage.write_turns import TURN_SECONDS, WriterConnection, WriteTurns, a_turn

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

BUSY_TIMEOUT = "busy_timeout = 5000"
PRAGMAS = (
    "journal_mode = WAL",  # readers go on while one writes
    "synchronous = NORMAL",  # with WAL: consistent after a crash of any process
    "foreign_keys = ON",
    BUSY_TIMEOUT,
    "secure_delete = ON",  # erased text is overwritten, not only unlinked
)
# Parts of SQLite's messages, and the code of the sentence that names the remedy.
SQLITE_TROUBLES = (
    ("is locked", "database_locked"),
    ("readonly database", "database_readonly"),
    ("unable to open database file", "database_closed"),
    ("not a database", "database_unreadable"),
    ("malformed", "database_unreadable"),
    # What is left of an upgrade of the tables that was killed half way.
    ("already exists", "database_half_made"),
    ("duplicate column", "database_half_made"),
    ("no such table", "database_half_made"),
    ("no such column", "database_half_made"),
)
# Troubles that pass: another program writes for long, or PostgreSQL restarts.
PASSING = ("database_locked", "database_busy", "database_away")
PAUSE_SECONDS = 0.5
# Erased rows are in the write-ahead log until nobody reads an older state of the database. Nobody
# can write during this wait, so it is short, and repeated after a pause.
FORGET_SECONDS = 5.0
CHECKPOINT_WAIT_MS = 100
CONNECT_SECONDS = 10
# Fewer than an empty database has, so that the first step is never the last.
PAGES_AT_ONCE = 20
WAITS = (5, 6)  # SQLITE_BUSY, SQLITE_LOCKED; Python 3.10 has no names for them
RETRY_SECONDS = 5  # after which visitors are told to try again
# 48 web threads and 24 answers each need a connection for moments; long work must not use all.
POOL = {"pool_size": 16, "max_overflow": 48, "pool_timeout": 5.0}
# Schemes in the addresses that hosts of PostgreSQL hand out → our driver.
DRIVERS = dict.fromkeys(("postgres", "postgresql"), "postgresql+psycopg")
MIGRATIONS = Path(__file__).parent / "migrations"
# A lock, because two servers that start at once would both create extension and tables.
MIGRATING = "SELECT pg_advisory_xact_lock(1667785076)"
# PostgreSQL's writers wait as long for each other's rows as SQLite's do for their turn.
LOCK_WAIT, ANY_LOCK_WAIT = "SET lock_timeout = '5s'", "SET LOCAL lock_timeout = 0"
# SQLSTATE: a lock that did not come in time, and two transactions that waited for each other.
LOCK_STATES = ("55P03", "40P01")
# Half-precision vectors came with pgvector 0.7.
NEEDS_PGVECTOR = ("CREATE EXTENSION IF NOT EXISTS vector", "SELECT CAST('[1]' AS halfvec)")


class Database:
    """One database. Sessions are short: one unit of work, committed or rolled back.

    Raises:
        ConfigError: the address cannot be used at all.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self.engine, self._turns = _connect(url)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise ConfigError(
                "database_address", field="database", why=_first_line(error)
            ) from None
        self._forgetting = threading.Lock()
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        file = self.engine.url.database
        self._reserve = Reserve(Path(file).parent) if self._turns and file else None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A unit of work: committed at the end, rolled back on an error.

        Raises:
            Unavailable: the disk is full, the folder read-only, the server away, or every
                connection is in use.
        """
        try:
            with self._sessions.begin() as session:
                yield session
        except (DBAPIError, NoConnectionLeft, sqlite3.Error) as error:
            raise self._unavailable(error) from error

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A unit of work without objects, which takes half of the time of a :meth:`session`.

        Raises:
            Unavailable: as :meth:`session`.
        """
        try:
            with self.engine.begin() as connection:
                yield connection
        except (DBAPIError, NoConnectionLeft, sqlite3.Error) as error:
            raise self._unavailable(error) from error

    def patiently(self, work: Callable[[Connection], Result], seconds: float) -> Result:
        """Return the result of *work*; retry for *seconds* on troubles that may pass.

        Raises:
            Unavailable: as :meth:`session`.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                with self.connection() as connection:
                    return work(connection)
            except Unavailable as error:  # noqa: PERF203 - it is tried again
                if error.code not in PASSING or time.monotonic() >= deadline:
                    raise
                time.sleep(PAUSE_SECONDS)

    def migrate(self) -> None:
        """Bring the tables to this version's form; a new database gets them all.

        Raises:
            Unavailable: as :meth:`session`, or PostgreSQL has no pgvector.
            ConfigError: the database was written by a newer version.
        """
        if self.engine.dialect.name == "sqlite":
            file = Path(self.engine.url.database or "")
            folder = file.parent
            if file.is_file() and not file.stat().st_size and any(folder.glob("backups/*")):
                raise Unavailable("database_emptied", file=file)
            if not file.exists() and any(folder.glob("backups/*")):
                logger.warning("%s", say("database_begun_anew", file=file))
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                raise Unavailable("database_folder", folder=folder, why=error.strerror) from error
        try:
            self._extend()
            if not self._is_of_this_version():
                self.with_reserve(self._upgrade)
                if self._turns:
                    make_shrinkable(self.engine)
        except SQLAlchemyError as error:
            raise self._unavailable(error) from error
        if self._reserve:
            self._reserve.keep()

    def _is_of_this_version(self) -> bool:
        """Whether there is nothing to migrate.

        Alembic takes half a second to find out, and every process of the server asks at its start.
        """
        newest = max(file.name[1:5] for file in (MIGRATIONS / "versions").glob("m*.py"))
        with suppress(DBAPIError), self.engine.connect() as connection:  # it may have no table
            return connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [
                newest
            ]
        return False

    def _upgrade(self) -> None:
        from alembic import command
        from alembic.util import CommandError

        try:
            command.upgrade(self.alembic_config(), "head")
        except CommandError as error:
            raise ConfigError("database_newer", why=_first_line(error)) from error

    def with_reserve(self, work: Callable[[], Result]) -> Result:
        """Return the result of *work*; retry once with the space reserved on the disk.

        Raises:
            Unavailable, SQLAlchemyError: it failed again, or no space was reserved.
        """
        try:
            return work()
        except (Unavailable, SQLAlchemyError):
            if self._reserve is None or not self._reserve.give_up():
                raise
        return work()

    def erase(self, work: Callable[[Session], Result]) -> Result:
        """Do *work*, which erases, also on a full disk, and clear the write-ahead log after it.

        Raises:
            Unavailable: as :meth:`session`.
        """

        def erase_once() -> Result:
            with self.session() as session:
                return work(session)

        result = self.with_reserve(erase_once)
        self.forget_erased()
        if self._reserve:
            self._reserve.keep()
        return result

    def ping(self) -> str:
        """Check that the database responds; returns its address without a password.

        Raises:
            Unavailable: it does not respond.
        """
        with self.session() as session:
            session.execute(text("SELECT 1"))
        address = self.engine.url.render_as_string(hide_password=True)
        return unquote(address) if self.engine.dialect.name == "sqlite" else address

    def check_writer(self, seconds: float) -> None:
        """Check that the database can be written, without writing anything.

        Raises:
            Unavailable: other writers held it for *seconds*, or nothing can be written.
        """
        if self._turns is None:
            return
        self._turns.take(seconds)
        try:
            with self.session() as session:
                writer = session.connection()
                writer.exec_driver_sql("BEGIN IMMEDIATE")
                # A file that is closed to writers is only noticed by a write, which is taken back.
                form = writer.exec_driver_sql("PRAGMA user_version").scalar_one()
                writer.exec_driver_sql(f"PRAGMA user_version = {form}")
                session.rollback()
        finally:
            self._turns.hand_on()

    def forget_erased(self) -> None:
        """Truncate SQLite's write-ahead log, which still contains erased rows.

        A long-running reader can prevent this; it is logged then, and left to the next call.

        Raises:
            Unavailable: the disk is full, or the file damaged.
        """
        if self._turns is None:
            return
        deadline = time.monotonic() + FORGET_SECONDS
        with self._forgetting:
            while not self._has_emptied_log():
                if time.monotonic() >= deadline:
                    logger.warning("what was erased is in SQLite's log for up to an hour more")
                    return
                time.sleep(PAUSE_SECONDS)

    def _has_emptied_log(self) -> bool:
        """Try to truncate the write-ahead log; nobody can write for as long as this takes.

        Raises:
            Unavailable: the disk is full, or the file damaged.
        """
        try:
            with self.engine.connect() as connection:  # most of it, while others write
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
            with a_turn(self._turns), self.engine.connect() as connection:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {CHECKPOINT_WAIT_MS}")
                try:
                    return not connection.scalar(text("PRAGMA wal_checkpoint(TRUNCATE)"))
                finally:
                    connection.exec_driver_sql(f"PRAGMA {BUSY_TIMEOUT}")
        except SQLAlchemyError as error:
            raise self._unavailable(error) from error

    def copy_pages(self, source: Path, check: Callable[[], None]) -> None:
        """Replace all that SQLite's file holds by the pages of *source*, in one transaction.

        Until its end, others read the former content; those who write wait for as long as the
        pages take, which is a second for some hundred megabytes.

        Args:
            check: is called when nobody else can write any more; what it raises leaves everything
                as it was.

        Raises:
            Unavailable: another program writes for long, or the disk is full.
        """
        try:
            with (
                a_turn(self._turns),
                closing(sqlite3.connect(source)) as content,
                closing(sqlite3.connect(self.engine.url.database or "", timeout=0)) as target,
            ):
                content.backup(target, pages=PAGES_AT_ONCE, progress=_once_locked(check))
        except sqlite3.Error as error:
            raise self._unavailable(error) from error

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _extend(self) -> None:
        if self.engine.dialect.name != "postgresql":
            return
        with self.engine.connect() as connection:
            connection.execute(text(ANY_LOCK_WAIT))
            connection.execute(text(MIGRATING))
            try:
                for statement in NEEDS_PGVECTOR:
                    connection.execute(text(statement))
                connection.commit()
            except DBAPIError as error:
                raise Unavailable("database_pgvector", why=_first_line(error.orig)) from error

    def _unavailable(self, error: SQLAlchemyError | sqlite3.Error) -> Unavailable:
        why = _first_line(getattr(error, "orig", None) or error)
        if self.engine.dialect.name != "sqlite":
            is_busy = getattr(getattr(error, "orig", None), "sqlstate", "") in LOCK_STATES
            code = "database_busy" if is_busy else "database_away"
            return Unavailable(code, retry_after=RETRY_SECONDS, why=why)
        code = next((code for words, code in SQLITE_TROUBLES if words in why), "database_failed")
        file = self.engine.url.database
        values = {"file": file, "user": user_name(), "owner": owner_of(Path(file or ""))}
        return Unavailable(code, retry_after=RETRY_SECONDS, why=why, **values)

    def alembic_config(self) -> Any:
        """The configuration with which alembic finds the migrations and this database."""
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["engine"] = self.engine
        return config


def _connect(address: str) -> tuple[Engine, WriteTurns | None]:
    url = make_url(address)
    url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
    if url.get_backend_name() == "sqlite":
        # A transaction takes the write lock at its beginning, so that none fails half way.
        turns = WriteTurns()
        options = {"factory": partial(WriterConnection, turns), "isolation_level": "IMMEDIATE"}
        engine = create_engine(url, poolclass=QueuePool, connect_args=options, **POOL)

        @event.listens_for(engine, "connect")
        def set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
            make_new_file_shrinkable(connection)
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")

        return engine, turns
    limits = {"connect_timeout": CONNECT_SECONDS} if url.drivername.endswith("psycopg") else {}
    engine = create_engine(url, pool_pre_ping=True, connect_args=limits, **POOL)

    @event.listens_for(engine, "connect")
    def limit_waiting(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(LOCK_WAIT)
        connection.commit()

    return engine, None


def _once_locked(check: Callable[[], None]) -> Callable[[int, int, int], None]:
    """What SQLite calls after each step of a copy: the first one that succeeds locks the target."""
    deadline, has_checked = time.monotonic() + TURN_SECONDS, False

    def look(status: int, _remaining: int, _total: int) -> None:
        nonlocal has_checked
        if status in WAITS:
            if time.monotonic() > deadline:
                raise sqlite3.OperationalError("database is locked")
        elif not has_checked:
            has_checked = True
            check()

    return look


def _first_line(error: object) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
