"""When somebody of a site answers visitors."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    hours = sa.Column("person_hours", sa.JSON, nullable=False, server_default="{}")
    within = sa.Column("person_within", sa.String(8), nullable=False, server_default="off")
    op.add_column("site", hours)
    op.add_column("site", within)


def downgrade() -> None:
    op.drop_column("site", "person_within")
    op.drop_column("site", "person_hours")
