"""When a match is sure enough to answer with the owner's own words, and no model.

Absolute similarity says nothing: “activer” and “désactiver”, “ouverts” and “fermés” are
closer to each other (cosine 0.96) than most true paraphrases (0.94). What counts is
the *margin* to the next best, and that numbers, names and negations are equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from chatbot_server.retrieval.language import stems, synonyms
from chatbot_server.retrieval.language.contrast import are_opposed, is_negated, names
from chatbot_server.retrieval.language.facts import facts
from chatbot_server.retrieval.language.text import fold

# Measured on the CNIL's FAQ, see docs/decisions/0004-retrieval.md.
SURE_MARGIN = 0.02
BOTH_MARGIN = 0.008
# In a small FAQ the nearest entry may be far above the rest and still speak of something else.
# True matches of the CNIL's questions: 0.895 and more; unrelated questions: up to 0.854.
NEAR_ENOUGH = 0.88
# Without vectors, only nearly the same words are sure.
SAME_WORDS = 0.9
# A name that stands in more than this share of the entries is the owner's own.
COMMON_NAME = 0.05

_COMPOUND = re.compile(r"\b[^\W\d_]{3,}-[^\W\d_]{3,}\b")


def agree(question: str, titles: Sequence[str], text: str, common: Callable[[str], bool]) -> bool:
    """Whether *question* asks what an entry answers, as far as hard facts go.

    *titles* are the wordings of the entry's question, *text* its answer;
    ``common(name)`` tells names that stand everywhere and so distinguish nothing.
    """
    return any(_agrees(question, title, text, common) for title in titles)


def same_words(question: str, titles: Sequence[str]) -> bool:
    """Whether the question is one of *titles* in nearly the same words (Dice of stems)."""
    asked = set(stems.query_terms(question))
    told = [set(stems.query_terms(title)) for title in titles]
    return any(2 * len(asked & one) >= SAME_WORDS * (len(asked) + len(one)) for one in told)


def asks_for(question: str, titles: Sequence[str]) -> bool:
    """Whether *question* speaks of at least half of what one of *titles* asks about."""
    said = synonyms.terms_in(question)
    return any(
        2 * sum(word.is_in(said) for word in asked) >= len(asked)
        for asked in map(synonyms.query_words, titles)
    )


def holds(question: str, titles: str, text: str) -> bool:
    """Whether a page under *titles* speaks of everything that *question* is about."""
    said = synonyms.terms_in(f"{titles} {text}")
    asked = synonyms.query_words(question)
    return all(word.is_in(said) for word in asked) and same_compounds(question, titles)


def same_compounds(question: str, title: str) -> bool:
    """Whether compounds of *title* are asked for whole: a “chèque-vacances” is no cheque."""
    asked = set(stems.words(question))
    compounds = [set(stems.content_words(match[0])) for match in _COMPOUND.finditer(fold(title))]
    return not any(len(parts) > 1 and len(parts & asked) == 1 for parts in compounds)


def _agrees(question: str, title: str, text: str, common: Callable[[str], bool]) -> bool:
    return (
        _same_numbers(question, title, text)
        and is_negated(question) == is_negated(title)
        and not are_opposed(question, title)
        and _same_names(question, title, text, common)
        and same_compounds(question, title)
    )


def _same_numbers(question: str, title: str, text: str) -> bool:
    asked, told = facts(question), facts(title)
    return asked == told or (not told and asked <= facts(text))


def _same_names(question: str, title: str, text: str, common: Callable[[str], bool]) -> bool:
    asked, told = set(stems.words(question)), set(stems.words(title))
    everything = told | set(stems.words(text))
    missing = {name for name in names(question) if name not in everything}
    unasked = {name for name in names(title) if name not in asked and not common(name)}
    # An entry about one thing by name answers no question that does not name it.
    return not missing and not unasked
