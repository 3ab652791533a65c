"""What the conversation asks of the owner's knowledge: :class:`KnowledgeBase`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from chatbot_server.retrieval import faq, quote, stems
from chatbot_server.retrieval.base import Grounding, Passage, Source
from chatbot_server.retrieval.chunks import BETWEEN, below
from chatbot_server.retrieval.evidence import weigh_up
from chatbot_server.retrieval.followup import in_context
from chatbot_server.retrieval.fusion import Hit
from chatbot_server.retrieval.search import Searcher
from chatbot_server.retrieval.semantic import Embedder, make_embedder
from chatbot_server.storage import knowledge_index
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge import KnowledgeChunk, KnowledgeDocument

PASSAGES = 6
MAX_QUESTION = 1000
# Share of the question's weight that a passage must hold to be handed to a model.
RELATED_COVERAGE = 0.25
# The margin of a document without a second, by meaning.
ALONE = 0.02


@dataclass(frozen=True)
class _Found:
    """One hit with its rows."""

    hit: Hit
    document: KnowledgeDocument
    chunk: KnowledgeChunk
    coverage: float = 0.0
    sentences: tuple[quote.Sentence, ...] = field(default=())

    def passage(self) -> Passage:
        return Passage(
            chunk=self.chunk.id,
            title=self.document.title,
            heading=self.chunk.heading,
            url=self.document.url,
            text=self.chunk.text,
            score=round(self.hit.score, 4),
        )


class KnowledgeBase:
    """The owner's pages, files and FAQ, searched; see :class:`~chatbot_server.retrieval.base.Knowledge`.

    Args:
        semantic: ``retrieval.semantic`` of the configuration.
        embedder: instead of the one *semantic* asks for.

    Raises:
        ConfigError: *semantic* is ``on`` and the extra is not installed.
    """  # noqa: E501

    def __init__(
        self,
        database: Database,
        semantic: Literal["auto", "on", "off"] = "auto",
        *,
        embedder: Embedder | None = None,
    ) -> None:
        self._database = database
        self.searcher = Searcher(embedder or make_embedder(semantic))

    def has_content(self, site_id: int) -> bool:
        """See :class:`~chatbot_server.retrieval.base.Knowledge`."""
        with self._database.session() as session:
            return bool(
                session.scalar(
                    select(KnowledgeDocument.id)
                    .where(KnowledgeDocument.site_id == site_id)
                    .limit(1)
                )
            )

    def ground(
        self, site_id: int, question: str, history: Sequence[str] = (), language: str = "en"
    ) -> Grounding:
        """See :class:`~chatbot_server.retrieval.base.Knowledge`."""
        asked = in_context(question[:MAX_QUESTION], history)
        hits = self.searcher.search(self._database, site_id, asked)
        lasting = self.searcher.embedder is None or any(hit.meaning for hit in hits)
        if not hits:
            return Grounding("nothing", lasting=lasting)
        with self._database.session() as session:
            weigh = _rarity(session, site_id, asked)
            found = _load(session, hits[:PASSAGES], asked, weigh)
            if not found:  # all were indexed anew since they were found
                return Grounding("nothing", lasting=False)
            margin = _margin(hits)
            if self._is_sure(session, site_id, asked, found[0], clear=_is_clear(hits)):
                return replace(_faq_answer(found, margin), lasting=lasting)
            total = knowledge_index.chunk_count(session, site_id)
        best = found[0]
        evidence = weigh_up(
            asked,
            f"{best.document.title} {best.chunk.heading}",
            best.chunk.text,
            weigh,
            words=best.hit.words,
            total=total,
            margin=margin if best.hit.meaning else None,
        )
        return replace(_page_answer(found, margin, quotable=evidence.enough), lasting=lasting)

    def search(self, site_id: int, question: str, limit: int = 10) -> list[Passage]:
        """The best passages for *question*, best first."""
        hits = self.searcher.search(self._database, site_id, question[:MAX_QUESTION], limit)
        with self._database.session() as session:
            weigh = _rarity(session, site_id, question[:MAX_QUESTION])
            return [found.passage() for found in _load(session, hits, question, weigh)]

    def version(self, site_id: int) -> int:
        """Grows with each change of the site's index; part of a cache's key."""
        with self._database.session() as session:
            return knowledge_index.version(session, site_id)

    def close(self) -> None:
        """Let go of the process that searches by meaning."""
        if self.searcher.embedder is not None:
            self.searcher.embedder.close()

    def _is_sure(
        self, session: Session, site_id: int, asked: str, best: _Found, *, clear: bool
    ) -> bool:
        document = best.document
        if not document.faq or not clear:
            return False
        wordings = [document.title, *document.wordings]
        if not best.hit.meaning and not faq.same_words(asked, wordings):
            return False
        total = knowledge_index.chunk_count(session, site_id)

        def common(name: str) -> bool:
            terms = [stems.stem(name, language) for language in stems.LANGUAGES]
            counts = knowledge_index.known_terms(session, site_id, terms)
            return max(counts.values()) > max(1, faq.COMMON_NAME * total)

        return faq.agree(asked, wordings, document.text, common)


def _is_clear(hits: Sequence[Hit]) -> bool:
    """Whether the best document is far enough from all others to be the only one meant.

    With vectors: its nearest wording or chunk by 0.02, or title and chunk each by 0.008. By
    words alone, :func:`faq.same_words` decides.
    """
    first, others = hits[0], hits[1:]
    if first.meaning and max(first.title, first.text) < faq.NEAR_ENOUGH:
        return False
    if not others:
        return True
    if not first.meaning:
        return first.words > max(hit.words for hit in others)
    nearest = max(first.title, first.text) - max(max(hit.title, hit.text) for hit in others)
    title = first.title - max(hit.title for hit in others)
    text = first.text - max(hit.text for hit in others)
    return nearest >= faq.SURE_MARGIN or min(title, text) >= faq.BOTH_MARGIN


def _margin(hits: Sequence[Hit]) -> float:
    """Distance of the best document to the second, by meaning where there is one.

    Of a document alone nothing is known but that it has no rival: a usual distance.
    """
    first, others = hits[0], hits[1:]
    if not others:
        return ALONE
    if first.meaning:
        return first.meaning - max(hit.meaning for hit in others)
    return (first.words - max(hit.words for hit in others)) / (first.words or 1.0) / 10


def _rarity(session: Session, site_id: int, question: str) -> quote.Rarity:
    terms = stems.query_terms(question)
    counts = knowledge_index.known_terms(session, site_id, terms)
    return quote.rarity(counts, knowledge_index.chunk_count(session, site_id))


def _load(
    session: Session, hits: Sequence[Hit], question: str, weigh: quote.Rarity
) -> list[_Found]:
    rows = session.execute(
        select(KnowledgeDocument, KnowledgeChunk)
        .join(KnowledgeChunk, KnowledgeChunk.document_id == KnowledgeDocument.id)
        .where(KnowledgeChunk.id.in_([hit.chunk for hit in hits]))
    )
    by_document = {document.id: (document, chunk) for document, chunk in rows}
    found = [_Found(hit, *by_document[hit.document]) for hit in hits if hit.document in by_document]
    return [_weighed(one, question, weigh) for one in found]


def _weighed(found: _Found, question: str, weigh: quote.Rarity) -> _Found:
    about = f"{found.document.title} {found.chunk.heading} {found.chunk.text}"
    return replace(
        found,
        coverage=quote.coverage(stems.telling_words(question), about, weigh),
        sentences=tuple(quote.pick(found.chunk.text, question, weigh)),
    )


def _faq_answer(found: Sequence[_Found], margin: float) -> Grounding:
    best = found[0]
    source = Source(best.document.title, _public(best.document.url), best.document.text[:300])
    return Grounding(
        "faq",
        answer=best.document.text,
        sources=(source,),
        passages=tuple(one.passage() for one in found),
        score=best.hit.score,
        margin=margin,
    )


def _page_answer(found: Sequence[_Found], margin: float, *, quotable: bool) -> Grounding:
    """Quote the best page if it holds enough of the question; else say how much there is."""
    best = found[0]
    related = tuple(
        one.passage()
        for one in found
        if one.coverage >= RELATED_COVERAGE or (one is best and quotable)
    )
    blank = Grounding("nothing", score=best.hit.score, margin=margin)
    if quotable and best.sentences:
        return replace(
            blank,
            status="quoted",
            answer=quote.joined(best.sentences),
            sources=(_source(best),),
            passages=related,
        )
    return replace(blank, status="passages", passages=related) if related else blank


def _source(found: _Found) -> Source:
    told = quote.joined(found.sentences)
    named = [found.document.title, below(found.document.title, found.chunk.heading)]
    title = BETWEEN.join(name for name in named if name)
    url = quote.text_fragment(_public(found.document.url), found.sentences[0].text)
    return Source(title, url, told)


def _public(url: str) -> str:
    """Notes, files and FAQ entries have no address a visitor could open."""
    return url if url.startswith(("http://", "https://")) else ""
