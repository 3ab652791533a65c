"""The version before of each text that has changed, so that it can be put back."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

TABLE = "knowledge_version"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("source_id", sa.Integer, nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("wordings", sa.JSON, nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("read", sa.BigInteger, nullable=False),
        sa.Column("replaced", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "url", name=f"pk_{TABLE}"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["knowledge_source.id"],
            name=f"fk_{TABLE}_source_id_knowledge_source",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
