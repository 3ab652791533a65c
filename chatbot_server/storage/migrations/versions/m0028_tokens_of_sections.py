"""The tokens of sections are stored, so that no visitor waits until they are computed."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TABLE = "knowledge_tokens"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("chunk_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("fit", sa.String(60), nullable=False),
        sa.Column("numbers", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("chunk_id", name=f"pk_{TABLE}"),
        sa.ForeignKeyConstraint(
            ["chunk_id"],
            ["knowledge_chunk.id"],
            name=f"fk_{TABLE}_chunk_id",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
