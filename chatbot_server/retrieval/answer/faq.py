"""When a match is sure enough to answer with the owner's own words, and no model.

Absolute similarity says nothing: “activer” and “désactiver”, “ouverts” and “fermés” are
closer to each other (cosine 0.96) than most true paraphrases (0.94). What counts is
the *margin* to the next best, and that numbers, names and negations are equal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from chatbot_server.retrieval.answer.candidates import Candidate
from chatbot_server.retrieval.answer.fusion import Hit
from chatbot_server.retrieval.answer.query import ParsedText, Query
from chatbot_server.retrieval.answer.site_index import SiteIndex
from chatbot_server.retrieval.language import synonyms
from chatbot_server.retrieval.language.contrast import are_opposed

# Measured on the CNIL's FAQ, see docs/decisions/0004-retrieval.md.
SURE_MARGIN = 0.02
BOTH_MARGIN = 0.008
# In a small FAQ the nearest entry may be far above the rest and still speak of something else.
# True matches of the CNIL's questions: 0.895 and more; unrelated questions: up to 0.854.
NEAR_ENOUGH = 0.88
# Without vectors, only nearly the same words are sure.
SAME_WORDS = 0.9
# An entry that is no sure answer is quoted only if it is one of the best documents, and by a sum
# of its own, fitted on XQuAD. The sum for pages cannot tell near twins: on the CNIL's FAQ, which
# is full of them, it quotes 15 wrong entries for 78 questions instead of 4, and no more right ones.
QUOTED_ENTRIES = 3
FARTHEST_BEHIND, WIDEST_LEAD = -0.01, 0.06
# A name that stands in more than this share of the entries is the owner's own.
COMMON_NAME = 0.05


def is_clear(hits: Sequence[Hit]) -> bool:
    """Whether the best document is far enough from all others to be the only one meant.

    With vectors: its nearest wording or chunk by 0.02, or title and chunk each by 0.008. By
    words alone, :func:`has_same_words` decides.
    """
    first, others = hits[0], hits[1:]
    if first.meaning and max(first.title_cosine, first.text_cosine) < NEAR_ENOUGH:
        return False
    if not others:
        return True
    if not first.meaning:
        return first.word_score > max(hit.word_score for hit in others)
    nearest = max(first.title_cosine, first.text_cosine) - max(
        max(hit.title_cosine, hit.text_cosine) for hit in others
    )
    title = first.title_cosine - max(hit.title_cosine for hit in others)
    text = first.text_cosine - max(hit.text_cosine for hit in others)
    return nearest >= SURE_MARGIN or min(title, text) >= BOTH_MARGIN


def is_answered_by(query: Query, candidate: Candidate, index: SiteIndex) -> bool:
    """Whether *candidate* is an entry that asks the same, as far as hard facts go."""
    if not candidate.document.faq or not _holds_own_words(query, candidate):
        return False
    if not candidate.hit.meaning and not any(
        has_same_words(query, wording) for wording in candidate.wordings
    ):
        return False
    return _asks_same_as_entry(query, candidate, index)


def may_quote(query: Query, candidate: Candidate, index: SiteIndex) -> bool:
    """Whether *candidate* may be quoted: an entry only where nothing it asks is another thing."""
    if not asks_for_whole_compounds(query, candidate.about):
        return False
    if not candidate.document.faq:
        return _holds_an_own_word(query, candidate) and not _only_title_fits(query, candidate)
    return (
        _holds_own_words(query, candidate)
        and any(speaks_of_half(query, wording) for wording in candidate.wordings)
        and _asks_same_as_entry(query, candidate, index)
        and candidate.rank < QUOTED_ENTRIES
        and candidate.chunk.id == candidate.hit.chunk
        and _entry_strength(query, candidate, index) >= 0
    )


def asks_same(
    question: ParsedText,
    wording: ParsedText,
    answer: ParsedText,
    is_common_name: Callable[[str], bool],
) -> bool:
    """Whether *question* asks what *wording* asks and *answer* answers, as far as hard facts go.

    A common name stands everywhere and so distinguishes nothing.
    """
    return (
        _has_same_facts(question, wording, answer)
        and question.is_negated == wording.is_negated
        and not are_opposed(question.text, wording.text, question.languages)
        and _has_same_names(question, wording, answer, is_common_name)
        and asks_for_whole_compounds(question, wording)
    )


def has_same_words(question: ParsedText, wording: ParsedText) -> bool:
    """Whether both have nearly the same stems (Dice)."""
    question_stems, wording_stems = set(question.stems), set(wording.stems)
    both = len(question_stems) + len(wording_stems)
    return 2 * len(question_stems & wording_stems) >= SAME_WORDS * both


def speaks_of_half(question: ParsedText, wording: ParsedText) -> bool:
    """Whether *question* speaks of at least half of what *wording* asks about."""
    words = wording.content_words
    return 2 * sum(word.is_in(question.terms) for word in words) >= len(words)


def asks_for_whole_compounds(question: ParsedText, title: ParsedText) -> bool:
    """Whether compounds of *title* are asked for whole: a “chèque-vacances” is no cheque."""
    return not any(len(parts & question.words) == 1 for parts in title.compounds)


def _holds_own_words(query: Query, candidate: Candidate) -> bool:
    """Whether *candidate* speaks of everything that a follow-up itself is about."""
    if query.own is None:
        return True
    titles = query.parse(f"{candidate.about.text} {' '.join(candidate.document.wordings)}")
    terms = titles.terms | candidate.terms
    return all(word.is_in(terms) for word in query.own.content_words) and asks_for_whole_compounds(
        query.own, titles
    )


def _entry_strength(query: Query, entry: Candidate, index: SiteIndex) -> float:
    """How much speaks for quoting *entry*, beyond what is enough."""
    terms = entry.sentence_terms
    together = max(
        query.coverage(frozenset().union(*terms[at : at + 2]))
        for at in range(max(1, len(terms) - 1))
    )
    content_words = query.content_words
    missing = sum(not word.is_in(entry.terms) for word in content_words)
    missing_share = missing / len(content_words) if content_words else 1.0
    names = [synonyms.word(name, query.languages) for name in query.names]
    names_there = sum(bool(name.stems & entry.terms) for name in names)
    names_share = names_there / len(names) if names else 1.0
    bm25 = entry.hit.word_score / math.log(max(index.chunk_count, 2) + 1)
    if entry.lead is None:
        return together + 0.45 * names_share - 0.6 * missing_share + 0.19 * bm25 - 1.22
    ahead = min(max(entry.lead, FARTHEST_BEHIND), WIDEST_LEAD)
    by_words = together + 0.1 * names_share - 0.8 * missing_share + 0.07 * bm25
    return by_words + 18 * ahead - 0.68


def _holds_an_own_word(query: Query, section: Candidate) -> bool:
    """Whether *section* speaks of anything that a follow-up itself is about, if it says so."""
    own_words = query.own.content_words if query.own else []
    return not own_words or any(word.is_in(section.terms) for word in own_words)


def _asks_same_as_entry(query: Query, entry: Candidate, index: SiteIndex) -> bool:
    def is_common_name(name: str) -> bool:
        return index.chunks_with(name, query.languages) > max(1, COMMON_NAME * index.chunk_count)

    return any(
        asks_same(query, wording, entry.whole_text, is_common_name) for wording in entry.wordings
    )


def _has_same_facts(question: ParsedText, wording: ParsedText, answer: ParsedText) -> bool:
    if wording.facts:
        return question.facts == wording.facts
    return question.facts <= answer.facts


def _has_same_names(
    question: ParsedText,
    wording: ParsedText,
    answer: ParsedText,
    is_common_name: Callable[[str], bool],
) -> bool:
    # An entry about one thing by name answers no question that does not name it.
    return question.names <= wording.words | answer.words and all(
        is_common_name(name) for name in wording.names - question.words
    )


def _only_title_fits(query: Query, section: Candidate) -> bool:
    """Whether the page's title alone holds what *section* holds of the question, and not all:
    “terms of sale” is no answer to whether kayaks are sold."""
    there = [word for word in query.content_words if word.is_in(section.terms)]
    is_whole = len(there) == len(query.content_words)
    return bool(there) and not is_whole and not any(word.is_in(section.own_terms) for word in there)
