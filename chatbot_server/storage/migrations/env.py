"""Alembic's entrance: runs the migrations on the engine it was handed."""

from alembic import context
from sqlalchemy import text

from chatbot_server.storage.base import Base
from chatbot_server.storage.database import ANY_LOCK_WAIT, MIGRATING

with context.config.attributes["engine"].begin() as connection:
    if connection.dialect.name == "postgresql":
        connection.execute(text(ANY_LOCK_WAIT))
        connection.execute(text(MIGRATING))
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    is_current = context.get_context().get_current_revision() == context.get_head_revision()
    if connection.dialect.name == "sqlite" and not is_current:
        # Python begins no transaction for tables: killed between two, it could never go on.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    context.run_migrations()
