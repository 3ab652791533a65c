"""The version before of a document, which its owner may put back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from sqlalchemy import ForeignKey, String, Text, and_, case, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chatbot_server.storage.base import Base, Texts, UnixSeconds, batches, now
from chatbot_server.storage.knowledge.tables import KnowledgeDocument, KnowledgeSource

VersionState = Literal["replaced", "undone", "overtaken"]
# What comes again by itself. A file or a note comes again only where somebody gives it again.
AUTOMATIC = ("site", "page", "push")


class KnowledgeVersion(Base):
    """The one version of a document that is stored beside its current text.

    Attributes:
        source_id, url: of the document, whose number is another one after a restore.
        read: when this version was read.
        replaced: when the current text took its place.
        state: ``replaced``: the version before; ``undone``: a later version that somebody took
            back, and that is not used again until its page changes; ``overtaken``: a version that
            somebody had put back, but its page has changed again.
        who: the name of the account that put back a version; empty: nobody, or at the terminal.
    """

    __tablename__ = "knowledge_version"

    source_id: Mapped[int] = mapped_column(
        ForeignKey("knowledge_source.id", ondelete="CASCADE"), primary_key=True
    )
    url: Mapped[str] = mapped_column(String(2000), primary_key=True)
    title: Mapped[str] = mapped_column(String(500))
    wordings: Mapped[Texts] = mapped_column(default=list)
    language: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    read: Mapped[UnixSeconds]
    replaced: Mapped[UnixSeconds] = mapped_column(default=now)
    state: Mapped[str] = mapped_column(String(10), default="replaced")
    who: Mapped[str] = mapped_column(String(80), default="")


class ChangedText(NamedTuple):
    """A document that has a version before; *replaced* and *state* as in KnowledgeVersion."""

    document: int
    title: str
    url: str
    state: str
    replaced: int


def version_of(
    document: KnowledgeDocument, state: VersionState = "replaced", who: str = ""
) -> KnowledgeVersion:
    """The current text of *document*, as its version before."""
    return KnowledgeVersion(
        source_id=document.source_id,
        url=document.url,
        title=document.title,
        wordings=list(document.wordings),
        language=document.language,
        text=document.text,
        digest=document.digest,
        read=document.read,
        replaced=now(),
        state=state,
        who=who[:80],
    )


def version_before(session: Session, document: KnowledgeDocument) -> KnowledgeVersion | None:
    """The version of *document* that is stored beside it."""
    return session.get(KnowledgeVersion, (document.source_id, document.url))


def known_digests(
    session: Session, source: KnowledgeSource, documents: Sequence[KnowledgeDocument]
) -> dict[str, set[str]]:
    """The digests of texts that are no change to *documents* of *source*, by address.

    These are the current ones and, where texts come again by themselves, those taken back.
    """
    digests = {row.url: {row.digest} for row in documents}
    for url, digest in _undone_digests(session, source, list(digests)).items():
        digests[url].add(digest)
    return digests


def store_versions(
    session: Session, source: KnowledgeSource, documents: Iterable[KnowledgeDocument]
) -> None:
    """Store the texts of *documents*, which are about to be replaced, as their versions before.

    Not while one crawl replaces what it has stored itself, and not of the owner's own answers: an
    entry may be there for a moment only, and hold what a visitor typed.
    """
    if source.kind == "faq":
        return
    start = source.started if source.is_crawl and source.finished is None else None
    former = [row for row in documents if start is None or row.read < start]
    taken_back = _undone_digests(session, source, [row.url for row in former])
    for row in former:
        session.merge(version_of(row, "overtaken" if row.url in taken_back else "replaced"))


def changed_texts(session: Session, source_id: int, limit: int) -> list[ChangedText]:
    """The documents of a source that have a version before.

    Those of which a version was put back come first, then the latest change.
    """
    version, document = KnowledgeVersion, KnowledgeDocument
    rank = case((version.state == "overtaken", 0), (version.state == "undone", 1), else_=2)
    rows = session.execute(
        select(document.id, document.title, document.url, version.state, version.replaced)
        .join(version, and_(version.source_id == source_id, version.url == document.url))
        .where(document.source_id == source_id)
        .order_by(rank, version.replaced.desc(), document.id)
        .limit(limit)
    )
    return [ChangedText(*row) for row in rows]


def version_counts(session: Session, source_id: int) -> dict[str, int]:
    """How many versions of a source are in which state."""
    rows = session.execute(
        select(KnowledgeVersion.state, func.count())
        .where(KnowledgeVersion.source_id == source_id)
        .group_by(KnowledgeVersion.state)
    )
    return {row[0]: row[1] for row in rows}


def _undone_digests(
    session: Session, source: KnowledgeSource, urls: Sequence[str]
) -> dict[str, str]:
    if source.kind not in AUTOMATIC:
        return {}
    version = KnowledgeVersion
    query = select(version.url, version.digest).where(
        version.source_id == source.id, version.state == "undone"
    )
    digests: dict[str, str] = {}
    for batch in batches(urls):
        rows = session.execute(query.where(version.url.in_(batch)))
        digests |= {row[0]: row[1] for row in rows}
    return digests
