"""What the last crawl found changed on each page."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("change", sa.Text, nullable=False, server_default="")
    op.add_column("knowledge_page", column)


def downgrade() -> None:
    op.drop_column("knowledge_page", "change")
