"""People of the site write in conversations, and the chatbot is silent for a while."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("person", sa.String(40)))
    op.create_index("ix_conversation_person", "conversation", ["person"])
    op.add_column("conversation", sa.Column("silent_until", sa.BigInteger))
    op.add_column("account", sa.Column("public_name", sa.String(40)))
    hours = sa.Column("silence_hours", sa.Integer, nullable=False, server_default="4")
    op.add_column("site", hours)
    with op.batch_alter_table("contact_request") as table:
        table.add_column(sa.Column("message_id", sa.String(22)))
        table.create_foreign_key(
            "fk_contact_request_message_id_message",
            "message",
            ["message_id"],
            ["id"],
            ondelete="CASCADE",
        )
        table.create_index("ix_contact_request_message_id", ["message_id"])


def downgrade() -> None:
    with op.batch_alter_table("contact_request") as table:
        table.drop_index("ix_contact_request_message_id")
        table.drop_constraint("fk_contact_request_message_id_message", type_="foreignkey")
        table.drop_column("message_id")
    op.drop_column("site", "silence_hours")
    op.drop_column("account", "public_name")
    op.drop_column("conversation", "silent_until")
    op.drop_index("ix_conversation_person", "conversation")
    op.drop_column("conversation", "person")
