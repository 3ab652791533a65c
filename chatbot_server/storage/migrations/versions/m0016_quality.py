"""Runs of golden questions, and what owners thought of answers they looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    name = "quality_run"
    op.create_table(
        name,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("results", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=f"fk_{name}_site_id", ondelete="CASCADE"
        ),
    )
    op.create_index(f"ix_{name}_site_id_created", name, ["site_id", "created"])
    name = "answer_review"
    op.create_table(
        name,
        sa.Column("message_id", sa.String(22), nullable=False),
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("right", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=f"fk_{name}_message_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=f"fk_{name}_site_id", ondelete="CASCADE"
        ),
    )
    op.create_index(f"ix_{name}_site_id_created", name, ["site_id", "created"])


def downgrade() -> None:
    op.drop_table("answer_review")
    op.drop_table("quality_run")
