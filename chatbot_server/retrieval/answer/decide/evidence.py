"""Whether a section answers a question, or only speaks of something near.

No single measure tells them apart, and similarity of meaning least of all. What speaks for the
best section is summed up with the weights of ``evidence.yaml``, which says what they were fitted
on; below the line, nothing is quoted. See
``docs/decisions/0011-answers-decided-by-fitted-evidence.md``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chatbot_server.resources import read_yaml
from chatbot_server.retrieval.answer.decide.faq import asks_for_whole_compounds
from chatbot_server.retrieval.answer.search.query import CONTACTS, Query
from chatbot_server.retrieval.answer.sections.candidates import (
    Candidate,
    on_subject,
    section_relevances,
)
from chatbot_server.retrieval.language.dialogue import contrast
from chatbot_server.retrieval.language.facts import facts, states
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.words import synonyms
from chatbot_server.retrieval.language.words.specificity import specificity
from chatbot_server.retrieval.language.words.synonyms import Word

# Beyond this distance, more of it to the second section says no more.
WIDEST_MARGIN = 3.0
# The margin of a section without a second, of which nothing is known but that it has no rival.
ALONE = 1.0
# So near the line, the words of a small site's section are read. Of four questions it is one; to
# read more of them changes nothing (1.5: 0.40 of them, as many right).
DOUBT = 1.0
# What a word weighs that tells nothing.
LEAST_WEIGHT = 0.05
# What can be asked for, and is told by a fact of its own kind.
FACTS = {f"={concept}" for concept in ("price", "phone", "email")}
# The facts that words can tell of what is counted or dated.
NUMBERS = {"date", "day", "number", "time"}
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Evidence:
    """What speaks for the best section, and against it.

    Attributes:
        cosine: of the section with the question; None without vectors.
        hubness: how near the section is to any question.
        title_cosine: of its page's title with the question.
        coverage: share of the query's weight that stands in title, headings and section.
        pair_coverage: share that title, headings and two neighbouring sentences hold.
        missing: share of the query's content words that stand nowhere in the section.
        unknown: share of them that stand nowhere on the site.
        rarest_missing: how rare the rarest word is that is missing in it; 1: nowhere else either.
        telling_missing: the same, of words that are seldom said in the question's language; of no
            days and months.
        missing_nearness: how much nearer the section is to what is missing in it than the others.
        number_missing: 1 where a number is missing in it, or a word with a digit.
        fact_missing: 1 where a price, a telephone number or an e-mail address is asked for, and
            the section neither has nor mentions one.
        names: share of the query's names that stand in the section.
        margin: how much better it fits than the second section.
        other_language: 1 where the question is in another language than the section.
        words: the logarithm of the question's content words.
        chunks: how many the site has.
        word_nearness: of the query's content words to the words of the section, in the mean; None
            until these were read.
        missing_word_nearness: the same of those that are missing in it, by their rarity.
    """

    cosine: float | None
    hubness: float
    title_cosine: float
    coverage: float
    pair_coverage: float
    missing: float
    unknown: float
    rarest_missing: float
    telling_missing: float
    missing_nearness: float
    number_missing: float
    fact_missing: float
    names: float
    margin: float
    other_language: float
    words: float
    chunks: int
    word_nearness: float | None
    missing_word_nearness: float | None


@dataclass(frozen=True)
class Gate:
    """A fitted sum: ``weights`` by the names of what speaks for something, and the line to reach.

    Attributes:
        sure: the line beyond which no doubt is left.
        near: the line beyond which a section speaks of something near.
        left_out: what it reached on sites that it was not fitted on.
    """

    weights: dict[str, float]
    constant: float
    threshold: float
    left_out: dict[str, dict[str, float]]
    sure: float = math.inf
    near: float = 0.0

    def log_odds(self, values: Mapping[str, float | None]) -> float:
        """The sum of what speaks for it: 0 where as much speaks against it."""
        return self.constant + sum(
            weight * (values[name] or 0.0) for name, weight in self.weights.items()
        )


def load_gate(name: str) -> Gate:
    """The gate *name* of ``evidence.yaml``."""
    return Gate(**read_yaml("chatbot_server.retrieval.answer.decide", "evidence.yaml")[name])


# In chunks: up to the first, the gate of small sites decides alone; from the second on, which is
# the size of the collection that the others are fitted on, those alone.
SMALL_SITE, LARGE_SITE = 80, 240
SMALL_SITES = load_gate("small_sites")
SMALL_SITES_READ = load_gate("small_sites_read")
SMALL_SITES_BY_WORDS = load_gate("small_sites_by_words")
BY_MEANING = load_gate("by_meaning")
ACROSS_LANGUAGES = load_gate("across_languages")
ACROSS_LANGUAGES_READ = load_gate("across_languages_read")
BY_WORDS = load_gate("by_words")


def quotable(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """Those of *sections* that may be quoted: of pages, and nothing rules them out."""
    may = [each for each in sections if not each.document.faq and may_answer(query, each)]
    return on_subject(may, query)


def may_answer(query: Query, section: Candidate) -> bool:
    """Whether nothing rules out that *section* answers *query*: a follow-up's own words are not
    all missing, what it holds is more than its page's title and no half of a compound, and where a
    number or how to reach the place is asked for, it tells that."""
    own_words = query.own.content_words if query.own else []
    holds_an_own_word = not own_words or any(word.is_in(section.terms) for word in own_words)
    return (
        holds_an_own_word
        and asks_for_whole_compounds(query, section.about)
        and not _only_title_fits(query, section)
        and _tells_what_is_counted(query, section)
        and _tells_contact(query, section)
    )


@dataclass(frozen=True)
class Weighed:
    """The log odds that a section answers.

    Attributes:
        answers: it may be told as the answer.
        is_near: it speaks of something near, and may help.
        is_doubtful: little more, or less, and it would have been decided otherwise.
    """

    log_odds: float
    answers: bool
    is_near: bool
    is_doubtful: bool


def weigh(evidence: Evidence) -> Weighed:
    """How likely the section answers."""
    size, small, large = map(math.log, (evidence.chunks, SMALL_SITE, LARGE_SITE))
    share = min(1.0, max(0.0, (size - small) / (large - small)))
    is_read = evidence.word_nearness is not None
    gate_of_small, gate_of_large = SMALL_SITES_READ if is_read else SMALL_SITES, BY_MEANING
    if evidence.cosine is None:
        gate_of_small, gate_of_large = SMALL_SITES_BY_WORDS, BY_WORDS
    elif evidence.other_language:
        gate_of_large = ACROSS_LANGUAGES_READ if is_read else ACROSS_LANGUAGES
    return _weigh_by([(gate_of_small, 1 - share), (gate_of_large, share)], evidence)


def _weigh_by(shares: Sequence[tuple[Gate, float]], evidence: Evidence) -> Weighed:
    """What gates say together, each for its share."""
    values = vars(evidence)
    odds = [(share, gate.log_odds(values), gate) for gate, share in shares]
    beyond_line = sum(share * (each - gate.threshold) for share, each, gate in odds)
    return Weighed(
        log_odds=sum(share * each for share, each, _gate in odds),
        answers=beyond_line > 0,
        is_doubtful=abs(beyond_line) < DOUBT,
        is_near=sum(share * (each - gate.near) for share, each, gate in odds) > 0,
    )


def gather_evidence(sections: Sequence[Candidate], query: Query, chunk_count: int) -> Evidence:
    """What speaks for the first of *sections*, which stand best first, on a site of so many."""
    first, content_words = sections[0], query.content_words
    all_terms = frozenset().union(*(section.terms for section in sections))
    nowhere = query.rarity("")  # no stem is rarer than one that is not there
    missing = [word for word in content_words if not word.is_in(first.terms)]
    # “All year” and “from March to October” hold a day or a month unsaid.
    undated = [word for word in missing if word.folded not in contrast.no_names(query.languages)]
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
        hubness=first.match.hubness,
        title_cosine=first.hit.title_cosine,
        coverage=first.coverage,
        pair_coverage=first.pair_coverage,
        missing=len(missing) / word_count,
        unknown=len(unknown) / word_count,
        rarest_missing=max((word.weight(query.rarity) for word in missing), default=0.0) / nowhere,
        telling_missing=max((_telling(word, query) for word in undated), default=0.0) / nowhere,
        missing_nearness=_missing_nearness(missing, sections, query),
        number_missing=float(any(map(_holds_digit, missing))),
        fact_missing=float(any(_asks_for_other_fact(word, first) for word in content_words)),
        names=len(names_there) / len(names) if names else 1.0,
        margin=_margin(sections),
        other_language=float(is_other),
        words=math.log1p(len(content_words)),
        chunks=max(1, chunk_count),
        word_nearness=first.word_nearness,
        missing_word_nearness=_missing_word_nearness(missing, first, query),
    )


def _telling(word: Word, query: Query) -> float:
    """The rarity of *word* on the site, as far as it is seldom said elsewhere."""
    return word.weight(query.rarity) * specificity(word.folded, query.language)


def _missing_nearness(
    missing: Sequence[Word], sections: Sequence[Candidate], query: Query
) -> float:
    """How much nearer the first of *sections* is to what *missing* words mean than their mean.

    “Pool” may stand for the swimming bath that it speaks of, or for what another page tells.
    """
    meanings = query.meanings.vectors if query.meanings else {}
    words = [meanings[word.folded] for word in missing if word.folded in meanings]
    vectors = [section.vector for section in sections if section.vector is not None]
    if not words or sections[0].vector is None:
        return 0.0
    meaning = np.mean(words, axis=0)
    cosines = np.stack(vectors) @ (meaning / (np.linalg.norm(meaning) or 1.0))
    return float(cosines[0] - cosines.mean())


def _missing_word_nearness(
    missing: Sequence[Word], section: Candidate, query: Query
) -> float | None:
    """How near words of *section* are to what is *missing* in it; 1 where nothing is.

    “Sheep” is near to “lamb”; “voucher” is near to nothing where gifts are not spoken of.
    """
    if section.nearness is None:
        return None
    nowhere = query.rarity("")
    pairs = [
        (_telling(word, query) / nowhere + LEAST_WEIGHT, section.nearness[word.folded])
        for word in missing
        if word.folded in section.nearness
    ]
    whole = sum(weight for weight, _near in pairs)
    return sum(weight * near for weight, near in pairs) / whole if whole else 1.0


def _asks_for_other_fact(word: Word, section: Candidate) -> bool:
    """Whether *word* asks for facts of which *section* has none: “reach you” asks for either."""
    asked_facts = word.concepts & FACTS
    return bool(asked_facts) and not asked_facts & section.terms


def _holds_digit(word: Word) -> bool:
    return any(_DIGIT.search(stem) for stem in word.stems)


def _margin(sections: Sequence[Candidate]) -> float:
    """How much better the first fits than the next that says something else."""
    first = sections[0]
    relevances = section_relevances(sections)
    for section in sections[1:]:
        if section.chunk.text != first.chunk.text:
            return min(relevances[first.chunk.id] - relevances[section.chunk.id], WIDEST_MARGIN)
    return ALONE


def _tells_what_is_counted(query: Query, section: Candidate) -> bool:
    """Whether *section* tells a number, or that it is free, unless *query* asks for none.

    On fourteen small sites all of 77 right sections do.
    """
    if not query.begins_with_number_question or "=free" in section.terms:
        return True
    texts = (section.chunk.heading, section.chunk.text)

    def tells_number() -> bool:
        return any(map(_DIGIT.search, texts)) or any(
            fact.kind in NUMBERS for text in texts for fact in facts(text, query.languages)
        )

    return section.section.once("number", query.languages, tells_number)


def _tells_contact(query: Query, section: Candidate) -> bool:
    """Whether *section* states a telephone number or an e-mail address, or is headed as telling
    how to reach the place, unless *query* asks for none: “or your contact” in a text is none."""
    if not query.asks_for_contact or section.about_terms & CONTACTS:
        return True
    text = fold(section.chunk.text)
    return any(states(kind, text, query.languages) for kind in ("phone", "email"))


def _only_title_fits(query: Query, section: Candidate) -> bool:
    """Whether the page's title alone holds what *section* holds of the question, and not all:
    “terms of sale” is no answer to whether kayaks are sold."""
    there = [word for word in query.content_words if word.is_in(section.terms)]
    is_whole = len(there) == len(query.content_words)
    return bool(there) and not is_whole and not any(word.is_in(section.own_terms) for word in there)
