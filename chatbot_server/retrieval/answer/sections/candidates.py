"""The sections that may answer a query, with their texts, best first."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, reduce
from itertools import pairwise
from operator import or_

from chatbot_server.retrieval.answer.search.comparison import compare_all
from chatbot_server.retrieval.answer.search.fusion import ChunkMatch, Hit, lead
from chatbot_server.retrieval.answer.search.query import ParsedText, Query
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.search.site_memory import SectionText, read_vectors
from chatbot_server.retrieval.answer.sections import quote
from chatbot_server.retrieval.answer.sections.rows import rows_left_out
from chatbot_server.retrieval.answer.sections.whole_tables import with_whole_tables
from chatbot_server.retrieval.base import Passage
from chatbot_server.retrieval.index.chunks import below
from chatbot_server.retrieval.index.vectors import Vector
from chatbot_server.retrieval.language.languages import LANGUAGES, Languages, any_of
from chatbot_server.retrieval.language.tables import row_name
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.words import stems
from chatbot_server.retrieval.language.words.synonyms import Word

# The answer is expected in one of the best documents, unless all sections were compared, and in one
# of their best sections.
DOCUMENTS = 8
SECTIONS = 12
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
# The share of a follow-up's subject that a section must contain, relative to the best section.
SUBJECT_SHARE = 0.6


@cache
def _legal_pages(languages: Languages) -> re.Pattern[str]:
    phrases = any_of(phrase for code in languages for phrase in LANGUAGES[code].legal_pages)
    return re.compile(rf"\b{phrases}\b")


class Candidate:
    """A section of a hit, with cached properties of its texts.

    Attributes:
        query: what it may answer.
        rank: the rank of its document among the hits, from 0.
        lead: how far its document is ahead of the best other one in meaning; None without vectors.
        vector: the vector of the chunk; None if it has none, or the query has no meanings.
        interaction: how well its words answer those of the query; None until they were compared.
        nearness: for each folded word of the query, the cosine of the nearest word in the
            sentences; None until they were read.
    """

    def __init__(self, query: Query, hit: Hit, section: SectionText) -> None:
        self.hit, self.section = hit, section
        self.document, self.chunk = section.document, section.chunk
        self.match = hit.matches.get(section.chunk.id, ChunkMatch())
        self.rank = 0
        self.lead: float | None = None
        self.vector: Vector | None = None
        self.interaction: float | None = None
        self.nearness: Mapping[str, float] | None = None
        self.query = query

    @cached_property
    def about(self) -> ParsedText:
        """Title and headings."""
        return self.parsed(f"{self.document.title} {self.chunk.heading}")

    @cached_property
    def about_terms(self) -> frozenset[str]:
        """The stems and concepts of title and headings."""
        return self.query.terms_of(self.about.text, self.document.language)

    @cached_property
    def wordings(self) -> list[ParsedText]:
        """The question of an entry, in all its wordings."""
        return [self.parsed(text) for text in (self.document.title, *self.document.wordings)]

    @cached_property
    def whole_text(self) -> ParsedText:
        """The text of the document; for an entry, its answer."""
        return self.parsed(self.document.text)

    @cached_property
    def sentences(self) -> list[str]:
        """The sentences of the chunk, without lines that only lead elsewhere."""
        return self.section.sentences(self.query.languages)

    @cached_property
    def sentence_terms(self) -> list[frozenset[str]]:
        """The stems and concepts of each sentence."""
        language = self.document.language
        return [self.query.terms_of(sentence, language) for sentence in self.sentences]

    @cached_property
    def terms(self) -> frozenset[str]:
        """The stems and concepts of title, headings and chunk."""
        return self.about_terms.union(*self.sentence_terms)

    @cached_property
    def own_terms(self) -> frozenset[str]:
        """The stems and concepts of the text and of the headings below the page's title."""
        heading = self.parsed(below(self.document.title, self.chunk.heading))
        return heading.terms.union(*self.sentence_terms)

    @cached_property
    def held(self) -> int:
        """Which of the query's content words it contains: bits, as :meth:`Query.held_in` has."""
        return reduce(or_, self._sentences_held, self._about_held)

    @cached_property
    def own_held(self) -> int:
        """Which of them its text and its headings below the page's title contain."""
        heading = self.parsed(below(self.document.title, self.chunk.heading))
        return reduce(or_, self._sentences_held, self.query.held_in(heading.terms))

    @cached_property
    def _about_held(self) -> int:
        return self.query.held_in(self.about_terms)

    @cached_property
    def _sentences_held(self) -> list[int]:
        return [self.query.held_in(terms) for terms in self.sentence_terms]

    @cached_property
    def is_legal(self) -> bool:
        """Whether the law requires its page, and the query asks for nothing of the kind."""
        title, pattern = self.document.title, _legal_pages(self.query.languages)
        is_legal = self.section.once(
            "legal", self.query.languages, lambda: bool(pattern.search(fold(title)))
        )
        if not is_legal or pattern.search(fold(self.query.text)):
            return False
        return self.query.words.isdisjoint(stems.words(title))

    @cached_property
    def coverage(self) -> float:
        """The share of the query's weight that it contains."""
        return self.query.share_held(self.held)

    @cached_property
    def heading_coverage(self) -> float:
        """The share that title and headings contain."""
        return self.query.share_held(self._about_held)

    @cached_property
    def length(self) -> float:
        """The logarithm of its number of words."""
        return math.log1p(len(self.chunk.text.split()))

    @cached_property
    def pair_coverage(self) -> float:
        """The share that title, headings and the best two neighbouring sentences contain."""
        about, sentences = self._about_held, self._sentences_held
        pairs = {first | second for first, second in pairwise(sentences)} or {*sentences, 0}
        return max(self.query.share_held(about | held) for held in pairs)

    @property
    def word_nearness(self) -> float | None:
        """The mean nearness of the query's content words; None until the section was read."""
        near = self.nearness
        if near is None:
            return None
        words = [word.folded for word in self.query.content_words if word.folded in near]
        return sum(near[word] for word in words) / len(words) if words else 0.0

    @cached_property
    def quoted_sentences(self) -> list[quote.Sentence]:
        """The sentences that answer the query; for a query about days, those with their hours."""
        of_days = quote.of_days(self.sentences, self.query.days, self.query.languages)
        return of_days or quote.pick(self.sentences, self.sentence_terms, self.query)

    @property
    def marked_sentences(self) -> list[quote.Sentence]:
        """The quoted sentences that may be set in bold: with a number or a day, if that is asked.

        “We do not ship abroad” shares a word with “How much is shipping?”, but states no price.
        """
        query, sentences = self.query, self.quoted_sentences
        if query.days:
            return [each for each in sentences if quote.names_day(each.text, query.languages)]
        if query.asks_for_number:
            return [each for each in sentences if quote.tells_number(each.text)]
        return sentences

    @cached_property
    def rows_left_out(self) -> frozenset[int]:
        """The positions of the rows that the query does not ask for."""
        language = self.document.language
        return rows_left_out(self.sentences, self.query, language, self.terms)

    @property
    def is_other_table(self) -> bool:
        """Whether it has named rows, and the query names none of them."""
        names = [text for text in self.sentences if row_name(text)]
        return len(names) > 1 and not self.rows_left_out

    def parsed(self, text: str) -> ParsedText:
        """*text*, which is a part of the section, parsed in the query's languages."""
        return self.section.parsed(text, self.query.languages)

    def passage(self) -> Passage:
        """The section as a model reads it."""
        return Passage(
            chunk=self.chunk.id,
            title=self.document.title,
            heading=self.chunk.heading,
            url=self.document.url,
            text=self.chunk.text,
            score=round(self.hit.score, 4),
        )


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
    chunks = _best_chunks(matches, interactions, hits[0].chunk)
    chunks += [
        chunk for chunk in _highest(query.in_conversation) if chunk in matches.keys() - {*chunks}
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
    matches: Mapping[int, ChunkMatch], interactions: Mapping[int, float], best: int
) -> list[int]:
    """The best of the chunks of *matches* and, in any case, *best*: best first.

    Entries have no interaction. They are chosen by their matches alone, beside the pages.
    """
    scores = _match_scores(matches)
    by_match = _highest(scores)
    entries = [chunk for chunk in by_match if chunk not in interactions]
    for chunk in scores.keys() & interactions.keys():
        scores[chunk] += INTERACTION_WEIGHT * interactions[chunk]
    of_pages = _highest({chunk: scores[chunk] for chunk in scores if chunk in interactions})
    chosen = {best, *entries, *of_pages}
    return sorted(chosen, key=lambda chunk: (-scores[chunk], chunk))


def _highest(scores: Mapping[int, float]) -> list[int]:
    """The chunks with the best *scores*."""
    return sorted(scores, key=lambda chunk: (-scores[chunk], chunk))[:SECTIONS]


def by_relevance(candidates: Sequence[Candidate]) -> list[Candidate]:
    """*candidates*, best first."""
    relevances = section_relevances(candidates)
    return sorted(candidates, key=lambda section: (-relevances[section.chunk.id], section.chunk.id))


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


def section_relevances(candidates: Iterable[Candidate]) -> dict[int, float]:
    """How well each of *candidates* fits the query, by chunk id.

    The unit is arbitrary, and values are comparable within one call only: they are relative to the
    best words. A section that was not compared counts as the lowest that was. After other
    questions, what fits the conversation counts, too.
    """
    by_chunk = {candidate.chunk.id: candidate for candidate in candidates}
    relevances = _own_relevances(by_chunk)
    in_conversation = next((each.query.in_conversation for each in by_chunk.values()), {})
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
    scores = _match_scores({chunk: section.match for chunk, section in by_chunk.items()})
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


def _match_scores(matches: Mapping[int, ChunkMatch]) -> dict[int, float]:
    """The score of each chunk by meaning and words; without a vector it counts as the farthest."""
    best_words = max((match.words for match in matches.values()), default=0.0) or 1.0
    nearness = {chunk: match.nearness for chunk, match in matches.items()}
    lowest = min((near for near in nearness.values() if near is not None), default=0.0)
    return {
        chunk: NEARNESS_WEIGHT * (lowest if (near := nearness[chunk]) is None else near)
        + WORDS_WEIGHT * match.words / best_words
        for chunk, match in matches.items()
    }
