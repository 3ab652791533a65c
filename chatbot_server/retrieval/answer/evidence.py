"""Whether a section answers a question, or only speaks of something near.

No single measure tells them apart, and similarity of meaning least of all. What speaks for the
best section is summed up with the weights of ``evidence.yaml``, which says what they were fitted
on; below the line, nothing is quoted. See
``docs/decisions/0011-answers-decided-by-fitted-evidence.md``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from chatbot_server.resources import read_yaml
from chatbot_server.retrieval.answer.candidates import Candidate, section_relevances
from chatbot_server.retrieval.answer.faq import asks_for_whole_compounds
from chatbot_server.retrieval.answer.query import Query
from chatbot_server.retrieval.language import synonyms

# Beyond this distance, more of it to the second section says no more.
WIDEST_MARGIN = 3.0
# The margin of a section without a second, of which nothing is known but that it has no rival.
ALONE = 1.0


@dataclass(frozen=True)
class Evidence:
    """What speaks for the best section, and against it.

    Attributes:
        cosine: of the section with the question; None without vectors.
        coverage: share of the query's weight that stands in title, headings and section.
        pair_coverage: share that title, headings and two neighbouring sentences hold.
        missing: share of the query's content words that stand nowhere in the section.
        unknown: share of them that stand nowhere on the site.
        names: share of the query's names that stand in the section.
        margin: how much better it fits than the second section.
        other_language: 1 where the question is in another language than the section.
    """

    cosine: float | None
    coverage: float
    pair_coverage: float
    missing: float
    unknown: float
    names: float
    margin: float
    other_language: float


@dataclass(frozen=True)
class Gate:
    """A fitted sum: ``weights`` by the names of what speaks for something, and the line to reach.

    Attributes:
        sure: the line beyond which no doubt is left.
        left_out: what it reached on sites that it was not fitted on.
    """

    weights: dict[str, float]
    constant: float
    threshold: float
    left_out: dict[str, dict[str, float]]
    sure: float = math.inf

    def log_odds(self, values: Mapping[str, float | None]) -> float:
        """The sum of what speaks for it: 0 where as much speaks against it."""
        return self.constant + sum(
            weight * (values[name] or 0.0) for name, weight in self.weights.items()
        )


def load_gate(name: str) -> Gate:
    """The gate *name* of ``evidence.yaml``."""
    return Gate(**read_yaml("chatbot_server.retrieval.answer", "evidence.yaml")[name])


# In chunks; the collection on which the thresholds are fitted has some 240.
SMALL_SITE, LARGE_SITE = 150, 240
SMALL_RELIEF = 0.4
BY_MEANING = load_gate("by_meaning")
ACROSS_LANGUAGES = load_gate("across_languages")
BY_WORDS = load_gate("by_words")


def may_answer(query: Query, section: Candidate) -> bool:
    """Whether nothing rules out that *section* answers *query*: a follow-up's own words are not
    all missing, and what it holds is more than its page's title and less than half a compound."""
    own_words = query.own.content_words if query.own else []
    holds_an_own_word = not own_words or any(word.is_in(section.terms) for word in own_words)
    return (
        holds_an_own_word
        and asks_for_whole_compounds(query, section.about)
        and not _only_title_fits(query, section)
    )


def log_odds(evidence: Evidence, chunk_count: int) -> float:
    """How likely the section answers, as log odds; minus infinity where that is not enough.

    *chunk_count*: of the site. In a small one less speaks of nearly the same: on six of them,
    0.4 less gave eight right answers more of 139, and one more of 101 that should be a no.
    """
    gate = ACROSS_LANGUAGES if evidence.other_language else BY_MEANING
    gate = BY_WORDS if evidence.cosine is None else gate
    odds = gate.log_odds(asdict(evidence))
    share_of_relief = min(1.0, max(0.0, (LARGE_SITE - chunk_count) / (LARGE_SITE - SMALL_SITE)))
    return odds if odds > gate.threshold - SMALL_RELIEF * share_of_relief else -math.inf


def gather_evidence(sections: Sequence[Candidate], query: Query) -> Evidence:
    """What speaks for the first of *sections*, which stand best first."""
    first, content_words = sections[0], query.content_words
    all_terms = frozenset().union(*(section.terms for section in sections))
    nowhere = query.rarity("")  # no stem is rarer than one that is not there
    missing = [word for word in content_words if not word.is_in(first.terms)]
    unknown = [
        word
        for word in missing
        if word.weight(query.rarity) >= nowhere and not word.is_in(all_terms)
    ]
    names = [synonyms.word(name, query.languages) for name in query.names]
    names_there = [name for name in names if name.stems & first.terms]
    word_count = max(1, len(content_words))
    language = first.document.language
    is_other = language in query.languages and language != query.language
    return Evidence(
        cosine=first.match.cosine,
        coverage=first.coverage,
        pair_coverage=first.pair_coverage,
        missing=len(missing) / word_count,
        unknown=len(unknown) / word_count,
        names=len(names_there) / len(names) if names else 1.0,
        margin=_margin(sections),
        other_language=float(is_other),
    )


def _margin(sections: Sequence[Candidate]) -> float:
    """How much better the first fits than the next that says something else."""
    first = sections[0]
    relevances = section_relevances(sections)
    for section in sections[1:]:
        if section.chunk.text != first.chunk.text:
            return min(relevances[first.chunk.id] - relevances[section.chunk.id], WIDEST_MARGIN)
    return ALONE


def _only_title_fits(query: Query, section: Candidate) -> bool:
    """Whether the page's title alone holds what *section* holds of the question, and not all:
    “terms of sale” is no answer to whether kayaks are sold."""
    there = [word for word in query.content_words if word.is_in(section.terms)]
    is_whole = len(there) == len(query.content_words)
    return bool(there) and not is_whole and not any(word.is_in(section.own_terms) for word in there)
