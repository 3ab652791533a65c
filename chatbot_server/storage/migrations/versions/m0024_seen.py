"""When a page of the owner's own site showed the chat."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("seen", sa.BigInteger))
    op.add_column("site", sa.Column("seen_on", sa.String(300)))


def downgrade() -> None:
    op.drop_column("site", "seen_on")
    op.drop_column("site", "seen")
