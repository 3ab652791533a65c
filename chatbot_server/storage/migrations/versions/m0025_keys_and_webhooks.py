"""Keys of a scope, a site and an end; webhooks and what was delivered to them."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("api_key") as table:
        table.add_column(sa.Column("scope", sa.String(10), nullable=False, server_default="all"))
        table.add_column(sa.Column("expires", sa.BigInteger))
        table.add_column(sa.Column("site_id", sa.Integer))
        table.create_foreign_key(
            "fk_api_key_site_id_site", "site", ["site_id"], ["id"], ondelete="CASCADE"
        )
        table.create_index("ix_api_key_site_id", ["site_id"])
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "site_id", sa.Integer, sa.ForeignKey("site.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("secret", sa.String(80), nullable=False),
        sa.Column("events", sa.JSON, nullable=False),
        sa.Column("with_text", sa.Boolean, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("paused", sa.BigInteger),
    )
    op.create_index("ix_webhook_site_id", "webhook", ["site_id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "webhook_id",
            sa.Integer,
            sa.ForeignKey("webhook.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("event", sa.String(20), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.String(22), sa.ForeignKey("message.id", ondelete="CASCADE")),
        sa.Column(
            "contact_id", sa.Integer, sa.ForeignKey("contact_request.id", ondelete="CASCADE")
        ),
        sa.Column("due", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("problem", sa.JSON),
        sa.Column("delivered", sa.BigInteger),
    )
    for column in ("webhook_id", "message_id", "contact_id", "due"):
        op.create_index(f"ix_webhook_delivery_{column}", "webhook_delivery", [column])


def downgrade() -> None:
    op.drop_table("webhook_delivery")
    op.drop_table("webhook")
    with op.batch_alter_table("api_key") as table:
        table.drop_index("ix_api_key_site_id")
        table.drop_constraint("fk_api_key_site_id_site", type_="foreignkey")
        for column in ("site_id", "expires", "scope"):
            table.drop_column(column)
