"""Indexes of lists of conversations; what the pages say to questions that were asked in vain."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

COLUMNS = ["origin", "conversation_id", "status", "first_ms"]
IS_ANSWER = sa.text("origin IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_message_origin", "message", COLUMNS, sqlite_where=IS_ANSWER, postgresql_where=IS_ANSWER
    )
    op.drop_index("ix_feedback_created", "feedback")
    op.create_index("ix_feedback_value", "feedback", ["value", "created", "message_id"])
    name = "knowledge_verdict"
    op.create_table(
        name,
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(8), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("answered", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "name", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=f"fk_{name}_site_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("knowledge_verdict")
    op.drop_index("ix_feedback_value", "feedback")
    op.create_index("ix_feedback_created", "feedback", ["created"])
    op.drop_index("ix_message_origin", "message")
