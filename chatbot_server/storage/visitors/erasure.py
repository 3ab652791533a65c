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

# The first transaction erases FEWEST conversations. Each further one erases as many as take
# BATCH_SECONDS, up to MOST: many at once cost less each, but 50,000 at once took fourteen seconds.
FEWEST, MOST, BATCH_SECONDS = 50, 2000, 0.2
# Long enough for whoever waits to write: SQLite's waiters look every tenth of a second.
PAUSE_SECONDS = 0.12


class ErasedCounts(NamedTuple):
    """How much was erased."""

    conversations: int = 0
    messages: int = 0


def erase_expired(database: Database, moment: int | None = None) -> ErasedCounts:
    """Erase the conversations that have expired by *moment*; None: by now."""
    return _erase_all(database, Conversation.expires < (now() if moment is None else moment))


def erase_outlived(session: Session) -> None:
    """Erase the conversations that have expired, all in one unit of work, in which nobody waits."""
    session.execute(delete(Conversation).where(Conversation.expires < now()))


def erase_conversations_of(database: Database, site: Site) -> ErasedCounts:
    """Erase the conversations of *site*, before it is deleted itself."""
    return _erase_all(database, Conversation.site_id == site.id)


def _erase_all(database: Database, condition: ColumnElement[bool]) -> ErasedCounts:
    """Erase the conversations with *condition*, some in each transaction.

    Others write after each. Erased text is left in the write-ahead log.
    """
    total, most = ErasedCounts(), FEWEST
    while True:
        start = time.monotonic()
        counts = database.with_reserve(partial(_erase_some, database, condition, most))
        total = ErasedCounts(*map(sum, zip(total, counts, strict=True)))
        if counts.conversations < most:
            return total
        most = _next_batch(most, time.monotonic() - start)
        time.sleep(PAUSE_SECONDS)


def _next_batch(count: int, seconds: float) -> int:
    """How many to erase next, if *count* took *seconds*: twice as many at most."""
    fitting = int(count * min(2.0, BATCH_SECONDS / max(seconds, 0.001)))
    return max(FEWEST, min(fitting, MOST))


def _erase_some(database: Database, condition: ColumnElement[bool], most: int) -> ErasedCounts:
    with database.session() as session:
        ids = session.scalars(select(Conversation.id).where(condition).limit(most)).all()
        return ErasedCounts(len(ids), erase_conversations(session, ids))
