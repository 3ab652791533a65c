"""The declarative base of every table, and the column types they share."""

from __future__ import annotations

import secrets
import time
from typing import Annotated, Any, ClassVar

from sqlalchemy import JSON, BigInteger, MetaData, String
from sqlalchemy.orm import DeclarativeBase, mapped_column

# Constraints need names, or SQLite's "batch" migrations cannot find them again.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# Unix seconds, UTC: the same on every database, and no time zone to get wrong.
Moment = Annotated[int, mapped_column(BigInteger)]
# 128 random bits as 22 letters: cannot be guessed, and says nothing of its row.
RandomId = Annotated[str, mapped_column(String(22), primary_key=True)]
Document = dict[str, Any]
Documents = list[dict[str, Any]]
Texts = list[str]


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {Document: JSON, Documents: JSON, Texts: JSON}


def random_id() -> str:
    """A new identifier of 128 random bits."""
    return secrets.token_urlsafe(16)


def now() -> int:
    """This moment in Unix seconds."""
    return int(time.time())
