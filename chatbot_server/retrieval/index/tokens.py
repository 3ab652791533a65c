"""The rows of the tokens of sections, computed in advance and stored, so that no visitor waits.

They are compared with those of a question, see :mod:`.encoder.late_interaction`. They are stored
for sites that are not too large, which limits them to some thirteen megabytes per site.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from chatbot_server.retrieval.index.embedder import Embedder
from chatbot_server.retrieval.index.encoder.late_interaction import WIDTH, TokenIndex
from chatbot_server.retrieval.index.missing import MissingTexts, compute_missing
from chatbot_server.retrieval.index.vectors import Tokens
from chatbot_server.storage.base import UnitOfWork
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.index.tokens import (
    add_tokens,
    chunks_without_tokens,
    documents_without_tokens,
    forget_tokens_of_large_sites,
    stored_tokens,
    tokens_of_site,
)
from chatbot_server.storage.knowledge.tables import KnowledgeDocument


def load_tokens(unit: UnitOfWork, chunk_ids: Sequence[int], fit: str) -> dict[int, Tokens]:
    """The rows of tokens of those of *chunk_ids* for which *fit* has stored some, by chunk id."""
    numbers_by_chunk = stored_tokens(unit, chunk_ids, fit) if chunk_ids else {}
    return {chunk: _tokens(numbers) for chunk, numbers in numbers_by_chunk.items()}


def load_token_index(unit: UnitOfWork, site_id: int, fit: str) -> TokenIndex | None:
    """The tokens of all pages of a site; None while those of some are not stored."""
    stored_tokens = tokens_of_site(unit, site_id, fit)
    if stored_tokens is None:
        return None
    return TokenIndex({chunk: _tokens(numbers) for chunk, numbers in stored_tokens.items()})


def _tokens(numbers: bytes) -> Tokens:
    return np.frombuffer(numbers, dtype="<f2").reshape(-1, WIDTH).astype(np.float16)


def store_missing_tokens(database: Database, embedder: Embedder, large: int) -> None:
    """Compute the tokens that sites with fewer than *large* chunks lack; delete those of others.

    Stops early if *embedder* does not respond; the next call continues there.
    """
    with database.session() as session:
        forget_tokens_of_large_sites(session, large)
        waiting = documents_without_tokens(session, embedder.fit, large)
    for document_id in waiting:
        if not store_tokens(database, embedder, document_id):
            return


def store_tokens(database: Database, embedder: Embedder, document_id: int) -> bool:
    """Store the missing tokens of one document; False if *embedder* does not respond."""

    def find(session: Session, document: KnowledgeDocument) -> MissingTexts:
        return MissingTexts.of(document, chunks_without_tokens(session, document_id, embedder.fit))

    def store(
        session: Session, _document: KnowledgeDocument, tokens: Iterable[tuple[Any, Any]]
    ) -> None:
        numbers = {chunk: rows.astype("<f2").tobytes() for chunk, rows in tokens}
        add_tokens(session, embedder.fit, numbers)

    return compute_missing(database, document_id, find, embedder.tokens, store)
