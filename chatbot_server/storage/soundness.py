"""Checks that the database can be read and written, and that its disk has free space."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import text

from chatbot_server.errors import Unavailable
from chatbot_server.storage.base import Base
from chatbot_server.storage.database import Database

# The space of a few hundred conversations; with less, writes will fail soon.
LEAST_FREE = 20_000_000
# Left by the hourly check of every page of the database, which takes too long for a probe.
DAMAGED = "database-damaged"
TURN_SECONDS = 1.0


def check_disk(data_dir: Path) -> None:
    """Check the free space on the disk of *data_dir*.

    Raises:
        Unavailable: there is hardly any.
    """
    free = shutil.disk_usage(data_dir).free
    if free < LEAST_FREE:
        raise Unavailable("disk_full", folder=data_dir, free=free // 1_000_000)


def check_database(database: Database, data_dir: Path) -> None:
    """Read a row of each table, and take a turn to write; cheap enough for probes.

    Raises:
        Unavailable: the database is away or damaged, or others have been writing for a second.
    """
    with database.session() as session:
        for name in Base.metadata.tables:
            session.execute(text(f"SELECT 1 FROM {name} LIMIT 1"))  # noqa: S608 - our own names
    if (data_dir / "run" / DAMAGED).exists():
        raise Unavailable("database_damaged")
    database.check_writer(TURN_SECONDS)


def check_every_page(database: Database, run_dir: Path) -> None:
    """Let SQLite check its whole file, and leave the result for probes.

    Raises:
        Unavailable: the database is damaged.
    """
    if database.engine.dialect.name != "sqlite":
        return
    with database.session() as session:
        verdict = session.scalar(text("PRAGMA quick_check(1)"))
    marker = run_dir / DAMAGED
    if verdict == "ok":
        marker.unlink(missing_ok=True)
        return
    marker.touch()
    raise Unavailable("database_damaged")
