"""Whether two questions ask the same, as far as that can be checked.

Similarity alone does not tell: “activer” and “désactiver”, “ouverts” and “fermés” are closer to
each other (cosine 0.96) than most true paraphrases (0.94). Numbers, names, negations and opposites
do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatbot_server.retrieval.answer.search.query import ParsedText, Query
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.language.dialogue.contrast import are_opposed
from chatbot_server.retrieval.language.dialogue.properties import (
    Property,
    asked_property,
    states_property,
)
from chatbot_server.retrieval.language.facts import Fact
from chatbot_server.retrieval.language.words import stems

# The share of common stems from which two texts have nearly the same words.
SAME_WORDS = 0.9
# A name in more than this share of the chunks is the owner's own.
COMMON_NAME = 0.05
HARD_FACTS: frozenset[Property] = frozenset({"price", "phone", "email"})


def is_answered_by(query: Query, entry: Candidate, index: SiteIndex) -> bool:
    """Whether *entry* asks the same as *query*, as far as hard facts go."""

    def is_common_name(name: str) -> bool:
        return index.chunks_with(name, query.languages) > max(1, COMMON_NAME * index.chunk_count)

    return (
        _holds_own_words(query, entry)
        and _tells_fact_asked_for(query, entry)
        and any(
            asks_same(query, wording, entry.whole_text, is_common_name)
            for wording in entry.wordings
        )
    )


def _tells_fact_asked_for(query: Query, entry: Candidate) -> bool:
    """Whether *entry* states or asks for a price or a way to reach somebody, if *query* does.

    “How much is the ticket?” is not “What is the ticket's code?”.
    """
    fact = asked_property(query.text, query.languages)
    return (
        fact not in HARD_FACTS
        or states_property(fact, entry.whole_text.text, query.languages)
        or any(asked_property(each.text, query.languages) == fact for each in entry.wordings)
    )


def may_quote(query: Query, entry: Candidate) -> bool:
    """Whether *entry* may be shown under its own question: nothing in it contradicts *query*."""
    return _holds_own_words(query, entry) and any(
        not _is_contrary(query, wording) for wording in entry.wordings
    )


def asks_about_other_acronym(query: Query, entry: Candidate, entries: Sequence[Candidate]) -> bool:
    """Whether *entry* asks about another acronym than *query* does, about which one of *entries*
    asks: “FICP” in place of “FICOBA”.

    If none of them does, the acronym may be written out.
    """
    named = query.acronyms & _words_of_wordings(entries)
    held = entry.whole_text.words.union(*(wording.words for wording in entry.wordings))
    others = frozenset[str]().union(*(wording.acronyms for wording in entry.wordings))
    return bool(named and not named & held and others - query.words)


def _words_of_wordings(entries: Sequence[Candidate]) -> frozenset[str]:
    return frozenset[str]().union(*(text.words for each in entries for text in each.wordings))


def asks_same(
    question: ParsedText,
    wording: ParsedText,
    answer: ParsedText,
    is_common_name: Callable[[str], bool],
) -> bool:
    """Whether *question* asks what *wording* asks and *answer* answers, as far as hard facts go.

    A common name occurs everywhere, so it does not distinguish questions.
    """
    return (
        _has_same_facts(question, wording, answer)
        and question.is_negated == wording.is_negated
        and not are_opposed(question.text, wording.text, question.languages)
        and _has_same_names(question, wording, answer, is_common_name)
        and asks_for_whole_compounds(question, wording)
    )


def has_same_words(question: ParsedText, wording: ParsedText) -> bool:
    """Whether both have nearly the same stems."""
    return stems.overlap(frozenset(question.stems), frozenset(wording.stems)) >= SAME_WORDS


def asks_for_whole_compounds(question: ParsedText, title: ParsedText) -> bool:
    """Whether *question* names no single part of a compound in *title*: a “chèque-vacances” is not
    a cheque."""
    return not any(len(parts & question.words) == 1 for parts in title.compounds)


def _holds_own_words(query: Query, candidate: Candidate) -> bool:
    """Whether *candidate* contains all content words of a follow-up itself."""
    if query.own is None:
        return True
    titles = candidate.parsed(f"{candidate.about.text} {' '.join(candidate.document.wordings)}")
    terms = titles.terms | candidate.terms
    return all(word.is_in(terms) for word in query.own.content_words) and asks_for_whole_compounds(
        query.own, titles
    )


def _is_contrary(question: ParsedText, wording: ParsedText) -> bool:
    """Whether *wording* asks about another thing of the same kind: “2 personnes”, “Belgique”."""
    only_asked = _plain_facts(question, wording) - wording.facts
    only_there = _plain_facts(wording, question) - question.facts
    return (
        bool({fact.kind for fact in only_asked} & {fact.kind for fact in only_there})
        or _has_other_number(question, wording)
        or bool(question.spelled_names - wording.words and wording.spelled_names - question.words)
        or are_opposed(question.text, wording.text, question.languages)
    )


def _plain_facts(text: ParsedText, other: ParsedText) -> frozenset[Fact]:
    """The facts of *text*, without the numbers that belong to names there or in *other*."""
    numbers = {number for _name, number in text.numbered_names | other.numbered_names}
    return frozenset(fact for fact in text.facts if fact.value not in numbers)


def _has_other_number(question: ParsedText, wording: ParsedText) -> bool:
    """Whether both give the same name different numbers: “Windows 10”, “Windows 11”."""
    numbers = dict(wording.numbered_names)
    return any(numbers.get(name, number) != number for name, number in question.numbered_names)


def _has_same_facts(question: ParsedText, wording: ParsedText, answer: ParsedText) -> bool:
    question_facts = _plain_facts(question, wording)
    wording_facts = _plain_facts(wording, question)
    if _has_other_number(question, wording):
        return False
    if wording_facts:
        return question_facts == wording_facts
    return question_facts <= answer.facts


def _has_same_names(
    question: ParsedText,
    wording: ParsedText,
    answer: ParsedText,
    is_common_name: Callable[[str], bool],
) -> bool:
    # An entry about something named only answers questions that name it.
    return question.names <= wording.words | answer.words and all(
        is_common_name(name) for name in wording.names - question.words
    )
