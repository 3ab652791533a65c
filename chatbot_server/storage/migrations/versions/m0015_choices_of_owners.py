"""Pages that the owner does not want to be read; how long a site's conversations are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    unwanted = sa.Column("unwanted", sa.JSON, nullable=False, server_default="[]")
    op.add_column("knowledge_source", unwanted)
    op.add_column("site", sa.Column("retention_days", sa.Integer))


def downgrade() -> None:
    op.drop_column("site", "retention_days")
    op.drop_column("knowledge_source", "unwanted")
