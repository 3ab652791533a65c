"""Of which site a message is, and when its conversation was begun: figures count these alone."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

BEGUN = ["site_id", "begun", "origin", "status", "first_ms"]
FOUND = ["site_id", "created", "keep", "preview", "expires", "page"]
IS_ANSWER = sa.text("origin IS NOT NULL")
COUNTED = (
    "FROM conversation WHERE conversation.id = message.conversation_id"
    " AND conversation.keep AND NOT conversation.preview"
)


def upgrade() -> None:
    op.add_column("message", sa.Column("site_id", sa.Integer))
    op.add_column("message", sa.Column("begun", sa.BigInteger))
    op.execute(
        f"UPDATE message SET site_id = (SELECT conversation.site_id {COUNTED}),"  # noqa: S608
        f" begun = (SELECT conversation.created {COUNTED})"
    )
    op.drop_index("ix_message_figures", "message")
    op.create_index(
        "ix_message_begun", "message", BEGUN, sqlite_where=IS_ANSWER, postgresql_where=IS_ANSWER
    )
    op.drop_index("ix_conversation_site_id_created", "conversation")
    op.create_index("ix_conversation_figures", "conversation", FOUND)


def downgrade() -> None:
    op.drop_index("ix_conversation_figures", "conversation")
    op.create_index("ix_conversation_site_id_created", "conversation", ["site_id", "created"])
    op.drop_index("ix_message_begun", "message")
    columns = ["conversation_id", "origin", "status", "first_ms"]
    op.create_index("ix_message_figures", "message", columns)
    op.drop_column("message", "begun")
    op.drop_column("message", "site_id")
