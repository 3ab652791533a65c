"""Erases many conversations, without keeping others from writing meanwhile."""

from __future__ import annotations

import time
from functools import partial
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.conversations import Conversation, erase_conversations

# A tenth of a second of the database's time: 50,000 at once took fourteen.
AT_ONCE = 200


class Erased(NamedTuple):
    """How much was erased."""

    conversations: int = 0
    messages: int = 0


def erase_expired(database: Database, moment: int | None = None) -> Erased:
    """Erase the conversations that have expired by *moment*; None: by now."""
    return _erase_all(database, Conversation.expires < (now() if moment is None else moment))


def erase_outlived(session: Session) -> None:
    """Erase the conversations that have expired, all in one unit of work, in which nobody waits."""
    session.execute(delete(Conversation).where(Conversation.expires < now()))


def erase_conversations_of(database: Database, site: Site) -> Erased:
    """Erase the conversations of *site*, before it is deleted itself."""
    return _erase_all(database, Conversation.site_id == site.id)


def _erase_all(database: Database, condition: ColumnElement[bool]) -> Erased:
    """Erase the conversations with *condition*, a few in each transaction.

    After each, others write for as long as it took. Erased text is left in the write-ahead log.
    """
    total = Erased()
    while True:
        start = time.monotonic()
        erased = database.with_reserve(partial(_erase_some, database, condition))
        total = Erased(*map(sum, zip(total, erased, strict=True)))
        if erased.conversations < AT_ONCE:
            return total
        time.sleep(time.monotonic() - start)


def _erase_some(database: Database, condition: ColumnElement[bool]) -> Erased:
    with database.session() as session:
        ids = session.scalars(select(Conversation.id).where(condition).limit(AT_ONCE)).all()
        return Erased(len(ids), erase_conversations(session, ids))
