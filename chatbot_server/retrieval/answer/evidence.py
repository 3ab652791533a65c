"""Whether a section answers a question, or only speaks of something near.

No single measure tells them apart, and similarity of meaning least of all. What speaks for the
best section is summed up with the weights of ``evidence.yaml``, which says what they were fitted
on; below the line, nothing is quoted. See
``docs/decisions/0011-answers-decided-by-fitted-evidence.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from chatbot_server.resources import read_yaml
from chatbot_server.retrieval.answer.candidates import Candidate, section_relevances
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
        other_language_cosine: its cosine then, else 0.
    """

    cosine: float | None
    coverage: float
    pair_coverage: float
    missing: float
    unknown: float
    names: float
    margin: float
    other_language: float
    other_language_cosine: float


@dataclass(frozen=True)
class Gate:
    """The fitted sum: ``weights`` by the names of :class:`Evidence`, and the line to reach.

    ``left_out``: what it reached on sites that it was not fitted on.
    """

    weights: dict[str, float]
    constant: float
    threshold: float
    left_out: dict[str, dict[str, float]]

    def strength(self, evidence: Evidence) -> float:
        """How much speaks for the section beyond what is enough; below 0, too little does."""
        values = asdict(evidence)
        whole: float = sum(weight * values[name] for name, weight in self.weights.items())
        return whole + self.constant - self.threshold


_FITTED = read_yaml("chatbot_server.retrieval.answer", "evidence.yaml")
BY_MEANING = Gate(**_FITTED["by_meaning"])
BY_WORDS = Gate(**_FITTED["by_words"])


def is_enough(evidence: Evidence) -> bool:
    """Whether what speaks for the section is enough to answer with it."""
    gate = BY_WORDS if evidence.cosine is None else BY_MEANING
    return gate.strength(evidence) > 0


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
        other_language_cosine=float(is_other) * (first.match.cosine or 0.0),
    )


def _margin(sections: Sequence[Candidate]) -> float:
    """How much better the first fits than the next that says something else."""
    first = sections[0]
    relevances = section_relevances(sections)
    for section in sections[1:]:
        if section.chunk.text != first.chunk.text:
            return min(relevances[first.chunk.id] - relevances[section.chunk.id], WIDEST_MARGIN)
    return ALONE
