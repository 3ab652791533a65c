"""Whether a site's model may write freely, and the country of its visitors.

No site had chosen either: nothing is invented until its owner says so.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "site", sa.Column("free_chat", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column("site", sa.Column("country", sa.String(2)))


def downgrade() -> None:
    op.drop_column("site", "country")
    op.drop_column("site", "free_chat")
