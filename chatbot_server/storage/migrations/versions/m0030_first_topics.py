"""Topics of a site's pages, offered to visitors where the owner chose no first questions."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

STATES = "knowledge_state"


def upgrade() -> None:
    is_offered = sa.Column("offers_topics", sa.Boolean, nullable=False, server_default=sa.true())
    op.add_column("site", is_offered)
    op.add_column(STATES, sa.Column("topics", sa.JSON, nullable=False, server_default="{}"))
    # No version is below zero: each site's topics are looked for once.
    version = sa.Column("topics_version", sa.Integer, nullable=False, server_default="-1")
    op.add_column(STATES, version)


def downgrade() -> None:
    op.drop_column(STATES, "topics_version")
    op.drop_column(STATES, "topics")
    op.drop_column("site", "offers_topics")
