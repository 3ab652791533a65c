"""The order of the sections that may answer a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chatbot_server.retrieval.answer.search.fusion import ChunkMatch
from chatbot_server.retrieval.answer.sections.candidate import Candidate

# The weights of meaning and words in the order of sections: a listwise fit on fourteen small sites,
# each left out once.
NEARNESS_WEIGHT = 60.0
WORDS_WEIGHT = 0.3


@dataclass(frozen=True)
class OrderWeights:
    """The weights of what else orders sections: of the words of the query that they hold, where,
    and of their length, without which a heading with one line under it comes first."""

    coverage: float
    pair_coverage: float
    heading_coverage: float
    length: float


# A listwise fit on the same fourteen sites.
WEIGHTS = OrderWeights(coverage=1.2, pair_coverage=1.7, heading_coverage=0.0, length=0.8)
# Those of sections that were compared word by word: near a fit on 168 sites. On fourteen more that
# nothing is fitted on, the right section is first for 0.67 of 276 questions instead of 0.64.
WEIGHTS_OF_COMPARED = OrderWeights(
    coverage=0.6, pair_coverage=2.2, heading_coverage=1.2, length=0.4
)
# Subtracted from notices that the law requires: “Where can I park?” asks for no notice of cameras.
LEGAL_WEIGHT = 1.0
# The weight of the interaction, for sections that were compared. Of 716 questions to 44 small
# sites, with layers that were fitted on other sites, the right section is first for 0.70 instead of
# 0.63. A lower weight (6) helps less with askers' own words; a higher one (25) harms questions that
# repeat the page's words.
INTERACTION_WEIGHT = 16.0
# The weight of the nearness of words, for sections that were read: in a five-fold fit on 146
# questions in another language than the page, the right one is first for 137 instead of 121.
WORD_NEARNESS_WEIGHT = 100.0
# What the relevances after the questions before it count in those of a question: see
# docs/decisions/0016-answers-as-a-person-would-give-them.md.
CONVERSATION_SHARE = 0.4
# Sections that are so far behind the best one are equally irrelevant.
FARTHEST = 12.0


def by_relevance(candidates: Sequence[Candidate]) -> list[Candidate]:
    """*candidates*, best first."""
    relevances = section_relevances(candidates)
    return sorted(candidates, key=lambda section: (-relevances[section.chunk.id], section.chunk.id))


def section_relevances(candidates: Iterable[Candidate]) -> dict[int, float]:
    """How well each of *candidates* fits the query, by chunk id.

    The unit is arbitrary, and values are comparable within one call only: they are relative to the
    best words. A section that was not compared counts as the lowest that was. After other
    questions, what fits the conversation counts, too.
    """
    by_chunk = {candidate.chunk.id: candidate for candidate in candidates}
    relevances = _own_relevances(by_chunk)
    queries = (candidate.query for candidate in by_chunk.values())
    in_conversation = next((query.earlier.distances for query in queries), {})
    if not in_conversation:
        return relevances
    farthest = min(in_conversation.values())
    return {
        chunk: (1 - CONVERSATION_SHARE) * distance
        + CONVERSATION_SHARE * in_conversation.get(chunk, farthest)
        for chunk, distance in _behind_best(relevances).items()
    }


def distances(candidates: Iterable[Candidate]) -> dict[int, float]:
    """How far the relevance of each of *candidates* is behind the best one's: zero or less."""
    return _behind_best(section_relevances(candidates))


def _behind_best(relevances: Mapping[int, float]) -> dict[int, float]:
    best = max(relevances.values(), default=0.0)
    return {chunk: max(relevance - best, -FARTHEST) for chunk, relevance in relevances.items()}


def _own_relevances(by_chunk: Mapping[int, Candidate]) -> dict[int, float]:
    """How well each section fits the query by itself."""
    nearness = {chunk: section.word_nearness for chunk, section in by_chunk.items()}
    farthest = min((near for near in nearness.values() if near is not None), default=0.0)
    interactions = {
        chunk: section.interaction
        for chunk, section in by_chunk.items()
        if section.interaction is not None
    }
    lowest = min(interactions.values(), default=0.0)
    weights = WEIGHTS_OF_COMPARED if interactions else WEIGHTS
    scores = match_scores({chunk: section.match for chunk, section in by_chunk.items()})
    return {
        chunk: scores[chunk]
        + weights.coverage * section.coverage
        + weights.pair_coverage * section.pair_coverage
        + weights.heading_coverage * section.heading_coverage
        + weights.length * section.length
        - LEGAL_WEIGHT * section.is_legal
        + INTERACTION_WEIGHT * interactions.get(chunk, lowest)
        + WORD_NEARNESS_WEIGHT * (farthest if (near := nearness[chunk]) is None else near)
        for chunk, section in by_chunk.items()
    }


def match_scores(matches: Mapping[int, ChunkMatch]) -> dict[int, float]:
    """The score of each chunk by meaning and words; without a vector it counts as the farthest."""
    best_words = max((match.words for match in matches.values()), default=0.0) or 1.0
    nearness = {chunk: match.nearness for chunk, match in matches.items()}
    lowest = min((near for near in nearness.values() if near is not None), default=0.0)
    return {
        chunk: NEARNESS_WEIGHT * (lowest if (near := nearness[chunk]) is None else near)
        + WORDS_WEIGHT * match.words / best_words
        for chunk, match in matches.items()
    }
