"""Conversations are found by their language."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

NAME = "ix_conversation_language"


def upgrade() -> None:
    op.create_index(NAME, "conversation", ["site_id", "locale", "created"])


def downgrade() -> None:
    op.drop_index(NAME, "conversation")
