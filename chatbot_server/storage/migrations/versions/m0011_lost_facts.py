"""What a visitor sees on each crawled page, and what of that was lost in reading."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("facts", "lost"):
        column = sa.Column(name, sa.Text, nullable=False, server_default="[]")
        op.add_column("knowledge_reading", column)
    # Pages are read anew once: of what was kept of them, nobody has compared it with them.
    op.execute("UPDATE knowledge_page SET etag = '', modified = ''")


def downgrade() -> None:
    for name in ("facts", "lost"):
        op.drop_column("knowledge_reading", name)
