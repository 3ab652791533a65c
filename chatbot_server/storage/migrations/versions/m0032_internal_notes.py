"""Notes of the people of a site on conversations, which visitors do not read."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

TABLE = "internal_note"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("conversation_id", sa.String(22), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=f"fk_{TABLE}_conversation_id_conversation",
            ondelete="CASCADE",
        ),
    )
    op.create_index(f"ix_{TABLE}_conversation_id", TABLE, ["conversation_id"])


def downgrade() -> None:
    op.drop_table(TABLE)
