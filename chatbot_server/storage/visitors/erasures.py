"""Remembers that something was erased, so that a restored backup does not bring it back.

A backup made before an erasure still has what was erased. What is remembered is a digest of its
number, never a word of it; and each backup takes these records along, so that they also hold on
another server.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, String, bindparam, delete, exists, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chatbot_server.storage.base import (
    DAY,
    Base,
    UnitOfWork,
    UnixSeconds,
    batches,
    count_changed,
    now,
)

# Nothing that a visitor wrote is kept for longer than 365 days. After those, what was erased has
# outlived its time in any backup, and is left out for that.
KEPT_DAYS = 367
# The columns that name a row for ever: SQLite gives the newest number again.
NAMED_BY = {
    "conversation": ("id",),
    "contact_request": ("site_id", "id", "created"),
    "internal_note": ("conversation_id", "id", "created"),
}


class Erasure(Base):
    """Somebody had a conversation, a message to a person, or an internal note erased.

    Attributes:
        digest: see :func:`digest_of`.
        day: on which it was erased, in Unix seconds; the hour is nobody's business.
    """

    __tablename__ = "erasure"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[UnixSeconds] = mapped_column(index=True)


_ERASURES = Base.metadata.tables[Erasure.__tablename__]
# One statement, built once; as an object, an erasure took more of the processor to remember than
# to do.
_REMEMBER = insert(_ERASURES).from_select(
    ("digest", "day"),
    select(bindparam("of_row", type_=String), bindparam("today", type_=BigInteger)).where(
        ~exists().where(_ERASURES.c.digest == bindparam("of_row"))
    ),
)


def digest_of(table: str, row: Mapping[str, Any]) -> str:
    """SHA-256 of what identifies a row of *table*, one of :data:`NAMED_BY`."""
    names = (str(row[name]) for name in NAMED_BY[table])
    return hashlib.sha256(" ".join((table, *names)).encode()).hexdigest()


def remember_erased(session: Session, table: str, row: Mapping[str, Any]) -> None:
    """Remember that *row* is erased on somebody's demand, in this unit of work."""
    moment = now()
    session.execute(_REMEMBER, {"of_row": digest_of(table, row), "today": moment - moment % DAY})


def remembered_erasures(unit: UnitOfWork) -> dict[str, int]:
    """The day of each erasure that is remembered, by digest."""
    return {row.digest: row.day for row in unit.execute(select(Erasure.digest, Erasure.day))}


def erase_again(session: Session, erasures: Mapping[str, int]) -> None:
    """Erase what a backup has brought back, and remember its erasure; *erasures* as remembered."""
    for name, columns in NAMED_BY.items():
        table = Base.metadata.tables[name]
        rows = session.execute(select(*(table.columns[column] for column in columns)))
        numbers = [row.id for row in rows if digest_of(name, row._asdict()) in erasures]
        for batch in batches(numbers):
            session.execute(delete(table).where(table.columns["id"].in_(batch)))
    present = remembered_erasures(session)
    session.add_all(
        Erasure(digest=digest, day=day) for digest, day in erasures.items() if digest not in present
    )


def erasures_in_file(file: Path) -> list[dict[str, Any]]:
    """The erasures that a copy of a SQLite database remembers; none if it cannot be read."""
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as copy,
    ):
        rows = copy.execute("SELECT digest, day FROM erasure")
        return [{"digest": digest, "day": day} for digest, day in rows]
    return []


def oldest_day() -> int:
    """The moment before which an erasure needs no remembering."""
    return now() - KEPT_DAYS * DAY


def forget_old_erasures(session: Session) -> int:
    """Forget the erasures that no backup can undo any more; returns how many."""
    return count_changed(session, delete(Erasure).where(Erasure.day < oldest_day()))
