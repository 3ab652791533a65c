"""From the candidates to what is said: the owner's words, a quote, passages, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chatbot_server.retrieval.answer import quote
from chatbot_server.retrieval.answer.candidates import Candidate
from chatbot_server.retrieval.base import Grounding, Source
from chatbot_server.retrieval.index.chunks import BETWEEN, below

# Share of the query's weight that a passage must hold to be handed to a model.
RELATED_COVERAGE = 0.25


def faq_answer(candidates: Sequence[Candidate]) -> Grounding:
    """The owner's own words: the first candidate's."""
    entry = candidates[0]
    source = Source(
        entry.document.title, _public_url(entry.document.url), entry.document.text[:300]
    )
    return Grounding(
        "faq",
        answer=entry.document.text,
        sources=(source,),
        passages=tuple(candidate.passage() for candidate in candidates),
        score=entry.hit.score,
    )


def page_answer(candidates: Sequence[Candidate], best: Candidate | None) -> Grounding:
    """The quote of *best*, if there is one; else say how much of the question was found."""
    related_passages = tuple(
        candidate.passage()
        for candidate in candidates
        if candidate.coverage >= RELATED_COVERAGE or candidate is best
    )
    grounding = Grounding(
        "passages" if related_passages else "nothing",
        passages=related_passages,
        score=candidates[0].hit.score,
    )
    if best is None or not best.quoted_sentences:
        return grounding
    answer = quote.joined(best.quoted_sentences)
    names = [best.document.title, below(best.document.title, best.chunk.heading)]
    title = BETWEEN.join(name for name in names if name)
    url = quote.text_fragment(_public_url(best.document.url), best.quoted_sentences[0].text)
    source = Source(title, url, answer)
    return replace(grounding, status="quoted", answer=answer, sources=(source,))


def _public_url(url: str) -> str:
    """Notes, files and FAQ entries have no address a visitor could open."""
    return url if url.startswith(("http://", "https://")) else ""
