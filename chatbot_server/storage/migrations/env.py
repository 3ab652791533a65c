"""Alembic's entrance: runs the migrations on the engine it was handed."""

from alembic import context

from chatbot_server.storage.base import Base

with context.config.attributes["engine"].begin() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    context.run_migrations()
