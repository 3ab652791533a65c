"""A place in a conversation belongs to one message.

A unique index, not a constraint: for a constraint, SQLite's table would be made anew, and
dropping the old one would take the thumbs along, which go with their messages.
"""

from itertools import chain, zip_longest

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MESSAGE = sa.table(
    "message", *map(sa.column, ("id", "conversation_id", "position", "role", "created"))
)


def upgrade() -> None:
    bind, columns = op.get_bind(), MESSAGE.c
    conversations_to_renumber = (
        sa.select(columns.conversation_id)
        .group_by(columns.conversation_id)
        .having(sa.func.count() > sa.func.count(sa.distinct(columns.position)))
    )
    for conversation in bind.scalars(conversations_to_renumber).all():
        _renumber(bind, conversation)
    op.create_index(
        "ix_message_conversation_id_position",
        "message",
        ["conversation_id", "position"],
        unique=True,
    )
    op.drop_index("ix_message_conversation_id", "message")


def _renumber(bind: sa.Connection, conversation: str) -> None:
    """Question, answer, question, …: which answer was whose, nobody noted."""
    columns = MESSAGE.c
    rows = bind.execute(
        sa.select(columns.id, columns.role)
        .where(columns.conversation_id == conversation)
        .order_by(columns.position, columns.created, columns.id)
    ).all()
    questions = [row.id for row in rows if row.role == "user"]
    answers = [row.id for row in rows if row.role != "user"]
    message_ids = filter(None, chain.from_iterable(zip_longest(questions, answers)))
    for position, message_id in enumerate(message_ids):
        bind.execute(sa.update(MESSAGE).where(columns.id == message_id).values(position=position))


def downgrade() -> None:
    op.create_index("ix_message_conversation_id", "message", ["conversation_id"])
    op.drop_index("ix_message_conversation_id_position", "message")
