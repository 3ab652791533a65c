"""The connections of a database, which are few."""

from __future__ import annotations

from sqlalchemy.pool import QueuePool

from chatbot_server.storage.database import Database


def connections_in_use(database: Database) -> int:
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()
