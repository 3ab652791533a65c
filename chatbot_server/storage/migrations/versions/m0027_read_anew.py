"""Pages are read and cut better than before: each is fetched and indexed anew once."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The next crawl asks for whole pages, and takes none for what is indexed already.
    op.execute("UPDATE knowledge_page SET etag = '', modified = ''")
    op.execute("UPDATE knowledge_document SET digest = ''")


def downgrade() -> None:
    """Nothing: the former version fetches the pages once more, too."""
