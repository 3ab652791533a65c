"""A second factor for accounts, which nobody has yet; the history of a site's settings."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("totp_secret", sa.String(32)))
    op.add_column("account", sa.Column("totp_step", sa.BigInteger))
    name = "recovery_code"
    op.create_table(
        name,
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("account_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=f"fk_{name}_account_id", ondelete="CASCADE"
        ),
    )
    op.create_index(f"ix_{name}_account_id", name, ["account_id"])
    name = "site_change"
    op.create_table(
        name,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("before", sa.JSON, nullable=False),
        sa.Column("after", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=f"fk_{name}_site_id", ondelete="CASCADE"
        ),
    )
    op.create_index(f"ix_{name}_site_id", name, ["site_id"])


def downgrade() -> None:
    op.drop_table("site_change")
    op.drop_table("recovery_code")
    op.drop_column("account", "totp_step")
    op.drop_column("account", "totp_secret")
