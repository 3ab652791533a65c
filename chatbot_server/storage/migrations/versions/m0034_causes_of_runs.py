"""Why golden questions were asked, of what, and which are answered worse than before."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

TABLE = "quality_run"
COLUMNS = {"causes": "[]", "state": "{}", "worse": "{}"}


def upgrade() -> None:
    for name, empty in COLUMNS.items():
        op.add_column(TABLE, sa.Column(name, sa.JSON, nullable=False, server_default=empty))


def downgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        for name in COLUMNS:
            batch.drop_column(name)
