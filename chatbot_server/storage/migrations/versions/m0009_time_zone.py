"""The time zone of a site, by which “today” is told; the server's where none is set."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("time_zone", sa.String(64)))


def downgrade() -> None:
    op.drop_column("site", "time_zone")
