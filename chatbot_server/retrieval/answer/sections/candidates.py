"""The sections that may answer a query: loaded, best first, and those on its subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chatbot_server.retrieval.answer.search.comparison import compare_all
from chatbot_server.retrieval.answer.search.fusion import ChunkMatch, Hit, lead
from chatbot_server.retrieval.answer.search.query import ADDRESS, CONTACTS, PRICE, Query
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.search.site_memory import read_vectors
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.sections.relevance import (
    INTERACTION_WEIGHT,
    by_relevance,
    match_scores,
)
from chatbot_server.retrieval.answer.sections.whole_tables import with_whole_tables
from chatbot_server.retrieval.language.words.synonyms import Word

# The answer is expected in one of the best documents, unless all sections were compared, and in one
# of their best sections.
DOCUMENTS = 8
SECTIONS = 12
# Prices and contacts of the place may be stated in a footer or a list, near to no question.
SECTIONS_IN_GENERAL = 40
STATED_ANYWHERE = CONTACTS | {ADDRESS, PRICE}
# The share of a follow-up's subject that a section must contain, relative to the best section.
SUBJECT_SHARE = 0.6


def load_candidates(
    index: SiteIndex, query: Query, hits: Sequence[Hit], limit: int
) -> list[Candidate]:
    """The best chunks of the first *limit* of *hits*, except those deleted meanwhile."""
    by_chunk = {hit.chunk: hit for hit in hits[:limit]}
    sections = index.memory.sections(index.unit, [*by_chunk])
    return [Candidate(query, by_chunk[section.chunk.id], section) for section in sections]


def load_sections(index: SiteIndex, query: Query, hits: Sequence[Hit]) -> list[Candidate]:
    """The sections of the best *hits* that may answer *query*, best first.

    The best chunk of the first hit is always among them, unless it was deleted meanwhile.
    """
    interactions = compare_all(index, query)
    documents = hits if interactions else hits[:DOCUMENTS]
    by_chunk = {chunk: hit for hit in documents for chunk in hit.matches}
    matches = {chunk: hit.matches[chunk] for chunk, hit in by_chunk.items()}
    count = SECTIONS_IN_GENERAL if query.general in STATED_ANYWHERE else SECTIONS
    chunks = _best_chunks(matches, interactions, hits[0].chunk, count)
    chunks += [
        chunk
        for chunk in _highest(query.earlier.distances, count)
        if chunk in matches.keys() - {*chunks}
    ]
    sections = with_whole_tables(index.unit, index.memory.sections(index.unit, chunks))
    by_text: dict[tuple[int, str, str], Candidate] = {}  # of parts of one table, the best alone
    for section in sections:
        if by_chunk[section.chunk.id].document == section.document.id:
            text = section.document.id, section.chunk.heading, section.chunk.text
            by_text.setdefault(text, Candidate(query, by_chunk[section.chunk.id], section))
    candidates = [each for each in by_text.values() if each.sentences or each.document.faq]
    ranks = {hit.document: rank for rank, hit in enumerate(hits)}
    model = query.meanings.model if query.meanings else ""
    if model:
        read_vectors(index.unit, [candidate.section for candidate in candidates], model)
    for candidate in candidates:
        candidate.vector = candidate.section.vectors.get(model)
        candidate.interaction = interactions.get(candidate.chunk.id)
        candidate.rank = ranks[candidate.hit.document]
        candidate.lead = lead(candidate.hit, hits)
    return by_relevance(candidates)


def _best_chunks(
    matches: Mapping[int, ChunkMatch], interactions: Mapping[int, float], best: int, count: int
) -> list[int]:
    """The best *count* of the chunks of *matches* and, in any case, *best*: best first.

    Entries have no interaction. They are chosen by their matches alone, beside the pages.
    """
    scores = match_scores(matches)
    by_match = _highest(scores, count)
    entries = [chunk for chunk in by_match if chunk not in interactions]
    for chunk in scores.keys() & interactions.keys():
        scores[chunk] += INTERACTION_WEIGHT * interactions[chunk]
    of_pages = _highest({chunk: scores[chunk] for chunk in scores if chunk in interactions}, count)
    best_chunks = {best, *entries, *of_pages}
    return sorted(best_chunks, key=lambda chunk: (-scores[chunk], chunk))


def _highest(scores: Mapping[int, float], count: int) -> list[int]:
    """The *count* chunks with the best *scores*."""
    return sorted(scores, key=lambda chunk: (-scores[chunk], chunk))[:count]


def on_subject(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """Those of *sections* that are about the subject a follow-up takes from earlier questions.

    “And the phone number?” after a question about Hull is not answered with another shop's.
    """
    if query.own is None:
        return list(sections)
    own_words = query.own.content_words
    subject = [word for word in query.content_words if word not in own_words]
    first, second = (subject, own_words) if query.keeps_subject else (own_words, subject)
    return _holding_most(_holding_most(sections, first, query), second, query)


def _holding_most(
    sections: Sequence[Candidate], words: Sequence[Word], query: Query
) -> list[Candidate]:
    """Those of *sections* that contain at least :data:`SUBJECT_SHARE` of the weight that the best
    one contains of *words*."""
    weights = [
        sum(word.weight(query.rarity) for word in words if word.is_in(section.terms))
        for section in sections
    ]
    least = SUBJECT_SHARE * max(weights, default=0.0)
    return [section for section, weight in zip(sections, weights, strict=True) if weight >= least]
