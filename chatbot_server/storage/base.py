"""The declarative base of all tables, and what columns and queries share."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Protocol, TypeVar

from sqlalchemy import JSON, BigInteger, Connection, MetaData, String, select, update
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, mapped_column
from sqlalchemy.sql.dml import Delete, Update

from chatbot_server.errors import NotFound

Value = TypeVar("Value")


class OfSite(Protocol):
    """A row that belongs to a site."""

    @property
    def site_id(self) -> Any:
        """The id of the site."""
        ...


Row = TypeVar("Row", bound=OfSite)

# Constraints need names: SQLite's “batch” migrations find them by name.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# The same on every database, without a time zone.
UnixSeconds = Annotated[int, mapped_column(BigInteger)]
HOUR = 3600
DAY = 24 * HOUR
# 128 random bits as 22 letters, which cannot be guessed.
RandomId = Annotated[str, mapped_column(String(22), primary_key=True)]
JsonObject = dict[str, Any]
JsonObjects = list[JsonObject]
Texts = list[str]


# Both execute statements; only a session makes objects of rows.
UnitOfWork = Session | Connection


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        JsonObject: JSON,
        JsonObjects: JSON,
        Texts: JSON,
    }


def random_id() -> str:
    """A new identifier of 128 random bits."""
    return secrets.token_urlsafe(16)


def hash_of_secret(secret: str) -> str:
    """SHA-256 of *secret* in hexadecimal; a random secret needs no slower hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def now() -> int:
    """This moment in Unix seconds."""
    return int(time.time())


def find_of_site(
    session: Session, table: type[Row], site_id: int, number: int, unknown: str
) -> Row:
    """The row of *table* with this number, if it belongs to the site.

    Raises:
        NotFound: with the code *unknown*, if the site has no such row.
    """
    row = session.get(table, number)
    if row is None or row.site_id != site_id:
        raise NotFound(unknown, number=number)
    return row


def lease_due(
    session: Session, due: InstrumentedAttribute[int | None], most: int, seconds: int
) -> list[Any]:
    """Up to *most* rows whose moment *due* has come, oldest first, leased to the caller.

    Nobody else gets them until the lease of *seconds* has ended.
    """
    moment, table = now(), due.class_
    leased_rows = []
    rows = session.scalars(select(table).where(due <= moment).order_by(table.id).limit(most)).all()
    for row in rows:
        conditions = (table.id == row.id, due == getattr(row, due.key))
        if count_changed(session, update(table).where(*conditions).values({due: moment + seconds})):
            leased_rows.append(row)
    return leased_rows


def session_of(unit: UnitOfWork) -> Session:
    """A session in the transaction of *unit*; the caller must flush it."""
    return unit if isinstance(unit, Session) else Session(unit)


def connection_of(unit: UnitOfWork) -> Connection:
    """The connection that executes what *unit* does."""
    return unit.connection() if isinstance(unit, Session) else unit


def count_changed(unit: UnitOfWork, statement: Delete | Update) -> int:
    """Execute *statement*; returns how many rows it changed or deleted."""
    return int(getattr(unit.execute(statement), "rowcount", 0))


def batches(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """*values* in batches that fit into one statement: SQLite binds at most 32,766 values."""
    for start in range(0, len(values), 500):
        yield values[start : start + 500]
