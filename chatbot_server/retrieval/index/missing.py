"""What is computed of a document after it was indexed: vectors, and the tokens of its sections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from chatbot_server.retrieval.index.chunks import Chunk
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.tables import KnowledgeChunk, KnowledgeDocument


@dataclass(frozen=True)
class MissingTexts:
    """The texts of a document that something is to be computed of.

    Attributes:
        owners: the chunk of each text; None for its title or a wording.
    """

    owners: Sequence[int | None]
    texts: Sequence[str]

    @classmethod
    def of(
        cls,
        document: KnowledgeDocument,
        chunks: Sequence[KnowledgeChunk],
        names: Sequence[str] = (),
    ) -> MissingTexts:
        """*names*, then *chunks* as they are searched."""
        owners = [None] * len(names) + [chunk.id for chunk in chunks]
        searchable = [
            Chunk(chunk.heading, chunk.text).searchable_text(document.title) for chunk in chunks
        ]
        return cls(owners, [*names, *searchable])


def compute_missing(
    database: Database,
    document_id: int,
    find: Callable[[Session, KnowledgeDocument], MissingTexts],
    compute: Callable[[Sequence[str]], Iterable[Any] | None],
    store: Callable[[Session, KnowledgeDocument, Iterable[tuple[Any, Any]]], None],
) -> bool:
    """Compute what a document lacks, outside of any transaction; False if that fails now.

    If the document changes meanwhile, the results are dropped, and it keeps waiting.

    Args:
        find: the texts that lack something.
        compute: a result for each text; None if there are none now.
        store: receives the results with their owners.
    """
    with database.session() as session:
        document = session.get(KnowledgeDocument, document_id)
        if document is None:
            return True
        missing = find(session, document)
    results = compute(missing.texts) if missing.texts else []
    if results is None:
        return False
    with database.session() as session:
        # Locked, because another process may be adding the same.
        current = session.get(KnowledgeDocument, document_id, with_for_update=True)
        if current is not None and current.digest == document.digest:
            store(session, current, zip(missing.owners, results, strict=True))
    return True
