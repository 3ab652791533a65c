"""Messages to a person go by e-mail: when next, how often it was tried, and why it failed."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "site", sa.Column("contact_mail", sa.String(5), nullable=False, server_default="each")
    )
    op.add_column("contact_request", sa.Column("mail_due", sa.BigInteger))
    op.add_column(
        "contact_request",
        sa.Column("mail_attempts", sa.Integer, nullable=False, server_default="0"),
    )
    op.add_column("contact_request", sa.Column("mail_problem", sa.JSON))
    op.create_index("ix_contact_request_mail_due", "contact_request", ["mail_due"])


def downgrade() -> None:
    op.drop_index("ix_contact_request_mail_due", "contact_request")
    for column in ("mail_problem", "mail_attempts", "mail_due"):
        op.drop_column("contact_request", column)
    op.drop_column("site", "contact_mail")
