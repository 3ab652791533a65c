"""Whether a section answers a question, or is only about something related.

No single measure tells these apart, and similarity of meaning least of all. The evidence for the
best section is summed with fitted weights (``evidence.yaml`` says what they were fitted on); below
a threshold, nothing is quoted. See ``docs/decisions/0011-answers-decided-by-fitted-evidence.md``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from typing import Any

import numpy as np

from chatbot_server.resources import read_yaml
from chatbot_server.retrieval.answer.decide.facts_asked_for import (
    lacks_code_in_rows,
    states_price_of_all,
    states_what_is_asked_for,
    tells_who_is_asked_for,
)
from chatbot_server.retrieval.answer.decide.same_question import asks_for_whole_compounds
from chatbot_server.retrieval.answer.search.query import Query, page_of
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.sections.candidates import on_subject
from chatbot_server.retrieval.answer.sections.relevance import section_relevances
from chatbot_server.retrieval.language.dialogue import contrast
from chatbot_server.retrieval.language.dialogue.follow_up import is_follow_up
from chatbot_server.retrieval.language.dialogue.properties import asked_property
from chatbot_server.retrieval.language.ranges import limits_ages
from chatbot_server.retrieval.language.words import synonyms
from chatbot_server.retrieval.language.words.specificity import specificity
from chatbot_server.retrieval.language.words.synonyms import Word

# Larger margins are cut to this one: they are no better evidence.
WIDEST_MARGIN = 3.0
# The margin of a section without another one to compare with.
ALONE = 1.0
# The concepts that are answered by a fact of their own kind.
FACTS = {f"={concept}" for concept in ("price", "phone", "email")}
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Evidence:
    """The evidence for and against the best section.

    Attributes:
        cosine: similarity of section and question; None without vectors.
        hubness: similarity of the section to any question.
        title_cosine: similarity of the page's title and the question.
        coverage: share of the query's weight in title, headings and section.
        pair_coverage: share of it in title, headings and the best two neighbouring sentences.
        missing: share of the query's content words that do not occur in the section.
        unknown: share of them that do not occur on the site.
        rarest_missing: rarity of the rarest missing word; 1 if it does not occur on the site.
        telling_missing: like ``rarest_missing``, weighted by how rare the word is in the question's
            language, and without days and months.
        missing_nearness: how much nearer the section is to the missing words than other sections.
        number_missing: 1 if a number, or a word with a digit, is missing.
        fact_missing: 1 if a price, a telephone number or an e-mail address is asked for, and the
            section neither has nor mentions one.
        names: share of the query's names that occur in the section.
        margin: how much better it fits than the next section with another text, in units of
            :func:`section_relevances`.
        other_language: 1 if the question is in another language than the section.
        words: logarithm of the number of content words in the question.
        chunks: number of chunks of the site.
        under_heading: 1 if the section is under a heading.
        interaction: how well the section's words answer those of the query, -1 to 1; None if they
            were not compared.
        word_nearness: mean cosine of the query's content words and the nearest word of the section
            each; None if these were not read.
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
    under_heading: float
    interaction: float | None
    word_nearness: float | None


@dataclass(frozen=True)
class Gate:
    """A fitted logistic regression: weights of the evidence, and thresholds of the log odds.

    Attributes:
        weights: by the name of the evidence.
        constant: the log odds without any evidence.
        threshold: above it, a section answers.
        sure: above it, an entry is surely asked for.
        near: above it, a section is about something related.
        left_out: the results on sites that were left out of the fit.
    """

    weights: dict[str, float]
    constant: float
    threshold: float
    left_out: dict[str, dict[str, float]]
    sure: float = math.inf
    near: float = 0.0

    def log_odds(self, values: Mapping[str, float | None]) -> float:
        """The log odds (natural logarithm) given the evidence *values*; None counts as 0."""
        return self.constant + sum(
            weight * (values[name] or 0.0) for name, weight in self.weights.items()
        )


def load_gate(name: str) -> Gate:
    """The gate *name* of ``evidence.yaml``."""
    return Gate(**_gates()[name])


@cache
def _gates() -> dict[str, dict[str, Any]]:
    gates: dict[str, dict[str, Any]] = read_yaml(
        "chatbot_server.retrieval.answer.decide", "evidence.yaml"
    )
    return gates


# Numbers of chunks. Up to SMALL_SITE, only the gates of small sites decide; from LARGE_SITE on,
# only the others, which were fitted on a collection of that size. In between, both are averaged.
SMALL_SITE = 80
LARGE_SITE = 240
# Takes the place of LARGE_SITE for sections under headings that were compared with the question.
# The collection is of paragraphs without headings, and its gates refuse most of what six sites of
# 245 to 1,634 chunks answer: see docs/decisions/0024-sections-compared-word-by-word.md.
LARGE_SITE_COMPARED = 4000
# A section that is below the threshold by no more than this, in log odds, is shown beside a no: see
# docs/decisions/0026-what-comes-closest-is-shown-beside-a-no.md.
UNSURE = 1.7
# Above the threshold by no more than this, it is in doubt whether the section answers: of 236 such
# answers on 32 small sites, 0.68 are right, of the 135 further ones 0.90.
IN_DOUBT = 2.0
# After other questions, the threshold is higher by OTHER_PAGE, in log odds, for a page that
# answered none of them, unless the question is complete by itself and the page has a margin of
# FAR_AHEAD: see docs/decisions/0016-answers-as-a-person-would-give-them.md.
OTHER_PAGE, FAR_AHEAD = 1.2, 2.0
# How much higher it is, after other questions, for a section that lacks most of the question's own
# words: of 68 such answers on 12 small sites, it takes 22 back, 17 of which were wrong.
MOST_WORDS, LACKS_WORDS = 0.5, 0.6
# Concepts of those who are told by their age.
AUDIENCES = frozenset({"=adult", "=child"})
# How much lower the threshold is for a section that states the price of all that is named (see
# docs/decisions/0011-answers-decided-by-fitted-evidence.md), or names who is asked for.
FACT_OF_ALL = 3.0
SMALL_SITES = load_gate("small_sites")
SMALL_SITES_COMPARED = load_gate("small_sites_compared")
SMALL_SITES_BY_WORDS = load_gate("small_sites_by_words")
BY_MEANING = load_gate("by_meaning")
ACROSS_LANGUAGES = load_gate("across_languages")
ACROSS_LANGUAGES_READ = load_gate("across_languages_read")
BY_WORDS = load_gate("by_words")


def quotable(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """Those of *sections* that may be quoted: they are of pages, and no rule excludes them."""
    pages = [each for each in sections if not each.document.faq and may_answer(query, each)]
    return on_subject(pages, query)


def may_answer(query: Query, section: Candidate) -> bool:
    """Whether no rule excludes *section* as an answer to *query*.

    - Of a follow-up, it must contain one of the words that are the follow-up's own.
    - It must share more with the query than its page's title, or a half of a compound.
    - It must state a fact of the kind that is asked for, such as a time or a telephone number.
    """
    own_words = query.own.content_words if query.own else []
    has_own_word = not own_words or any(word.is_in(section.terms) for word in own_words)
    return (
        has_own_word
        and asks_for_whole_compounds(query, section.about)
        and not _only_title_fits(query, section)
        and states_what_is_asked_for(query, section)
    )


@dataclass(frozen=True)
class Assessment:
    """Whether a section answers.

    Attributes:
        log_odds: the log odds that it does.
        answers: whether it may be given as the answer.
        is_in_doubt: whether it may be, but the right answer may stand in the next sections.
        is_unsure: whether it is shown beside a no instead, as what comes closest.
        is_near: whether it is about something related, and may help.
    """

    log_odds: float
    answers: bool
    is_in_doubt: bool
    is_unsure: bool
    is_near: bool


def weigh(evidence: Evidence, raised_by: float = 0.0) -> Assessment:
    """Judge a section by the gates fitted for the size of its site, its language, and the search.

    The share of the gate of large sites grows with the logarithm of the number of chunks.

    Args:
        raised_by: how much higher the threshold is than the fitted one, in log odds; negative if
            it is lower.
    """
    share = _share_of_large(evidence)
    is_read, is_compared = evidence.word_nearness is not None, evidence.interaction is not None
    gate_of_small, gate_of_large = SMALL_SITES_COMPARED if is_compared else SMALL_SITES, BY_MEANING
    if evidence.cosine is None:
        gate_of_small, gate_of_large = SMALL_SITES_BY_WORDS, BY_WORDS
    elif evidence.other_language:
        gate_of_large = ACROSS_LANGUAGES_READ if is_read else ACROSS_LANGUAGES
    return _weigh_by([(gate_of_small, 1 - share), (gate_of_large, share)], evidence, raised_by)


def threshold_raise(evidence: Evidence, section: Candidate, query: Query) -> float:
    """How much higher the threshold of *section*, with its *evidence*, is than the fitted one.

    Lower where it states the price of all that *query* names, or names who is asked for. Without
    limit where its row is about another size than that asked for: it is shown beside a no. In a
    conversation, higher, except for a page that answered a question before, and for one that is far
    ahead of all others where *query* is complete by itself: visitors ask for one thing after
    another. Also higher for a section with few words of *query*, looked up alone: it may be about
    what was spoken of before, and not say what is asked of it.
    """
    if states_price_of_all(query, section) or tells_who_is_asked_for(query, section):
        return -FACT_OF_ALL
    if lacks_code_in_rows(query, section):
        return math.inf
    raised_by = OTHER_PAGE if is_held_back(evidence, section, query) else 0.0
    return raised_by + (LACKS_WORDS if lacks_words(evidence, section, query) else 0.0)


def lacks_words(evidence: Evidence, section: Candidate, query: Query) -> bool:
    """Whether *section*, found by *query* alone after other questions, has few of its words.

    Not where an age is asked for, and the section says for whom it is.
    """
    is_later = query.earlier.pages or query.earlier.distances
    if not is_later or query.own is not None or not query.content_words:
        return False
    if evidence.coverage >= MOST_WORDS:
        return False
    asks_for_age = query.counts or asked_property(query.text, query.languages) == "age"
    return not asks_for_age or not (
        section.terms & AUDIENCES or limits_ages(section.chunk.text, query.languages)
    )


def is_held_back(evidence: Evidence, section: Candidate, query: Query) -> bool:
    """Whether *section* must fit better because its page answered none of the questions before."""
    pages, document = query.earlier.pages, section.document
    if not pages or page_of(document.url, document.title) in pages:
        return False
    is_complete = query.own is None and not is_follow_up(
        query.text, query.languages, query.language
    )
    return not is_complete or evidence.margin < FAR_AHEAD


def _share_of_large(evidence: Evidence) -> float:
    """The share of the gate of large sites, 0 to 1."""
    is_compared = evidence.interaction is not None and not evidence.other_language
    largest = LARGE_SITE_COMPARED if is_compared and evidence.under_heading else LARGE_SITE
    size, small, large = map(math.log, (evidence.chunks, SMALL_SITE, largest))
    return min(1.0, max(0.0, (size - small) / (large - small)))


def _weigh_by(
    shares: Sequence[tuple[Gate, float]], evidence: Evidence, raised_by: float
) -> Assessment:
    """Combine the assessments of several gates, each by its share."""
    values = vars(evidence)
    odds = [(share, gate.log_odds(values), gate) for gate, share in shares]
    above_threshold = sum(share * (each - gate.threshold) for share, each, gate in odds)
    return Assessment(
        log_odds=sum(share * each for share, each, _gate in odds),
        answers=above_threshold > raised_by,
        is_in_doubt=raised_by < above_threshold <= raised_by + IN_DOUBT,
        is_unsure=-UNSURE < above_threshold <= raised_by,
        is_near=sum(share * (each - gate.near) for share, each, gate in odds) > 0,
    )


def gather_evidence(sections: Sequence[Candidate], query: Query, chunk_count: int) -> Evidence:
    """The evidence for the first of *sections*, which are given best first."""
    first, content_words = sections[0], query.content_words
    held_by_any = reduce(or_, (section.held for section in sections))
    nowhere = query.rarity("")  # the highest: that of a stem which does not occur on the site
    missing = [word for at, word in enumerate(content_words) if not first.held >> at & 1]
    # “All year” and “from March to October” include days and months without naming them.
    dates = contrast.no_names(query.languages)
    telling = [
        word.weight(query.rarity) * specificity(word.folded, query.language)
        for word in missing
        if word.folded not in dates
    ]
    unknown = [
        word
        for at, word in enumerate(content_words)
        if word.weight(query.rarity) >= nowhere and not held_by_any >> at & 1
    ]
    names = [synonyms.word(name, query.languages) for name in query.names]
    names_there = [name for name in names if name.stems & first.terms]
    word_count = max(1, len(content_words))
    return Evidence(
        cosine=first.match.cosine,
        hubness=first.match.hubness,
        title_cosine=first.hit.title_cosine,
        coverage=first.coverage,
        pair_coverage=first.pair_coverage,
        missing=len(missing) / word_count,
        unknown=len(unknown) / word_count,
        rarest_missing=max((word.weight(query.rarity) for word in missing), default=0.0) / nowhere,
        telling_missing=max(telling, default=0.0) / nowhere,
        missing_nearness=_missing_nearness(missing, sections, query),
        number_missing=float(any(map(_holds_digit, missing))),
        # “Reach you” asks for a telephone number or an e-mail address: one of them is enough.
        fact_missing=float(
            any(word.concepts & FACTS and not word.concepts & first.terms for word in content_words)
        ),
        names=len(names_there) / len(names) if names else 1.0,
        margin=_margin(sections),
        other_language=float(is_in_other_language(first, query)),
        words=math.log1p(len(content_words)),
        chunks=max(1, chunk_count),
        under_heading=float(bool(first.chunk.heading)),
        interaction=first.interaction,
        word_nearness=first.word_nearness,
    )


def is_in_other_language(section: Candidate, query: Query) -> bool:
    """Whether *section* is in another language of the site than *query*."""
    language = section.document.language
    return language in query.languages and language != query.language


def _missing_nearness(
    missing: Sequence[Word], sections: Sequence[Candidate], query: Query
) -> float:
    """How much nearer in meaning to the words *missing* the first of *sections* is than the mean.

    The difference of two cosines; 0 without vectors. “Pool” may be the swimming bath that the
    section is about, or the subject of another page.
    """
    meanings = query.meanings.vectors if query.meanings else {}
    words = [meanings[word.folded] for word in missing if word.folded in meanings]
    vectors = [section.vector for section in sections if section.vector is not None]
    if not words or sections[0].vector is None:
        return 0.0
    meaning = sum(words) / len(words)
    cosines = np.stack(vectors) @ (meaning / (np.linalg.norm(meaning) or 1.0))
    return float(cosines[0] - cosines.mean())


def _holds_digit(word: Word) -> bool:
    return any(_DIGIT.search(stem) for stem in word.stems)


def _margin(sections: Sequence[Candidate]) -> float:
    """How much better the first section fits than the next one with another text."""
    first = sections[0]
    relevances = section_relevances(sections)
    for section in sections[1:]:
        if section.chunk.text != first.chunk.text:
            return min(relevances[first.chunk.id] - relevances[section.chunk.id], WIDEST_MARGIN)
    return ALONE


def _only_title_fits(query: Query, section: Candidate) -> bool:
    """Whether *section* has some words of *query*, not all, and only in its page's title.

    “Terms of sale” does not answer whether kayaks are sold.
    """
    is_whole = section.held == (1 << len(query.content_words)) - 1
    return bool(section.held) and not is_whole and not section.held & section.own_held
