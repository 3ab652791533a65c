"""Golden questions expect a page or words; unanswered questions are read from conversations."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE = "knowledge_golden"


def upgrade() -> None:
    op.drop_table("knowledge_unanswered")
    with op.batch_alter_table(TABLE) as table:
        table.alter_column("url", new_column_name="expect")


def downgrade() -> None:
    with op.batch_alter_table(TABLE) as table:
        table.alter_column("expect", new_column_name="url")
    name = "knowledge_unanswered"
    op.create_table(
        name,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("normalized", sa.String(300), nullable=False),
        sa.Column("question", sa.String(300), nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=f"fk_{name}_site_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("site_id", "normalized", name=f"uq_{name}_site_id_normalized"),
    )
    op.create_index(f"ix_{name}_site_id", name, ["site_id"])
