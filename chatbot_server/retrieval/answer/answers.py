"""From what was found to what is said: the owner's words, a quote, passages, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from chatbot_server.retrieval.answer import quote
from chatbot_server.retrieval.answer.evidence import Evidence, weigh_up
from chatbot_server.retrieval.answer.fusion import Hit
from chatbot_server.retrieval.base import Grounding, Passage, Source
from chatbot_server.retrieval.index.chunks import BETWEEN, below
from chatbot_server.retrieval.language import synonyms
from chatbot_server.retrieval.language.synonyms import Rarity
from chatbot_server.storage.knowledge.chunks import load_chunks
from chatbot_server.storage.knowledge.tables import KnowledgeChunk, KnowledgeDocument

# Share of the question's weight that a passage must hold to be handed to a model.
RELATED_COVERAGE = 0.25
# The answer stands in one of the first three documents, or in none.
CANDIDATES = 3
# The margin of a document without a second, by meaning.
ALONE = 0.02


@dataclass(frozen=True)
class Found:
    """One hit with its rows."""

    hit: Hit
    document: KnowledgeDocument
    chunk: KnowledgeChunk
    coverage: float = 0.0
    sentences: tuple[quote.Sentence, ...] = field(default=())

    @property
    def about(self) -> str:
        """Title and headings."""
        return f"{self.document.title} {self.chunk.heading}"

    def passage(self) -> Passage:
        """What a model may read of it."""
        return Passage(
            chunk=self.chunk.id,
            title=self.document.title,
            heading=self.chunk.heading,
            url=self.document.url,
            text=self.chunk.text,
            score=round(self.hit.score, 4),
        )


def load(session: Session, hits: Sequence[Hit], question: str, weigh: Rarity) -> list[Found]:
    """The rows of *hits*, weighed against *question*; without those that are gone meanwhile."""
    rows = load_chunks(session, [hit.chunk for hit in hits])
    by_document = {document.id: (document, chunk) for document, chunk in rows}
    found = [Found(hit, *by_document[hit.document]) for hit in hits if hit.document in by_document]
    return [_weighed(one, question, weigh) for one in found]


def _weighed(found: Found, question: str, weigh: Rarity) -> Found:
    there = synonyms.terms_in(f"{found.about} {found.chunk.text}")
    return replace(
        found,
        coverage=synonyms.coverage(synonyms.query_words(question), there, weigh),
        sentences=tuple(quote.pick(found.chunk.text, question, weigh)),
    )


def strongest(
    question: str,
    candidates: Iterable[Found],
    hits: Sequence[Hit],
    weigh: Rarity,
    total: int,
) -> Found | None:
    """The one of *candidates* that answers best, if enough speaks for it."""
    first = list(candidates)[:CANDIDATES]
    rated = [(_evidence(question, one, hits, weigh, total).strength, one) for one in first]
    strength, best = max(rated, key=lambda pair: pair[0], default=(-1.0, None))
    return best if strength >= 0 else None


def _evidence(
    question: str, found: Found, hits: Sequence[Hit], weigh: Rarity, total: int
) -> Evidence:
    others = [hit.meaning for hit in hits if hit.document != found.hit.document]
    margin = found.hit.meaning - max(others) if others else ALONE
    return weigh_up(
        question,
        found.about,
        found.chunk.text,
        weigh,
        words=found.hit.words,
        total=total,
        margin=margin if found.hit.meaning else None,
    )


def faq_answer(found: Sequence[Found], margin: float) -> Grounding:
    """The owner's own words."""
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


def page_answer(found: Sequence[Found], best: Found | None, margin: float) -> Grounding:
    """The quote of *best*, if there is one; else say how much of the question was found."""
    related = tuple(
        one.passage() for one in found if one.coverage >= RELATED_COVERAGE or one is best
    )
    blank = Grounding("nothing", score=found[0].hit.score, margin=margin)
    if best is not None and best.sentences:
        return replace(
            blank,
            status="quoted",
            answer=quote.joined(best.sentences),
            sources=(_source(best),),
            passages=related,
        )
    return replace(blank, status="passages", passages=related) if related else blank


def _source(found: Found) -> Source:
    told = quote.joined(found.sentences)
    named = [found.document.title, below(found.document.title, found.chunk.heading)]
    title = BETWEEN.join(name for name in named if name)
    url = quote.text_fragment(_public(found.document.url), found.sentences[0].text)
    return Source(title, url, told)


def _public(url: str) -> str:
    """Notes, files and FAQ entries have no address a visitor could open."""
    return url if url.startswith(("http://", "https://")) else ""
