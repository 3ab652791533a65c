"""What was erased on demand is remembered by a digest, so that no backup brings it back."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TABLE = "erasure"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("day", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=f"pk_{TABLE}"),
    )
    op.create_index(f"ix_{TABLE}_day", TABLE, ["day"])


def downgrade() -> None:
    op.drop_table(TABLE)
