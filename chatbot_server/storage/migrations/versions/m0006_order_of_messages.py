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
    bind, told = op.get_bind(), MESSAGE.c
    doubled = (
        sa.select(told.conversation_id)
        .group_by(told.conversation_id)
        .having(sa.func.count() > sa.func.count(sa.distinct(told.position)))
    )
    for conversation in bind.scalars(doubled).all():
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
    told = MESSAGE.c
    rows = bind.execute(
        sa.select(told.id, told.role)
        .where(told.conversation_id == conversation)
        .order_by(told.position, told.created, told.id)
    ).all()
    asked = [row.id for row in rows if row.role == "user"]
    answered = [row.id for row in rows if row.role != "user"]
    in_turn = filter(None, chain.from_iterable(zip_longest(asked, answered)))
    for position, identifier in enumerate(in_turn):
        bind.execute(sa.update(MESSAGE).where(told.id == identifier).values(position=position))


def downgrade() -> None:
    op.create_index("ix_message_conversation_id", "message", ["conversation_id"])
    op.drop_index("ix_message_conversation_id_position", "message")
