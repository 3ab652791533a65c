"""The tables of the owner's knowledge: sources, pages, documents, chunks and vectors.

The table of terms differs between databases: it is created by a migration, and used by
:mod:`chatbot_server.storage.knowledge.index.search_index`.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from sqlalchemy import (
    BigInteger,
    Dialect,
    ForeignKey,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from chatbot_server.storage.base import Base, JsonObject, Texts, UnixSeconds, now
from chatbot_server.storage.site.sites import Site

SourceKind = Literal["site", "page", "file", "note", "faq", "push"]
CRAWLS: tuple[SourceKind, ...] = ("site", "page")  # kinds that are read from the web
PageState = Literal["found", "read", "unchanged", "skipped", "failed", "gone"]


class HalfVector(TypeDecorator[Any]):
    """A vector of float16: pgvector's ``halfvec`` or, on SQLite, its little-endian bytes."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """The column's type on this database."""
        if dialect.name == "postgresql":
            from pgvector.sqlalchemy import HALFVEC

            return dialect.type_descriptor(HALFVEC())
        return dialect.type_descriptor(LargeBinary())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """From numpy to the database."""
        if dialect.name == "postgresql":
            return [float(number) for number in value]
        return np.asarray(value, dtype="<f2").tobytes()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """From the database to numpy."""
        if dialect.name == "postgresql":
            return np.asarray(value, dtype=np.float32)
        return np.frombuffer(value, dtype="<f2").astype(np.float32)


class KnowledgeSource(Base):
    """Where documents come from.

    Attributes:
        address: URL of a site or page, name of a file; empty for notes, FAQ and push.
        state: ``active`` or ``paused``; a paused crawl continues where it stopped.
        started, finished: times of the last crawl, or when a file was given and read;
            ``finished`` is None in between.
        why: the key of the sentence that says why it could not be read, or not completely. The
            host, address or error that the sentence names may follow after a blank. For a file
            that is being read, the progress.
        unwanted: paths of pages that the owner does not want to be read; one that ends with
            ``/`` stands for the whole folder.
    """

    __tablename__ = "knowledge_source"
    __table_args__ = (UniqueConstraint("site_id", "kind", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[str] = mapped_column(String(10), default="active")
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    started: Mapped[int | None] = mapped_column(BigInteger)
    finished: Mapped[int | None] = mapped_column(BigInteger)
    why: Mapped[str] = mapped_column(String(300), default="")
    unwanted: Mapped[Texts] = mapped_column(default=list)

    @property
    def is_crawl(self) -> bool:
        """Whether it is read from the web, by its address."""
        return self.kind in CRAWLS

    @property
    def is_unread(self) -> bool:
        """Whether it has not been read, or is being read."""
        return (self.is_crawl or self.started is not None) and self.finished is None


class KnowledgePage(Base):
    """An address that a crawl knows: an entry of its frontier, or one that was read.

    Attributes:
        state: ``found`` waits to be read; the others say how the last read ended.
        why: why it was skipped or failed, as in :class:`KnowledgeSource`.
        crawl: ``started`` of the last crawl that read it.
        misses: how often in a row it was not found, or could not be read.
        change: JSON, see :mod:`chatbot_server.retrieval.crawl.changes`; empty if the last crawl
            found it unchanged.
    """

    __tablename__ = "knowledge_page"
    __table_args__ = (UniqueConstraint("source_id", "url"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(
        ForeignKey("knowledge_source.id", ondelete="CASCADE"), index=True
    )
    url: Mapped[str] = mapped_column(String(2000))
    depth: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default="found")
    why: Mapped[str] = mapped_column(String(60), default="")
    crawl: Mapped[int] = mapped_column(BigInteger, default=0)
    listed: Mapped[bool] = mapped_column(default=False)
    etag: Mapped[str] = mapped_column(String(300), default="")
    modified: Mapped[str] = mapped_column(String(60), default="")
    misses: Mapped[int] = mapped_column(default=0)
    change: Mapped[str] = mapped_column(Text, default="")


class KnowledgeReading(Base):
    """A crawled page as it was read, including what it shares with other pages of its site.

    Attributes:
        digest: equal for pages with the same text.
        blocks: JSON, see :mod:`chatbot_server.retrieval.read.html.text.blocks`.
        facts: JSON, see :mod:`chatbot_server.retrieval.read.html.visible_facts`.
        lost: JSON, the facts among these that no document of the crawl states.
    """

    __tablename__ = "knowledge_reading"

    page_id: Mapped[int] = mapped_column(
        ForeignKey("knowledge_page.id", ondelete="CASCADE"), primary_key=True
    )
    title: Mapped[str] = mapped_column(String(500))
    site_name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64), index=True)
    blocks: Mapped[str] = mapped_column(Text)
    facts: Mapped[str] = mapped_column(Text, default="[]")
    lost: Mapped[str] = mapped_column(Text, default="[]")


class KnowledgeDocument(Base):
    """One page, file, note or FAQ entry, as plain Markdown.

    Attributes:
        wordings: other wordings of the question of an FAQ entry.
        digest: SHA-256 of title, wordings and text; if it is equal, there is nothing to index.
        embedded_by: the model that made its vectors; None if it has none yet.
    """

    __tablename__ = "knowledge_document"
    __table_args__ = (UniqueConstraint("source_id", "url"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("knowledge_source.id", ondelete="CASCADE"))
    faq: Mapped[bool] = mapped_column(default=False)
    url: Mapped[str] = mapped_column(String(2000))
    title: Mapped[str] = mapped_column(String(500))
    wordings: Mapped[Texts] = mapped_column(default=list)
    language: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    read: Mapped[UnixSeconds] = mapped_column(default=now)
    embedded_by: Mapped[str | None] = mapped_column(String(60), index=True)


class KnowledgeChunk(Base):
    """A piece of a document, see :mod:`chatbot_server.retrieval.index.chunks`."""

    __tablename__ = "knowledge_chunk"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    document_id: Mapped[int] = mapped_column(
        ForeignKey("knowledge_document.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    heading: Mapped[str] = mapped_column(String(500))
    text: Mapped[str] = mapped_column(Text)


class KnowledgeVector(Base):
    """The vector of a chunk, or (without ``chunk_id``) of a title or a wording of a question.

    ``vector`` is a numpy array of length 1.
    """

    __tablename__ = "knowledge_vector"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    document_id: Mapped[int] = mapped_column(
        ForeignKey("knowledge_document.id", ondelete="CASCADE"), index=True
    )
    chunk_id: Mapped[int | None] = mapped_column(
        ForeignKey("knowledge_chunk.id", ondelete="CASCADE"), index=True
    )
    model: Mapped[str] = mapped_column(String(60))
    vector: Mapped[Any] = mapped_column(HalfVector)


class KnowledgeTokens(Base):
    """The rows of the tokens of a chunk, see :mod:`chatbot_server.retrieval.index.tokens`.

    Attributes:
        fit: the name of the fit that computed them.
        numbers: the rows, one after the other, as little-endian float16.
    """

    __tablename__ = "knowledge_tokens"

    chunk_id: Mapped[int] = mapped_column(
        ForeignKey("knowledge_chunk.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    fit: Mapped[str] = mapped_column(String(60))
    numbers: Mapped[bytes] = mapped_column(LargeBinary)


class KnowledgeAcronym(Base):
    """An acronym as one document explains it; see ``retrieval.language.words.acronyms``."""

    __tablename__ = "knowledge_acronym"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    document_id: Mapped[int] = mapped_column(
        ForeignKey("knowledge_document.id", ondelete="CASCADE"), index=True
    )
    short: Mapped[str] = mapped_column(String(20))
    long: Mapped[str] = mapped_column(String(200))


class KnowledgeState(Base):
    """What is stored once per site; each change increases ``version`` and invalidates caches.

    Attributes:
        topics: what the site answers when asked for it by these words: ``{language: [text, …]}``,
            the site's main language first.
        topics_version: a number for the index, and the program, that answered them.
    """

    __tablename__ = "knowledge_state"

    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(default=0)
    push_secret: Mapped[str] = mapped_column(String(64), default="")
    topics: Mapped[JsonObject] = mapped_column(default=dict)
    topics_version: Mapped[int] = mapped_column(default=-1)
