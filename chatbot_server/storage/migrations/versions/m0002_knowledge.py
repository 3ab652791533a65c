"""The owner's knowledge and its index."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SITE = "site"
TABLES = (
    "knowledge_golden",
    "knowledge_unanswered",
    "knowledge_state",
    "knowledge_acronym",
    "knowledge_vector",
    "knowledge_chunk",
    "knowledge_document",
    "knowledge_page",
    "knowledge_source",
)


def upgrade() -> None:
    _create_sources()
    _create_documents()
    _create_chunks()
    _create_learning()
    if op.get_bind().dialect.name == "postgresql":
        _index_on_postgresql()
    else:
        _index_on_sqlite()


def downgrade() -> None:
    op.execute("DROP TABLE knowledge_terms")
    for table in TABLES:
        op.drop_table(table)


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _belongs(table: str, other: str, column: str | None = None, *, null: bool = False) -> list[Any]:
    column = column or f"{other.removeprefix('knowledge_')}_id"
    return [
        sa.Column(column, sa.Integer, nullable=null),
        sa.ForeignKeyConstraint(
            [column], [f"{other}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE"
        ),
    ]


def _text(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=False)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, nullable=False)


def _create_sources() -> None:
    table = "knowledge_source"
    op.create_table(
        table,
        _id(),
        *_belongs(table, SITE),
        _text("kind", 10),
        _text("address", 500),
        _text("state", 10),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("started", sa.BigInteger),
        sa.Column("finished", sa.BigInteger),
        _text("why", 300),
        sa.UniqueConstraint("site_id", "kind", "address", name=f"uq_{table}_site_id_kind_address"),
    )
    op.create_index(f"ix_{table}_site_id", table, ["site_id"])
    table = "knowledge_page"
    op.create_table(
        table,
        _id(),
        *_belongs(table, "knowledge_source"),
        _text("url", 2000),
        _number("depth"),
        _text("state", 10),
        _text("why", 60),
        sa.Column("crawl", sa.BigInteger, nullable=False),
        sa.Column("listed", sa.Boolean, nullable=False),
        _text("etag", 300),
        _text("modified", 60),
        _number("misses"),
        sa.UniqueConstraint("source_id", "url", name=f"uq_{table}_source_id_url"),
    )
    op.create_index(f"ix_{table}_source_id", table, ["source_id"])


def _create_documents() -> None:
    table = "knowledge_document"
    op.create_table(
        table,
        _id(),
        *_belongs(table, SITE),
        *_belongs(table, "knowledge_source"),
        sa.Column("faq", sa.Boolean, nullable=False),
        _text("url", 2000),
        _text("title", 500),
        sa.Column("wordings", sa.JSON, nullable=False),
        _text("language", 10),
        sa.Column("text", sa.Text, nullable=False),
        _text("digest", 64),
        sa.Column("read", sa.BigInteger, nullable=False),
        sa.Column("embedded_by", sa.String(60)),
        sa.UniqueConstraint("source_id", "url", name=f"uq_{table}_source_id_url"),
    )
    op.create_index(f"ix_{table}_site_id", table, ["site_id"])
    op.create_index(f"ix_{table}_embedded_by", table, ["embedded_by"])


def _create_chunks() -> None:
    table = "knowledge_chunk"
    op.create_table(
        table,
        _id(),
        *_belongs(table, SITE),
        *_belongs(table, "knowledge_document"),
        _number("position"),
        _text("heading", 500),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index(f"ix_{table}_site_id", table, ["site_id"])
    op.create_index(f"ix_{table}_document_id", table, ["document_id"])
    table = "knowledge_vector"
    op.create_table(
        table,
        _id(),
        *_belongs(table, SITE),
        *_belongs(table, "knowledge_document"),
        *_belongs(table, "knowledge_chunk", null=True),
        _text("model", 60),
        sa.Column("vector", _vector(), nullable=False),
        sqlite_autoincrement=True,  # ids grow, so that new rows are found by theirs
    )
    for column in ("site_id", "document_id", "chunk_id"):
        op.create_index(f"ix_{table}_{column}", table, [column])
    table = "knowledge_acronym"
    op.create_table(
        table,
        _id(),
        *_belongs(table, SITE),
        *_belongs(table, "knowledge_document"),
        _text("short", 20),
        _text("long", 200),
    )
    for column in ("site_id", "document_id"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _vector() -> sa.types.TypeEngine[Any]:
    if op.get_bind().dialect.name != "postgresql":
        return sa.LargeBinary()
    from pgvector.sqlalchemy import HALFVEC

    return HALFVEC()


def _create_learning() -> None:
    op.create_table(
        "knowledge_state",
        *_belongs("knowledge_state", SITE),
        _number("version"),
        _text("push_secret", 64),
        sa.PrimaryKeyConstraint("site_id", name="pk_knowledge_state"),
    )
    table = "knowledge_unanswered"
    op.create_table(
        table,
        _id(),
        *_belongs(table, SITE),
        _text("normalized", 300),
        _text("question", 300),
        _number("times"),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("site_id", "normalized", name=f"uq_{table}_site_id_normalized"),
    )
    op.create_index(f"ix_{table}_site_id", table, ["site_id"])
    table = "knowledge_golden"
    op.create_table(
        table,
        _id(),
        *_belongs(table, SITE),
        _text("question", 300),
        _text("url", 2000),
        sa.UniqueConstraint("site_id", "question", name=f"uq_{table}_site_id_question"),
    )
    op.create_index(f"ix_{table}_site_id", table, ["site_id"])


def _index_on_sqlite() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE knowledge_terms USING fts5"
        "(site, terms, tokenize = 'unicode61 remove_diacritics 2')"
    )
    # A chunk that goes, also with its document or its site, takes its words along.
    op.execute(
        "CREATE TRIGGER knowledge_chunk_gone AFTER DELETE ON knowledge_chunk"
        " BEGIN DELETE FROM knowledge_terms WHERE rowid = old.id; END"
    )


def _index_on_postgresql() -> None:
    op.execute(
        "CREATE TABLE knowledge_terms ("
        " chunk_id integer PRIMARY KEY REFERENCES knowledge_chunk (id) ON DELETE CASCADE,"
        " site_id integer NOT NULL, size integer NOT NULL, terms tsvector NOT NULL)"
    )
    op.execute("CREATE INDEX ix_knowledge_terms ON knowledge_terms USING gin (terms)")
    op.execute("CREATE INDEX ix_knowledge_terms_site_id ON knowledge_terms (site_id)")
