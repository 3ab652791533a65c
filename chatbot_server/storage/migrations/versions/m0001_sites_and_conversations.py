"""Sites, conversations and messages."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("demo", sa.Boolean, nullable=False),
        sa.Column("origins", sa.JSON, nullable=False),
        sa.Column("language", sa.String(10)),
        sa.Column("color", sa.String(7), nullable=False),
        sa.Column("position", sa.String(12), nullable=False),
        sa.Column("words", sa.JSON, nullable=False),
        sa.Column("suggestions", sa.JSON, nullable=False),
        sa.Column("instructions", sa.Text, nullable=False),
        sa.Column("contact_email", sa.String(254)),
        sa.Column("contact_url", sa.String(500)),
        sa.Column("policy_url", sa.String(500)),
        sa.UniqueConstraint("key", name="uq_site_key"),
    )
    op.create_table(
        "conversation",
        sa.Column("id", sa.String(22), primary_key=True),
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("keep", sa.Boolean, nullable=False),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("page", sa.String(500)),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name="fk_conversation_site_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_conversation_site_id", "conversation", ["site_id"])
    op.create_index("ix_conversation_expires", "conversation", ["expires"])
    _create_message()


def _create_message() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.String(22), primary_key=True),
        sa.Column("conversation_id", sa.String(22), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("origin", sa.String(10)),
        sa.Column("status", sa.String(20)),
        sa.Column("finish", sa.String(10)),
        sa.Column("model", sa.String(120)),
        sa.Column("sources", sa.JSON, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name="fk_message_conversation_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_message_conversation_id", "message", ["conversation_id"])


def downgrade() -> None:
    op.drop_table("message")
    op.drop_table("conversation")
    op.drop_table("site")
