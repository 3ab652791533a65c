"""Gives back to the disk what erasures left free in SQLite's file, which never shrinks by itself.

Files are made with ``auto_vacuum = INCREMENTAL``, by which pages can be moved from the end into
free ones, some at a time. PostgreSQL's autovacuum sees to its own.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

logger = logging.getLogger(__name__)

INCREMENTAL = 2
# What stays free, as the next conversations need it: a tenth of the file, and four megabytes.
KEPT_SHARE, KEPT_PAGES = 0.1, 1000
# Nobody else can write while PAGES_AT_ONCE are given back, for some hundredths of a second. The
# pause is long enough for whoever waits to write: SQLite's waiters look every tenth of a second.
PAGES_AT_ONCE, PAUSE_SECONDS = 500, 0.12


def make_new_file_shrinkable(connection: sqlite3.Connection) -> None:
    """Set how its pages are kept, which SQLite allows until the first table is made."""
    if not connection.execute("PRAGMA page_count").fetchone()[0]:
        connection.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")


def make_shrinkable(engine: Engine) -> None:
    """Rewrite the whole file if a version made it that did not know how to shrink it.

    Nobody else can write meanwhile, so this is for a start. Without room on the disk for two more
    such files, it stays as it is.
    """
    file = Path(engine.url.database or "")
    try:
        with engine.connect() as connection:
            mode = connection.exec_driver_sql("PRAGMA auto_vacuum").scalar()
            is_room = shutil.disk_usage(file.parent).free > 3 * file.stat().st_size
            if mode != INCREMENTAL and is_room:
                connection.exec_driver_sql(f"PRAGMA auto_vacuum = {INCREMENTAL}")
                connection.exec_driver_sql("VACUUM")
    except (OSError, SQLAlchemyError) as error:
        logger.warning("the database’s file could not be made to shrink: %s", error)


def shrink(engine: Engine) -> int:
    """Give back the free pages, but for some; returns how many.

    If others write for long, it is left to the next time.
    """
    count = 0
    if engine.dialect.name == "sqlite":
        with suppress(sqlite3.OperationalError), engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            while pages := min(PAGES_AT_ONCE, _spare_pages(driver)):
                # Not by execute, which takes one step: a page.
                driver.executescript(f"PRAGMA incremental_vacuum({pages})")
                count += pages
                time.sleep(PAUSE_SECONDS)
    return count


def _spare_pages(connection: Any) -> int:
    mode, free, total = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("auto_vacuum", "freelist_count", "page_count")
    )
    is_able = mode == INCREMENTAL
    return max(0, free - max(KEPT_PAGES, int(KEPT_SHARE * total))) if is_able else 0
