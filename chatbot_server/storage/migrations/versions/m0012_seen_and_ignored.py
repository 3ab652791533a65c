"""Messages to a person are new until somebody saw them; owners ignore questions."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact_request", sa.Column("seen", sa.BigInteger))
    op.execute("UPDATE contact_request SET seen = created")  # an update makes nothing new
    name = "knowledge_ignored"
    op.create_table(
        name,
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(8), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "name", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=f"fk_{name}_site_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("knowledge_ignored")
    op.drop_column("contact_request", "seen")
