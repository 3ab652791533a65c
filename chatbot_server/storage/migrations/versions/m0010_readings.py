"""What was read of each crawled page, so that what pages share is told from what is their own."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "knowledge_reading",
        sa.Column(
            "page_id",
            sa.Integer,
            sa.ForeignKey("knowledge_page.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("site_name", sa.String(200), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("blocks", sa.Text, nullable=False),
    )
    op.create_index("ix_knowledge_reading_digest", "knowledge_reading", ["digest"])
    # Pages are read anew once: what was kept of them does not say what they share.
    op.execute("UPDATE knowledge_page SET etag = '', modified = ''")


def downgrade() -> None:
    op.drop_table("knowledge_reading")
