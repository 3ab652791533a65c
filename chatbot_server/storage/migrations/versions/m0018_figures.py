"""Milliseconds to the first words; talks from the owner's own pages; indexes of the figures."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

COLUMNS = ["conversation_id", "origin", "status", "first_ms"]


def upgrade() -> None:
    preview = sa.Column("preview", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("conversation", preview)
    op.add_column("message", sa.Column("first_ms", sa.Integer))
    op.create_index("ix_message_figures", "message", COLUMNS)
    op.create_index("ix_feedback_created", "feedback", ["created"])


def downgrade() -> None:
    op.drop_index("ix_feedback_created", "feedback")
    op.drop_index("ix_message_figures", "message")
    op.drop_column("message", "first_ms")
    op.drop_column("conversation", "preview")
