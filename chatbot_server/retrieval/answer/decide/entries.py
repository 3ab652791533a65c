"""Whether a question asks for an FAQ entry: surely, or nearly enough to show the entry.

An entry is found by two texts, its question and its answer, and entries resemble each other. A
sure entry must therefore be far ahead of the others, and agree with the visitor's question in
numbers, names and negations. An entry that is only near is shown under its own question. The
weights are fitted like those of sections, see
``docs/decisions/0011-answers-decided-by-fitted-evidence.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

from chatbot_server.retrieval.answer.decide.evidence import Gate, load_gate
from chatbot_server.retrieval.answer.decide.same_question import (
    asks_about_other_acronym,
    has_same_words,
    is_answered_by,
    may_quote,
)
from chatbot_server.retrieval.answer.search.fusion import Hit
from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.sections.candidate import Candidate

BY_MEANING = load_gate("entries_by_meaning")
BY_WORDS = load_gate("entries_by_words")
# The cosine that E5 gives to unrelated texts.
UNRELATED = 0.8
# Leads are cut to this, in both directions: larger ones are no better evidence.
WIDEST_LEAD = 0.06
# How far a sure entry must be ahead of every other, so that two nearly equal ones are never sure.
SURE_LEAD = 0.01
# A second entry is shown beside the first if its log odds are lower by no more than this, even
# if it would not be shown alone: of 5 such pairs in a large FAQ, the second is right in 2.
CLOSE = 0.8
# How far an entry must be above the threshold on a site with pages: it was fitted on FAQs alone.
BESIDE_PAGES = 0.7
# From this number of chunks on, the threshold of an entry is lower in a FAQ, if the entry has at
# least this lead over the next one (both in log odds). Among many entries about one subject, the
# lead tells which one is meant; in a FAQ of twenty, the others may be about something else.
LARGE_FAQ = 240
LOWER_IN_LARGE_FAQ, LEAD_IN_LARGE_FAQ = 1.0, 1.2
# Up to this number of entries, one without a word of the question is not near. To E5, all short
# questions are alike, so that being ahead of pages says little.
FEW_ENTRIES = 3
# Two entries with more words are not shown together.
MAX_WORDS = 300


@dataclass(frozen=True)
class EntryEvidence:
    """The evidence for and against an entry being the one that is asked for.

    Attributes:
        title_cosine, text_cosine: similarity of its nearest wording, and of its answer, to the
            question; 0 without vectors.
        title_ahead, text_ahead: how far these are above the mean of the other hits.
        lead: how far the higher of both is above the highest of the other hits.
        score: the fused score of its hit, 0…1.
        wording_coverage: share of the query's weight in the best of its wordings.
        coverage: share of the query's weight in wordings and answer together.
        reverse_coverage: share of a wording's weight in the query.
        missing: share of the query's content words that do not occur in the entry.
        other_language: 1 if it is in another language than the question.
        other_kind: 1 if the question asks for a number, and none of its wordings does.
    """

    title_cosine: float
    text_cosine: float
    title_ahead: float
    text_ahead: float
    lead: float
    score: float
    wording_coverage: float
    coverage: float
    reverse_coverage: float
    missing: float
    other_language: float
    other_kind: float


@dataclass(frozen=True)
class RankedEntry:
    """An entry, and the log odds that it is asked for, from the weights of ``gate``."""

    candidate: Candidate
    evidence: EntryEvidence
    log_odds: float
    gate: Gate

    @property
    def shares_words(self) -> bool:
        """Whether it has a word of the question; if it is in another language, it need not."""
        return bool(self.evidence.coverage or self.evidence.other_language)

    @property
    def is_sure(self) -> bool:
        """Whether it may be given as the answer."""
        is_ahead = self.evidence.lead >= SURE_LEAD
        return self.log_odds > self.gate.sure and is_ahead and self.shares_words


def ranked_entries(
    query: Query, sections: Sequence[Candidate], hits: Sequence[Hit]
) -> list[RankedEntry]:
    """The entries among *sections*, each with its best section, best first."""
    first: dict[int, Candidate] = {}
    for section in sections:
        first.setdefault(section.document.id, section)
    # A page that says the same as an entry is not its rival.
    rivals = [hit for hit in hits if hit.document not in first or first[hit.document].document.faq]
    gate = BY_MEANING if any(hit.meaning for hit in hits) else BY_WORDS
    entries = []
    for section in (section for section in first.values() if section.document.faq):
        evidence = gather_entry_evidence(query, section, rivals)
        entries.append(RankedEntry(section, evidence, gate.log_odds(asdict(evidence)), gate))
    return sorted(entries, key=lambda entry: (-entry.log_odds, entry.candidate.chunk.id))


def sure_entry(query: Query, entries: Sequence[RankedEntry], index: SiteIndex) -> Candidate | None:
    """The one of *entries*, best first, that is surely asked for; None if no one is."""
    for entry in entries:
        if entry.candidate.document.id == query.entry:
            return entry.candidate
    if not entries:
        return None
    best = entries[0].candidate
    is_sure = entries[0].is_sure
    if entries[0].gate is BY_WORDS:  # only a single entry with nearly the same words is sure
        alike = [
            entry
            for entry in entries
            if any(has_same_words(query, wording) for wording in entry.candidate.wordings)
        ]
        is_sure = alike == entries[:1]
    return best if is_sure and is_answered_by(query, best, index) else None


def near_entries(
    query: Query, entries: Sequence[RankedEntry], chunk_count: int, *, beside_pages: bool
) -> list[RankedEntry]:
    """At most two of *entries*, best first, to be shown under their own questions.

    Args:
        chunk_count: the number of chunks of the site.
        beside_pages: the site has pages, which may answer better.
    """
    candidates = [entry.candidate for entry in entries]
    entries = [
        entry
        for entry in entries
        if may_quote(query, entry.candidate)
        if not asks_about_other_acronym(query, entry.candidate, candidates)
        if entry.shares_words or len(candidates) > FEW_ENTRIES
    ]
    if not entries:
        return []
    threshold = entries[0].gate.threshold + (BESIDE_PAGES if beside_pages else 0.0)
    if chunk_count >= LARGE_FAQ and not beside_pages and _lead(entries) >= LEAD_IN_LARGE_FAQ:
        threshold -= LOWER_IN_LARGE_FAQ
    if entries[0].log_odds <= threshold:
        return []
    texts = [entry.candidate.chunk.text for entry in entries[:2]]
    is_short = sum(len(text.split()) for text in texts) <= MAX_WORDS
    return entries[: 2 if is_short and _lead(entries) <= CLOSE else 1]


def _lead(entries: Sequence[RankedEntry]) -> float:
    """How far the first of *entries* is ahead of the second, in log odds; 0 without a second."""
    return entries[0].log_odds - entries[1].log_odds if len(entries) > 1 else 0.0


def gather_entry_evidence(query: Query, entry: Candidate, hits: Sequence[Hit]) -> EntryEvidence:
    """The evidence for *entry*, partly relative to the other *hits*."""
    hit = entry.hit
    others = [other for other in hits if other.document != hit.document and other.meaning]
    titles = [other.title_cosine for other in others] or [UNRELATED]
    texts = [other.text_cosine for other in others] or [UNRELATED]
    lead = max(hit.title_cosine, hit.text_cosine) - max(*titles, *texts)
    terms = entry.terms | entry.whole_text.terms.union(*(text.terms for text in entry.wordings))
    words = query.content_words
    language = entry.document.language
    has_meaning = bool(hit.meaning)
    return EntryEvidence(
        title_cosine=hit.title_cosine,
        text_cosine=hit.text_cosine,
        title_ahead=hit.title_cosine - fmean(titles) if has_meaning else 0.0,
        text_ahead=hit.text_cosine - fmean(texts) if has_meaning else 0.0,
        lead=max(-WIDEST_LEAD, min(WIDEST_LEAD, lead)) if has_meaning else 0.0,
        score=hit.score,
        wording_coverage=max(query.coverage(wording.terms) for wording in entry.wordings),
        coverage=query.coverage(terms),
        reverse_coverage=max(query.share_of(wording) for wording in entry.wordings),
        missing=sum(not word.is_in(terms) for word in words) / max(1, len(words)),
        other_language=float(language in query.languages and language != query.language),
        other_kind=float(
            query.asks_for_number and not any(each.asks_for_number for each in entry.wordings)
        ),
    )
