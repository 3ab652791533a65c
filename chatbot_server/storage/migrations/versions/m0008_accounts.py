"""Accounts of the owner's pages, their sessions, and one-time tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NEWEST = "ix_conversation_site_id_created"


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("name", name="uq_account_name"),
    )
    op.create_table(
        "account_session",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("account_id", sa.Integer, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        _of_account("account_session"),
    )
    op.create_index("ix_account_session_account_id", "account_session", ["account_id"])
    op.create_table(
        "one_time_token",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("account_id", sa.Integer),
        sa.Column("expires", sa.BigInteger, nullable=False),
        _of_account("one_time_token"),
    )
    op.create_index("ix_one_time_token_account_id", "one_time_token", ["account_id"])
    op.create_index("ix_one_time_token_purpose", "one_time_token", ["purpose"])
    # The owner's list begins with the newest conversation of a site.
    op.create_index(NEWEST, "conversation", ["site_id", "created"])


def downgrade() -> None:
    op.drop_index(NEWEST, "conversation")
    for table in ("one_time_token", "account_session", "account"):
        op.drop_table(table)


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_account_id"
    return sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=name, ondelete="CASCADE")
