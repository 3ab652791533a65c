"""Thumbs on answers, and messages to a human."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("message_id", sa.String(22), primary_key=True),
        sa.Column("value", sa.String(4), nullable=False),
        sa.Column("reason", sa.String(12)),
        sa.Column("comment", sa.Text),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name="fk_feedback_message_id", ondelete="CASCADE"
        ),
    )
    _create_contact_request()


def _create_contact_request() -> None:
    op.create_table(
        "contact_request",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("conversation_id", sa.String(22)),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name="fk_contact_request_site_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name="fk_contact_request_conversation_id",
            ondelete="SET NULL",
        ),
    )
    op.create_index("ix_contact_request_site_id", "contact_request", ["site_id"])
    op.create_index("ix_contact_request_conversation_id", "contact_request", ["conversation_id"])


def downgrade() -> None:
    op.drop_table("contact_request")
    op.drop_table("feedback")
