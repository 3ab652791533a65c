"""What a question asks of a thing that it does not name: “how much is it?”, “who runs it?”."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Literal

from chatbot_server.retrieval.language.dialogue import contrast
from chatbot_server.retrieval.language.facts import Kind, facts, is_fact
from chatbot_server.retrieval.language.languages import (
    ALWAYS_USED,
    LANGUAGES,
    Languages,
    phrase_pattern,
)
from chatbot_server.retrieval.language.ranges import limits_ages
from chatbot_server.retrieval.language.sentences import sentences
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.words import stems, synonyms
from chatbot_server.retrieval.language.words.spelling import common_words

Property = Literal[
    "person", "age", "end", "hour", "duration", "day", "count", "price", "phone", "email", "address"
]
# How to reach it: where the pages do not tell that of the thing, that of the whole place serves.
WAYS_TO_REACH: frozenset[Property] = frozenset({"phone", "email", "address"})

# The phrases that ask for each property, the most specific first: “how long” is no “how much”.
_PHRASES: dict[Property, str] = {
    "person": "asks_who",
    "age": "asks_age",
    "end": "asks_end",
    "hour": "asks_hour",
    "duration": "asks_how_long",
    "day": "asks_when",
    "count": "asks_how_many",
    "price": "asks_how_much",
}
_CONCEPTS: dict[str, Property] = {
    "=price": "price",
    "=free": "price",
    "=duration": "duration",
    "=validity": "duration",
    "=phone": "phone",
    "=email": "email",
    "=address": "address",
}
# The kinds of facts that state a property.
_FACTS: dict[Property, frozenset[Kind]] = {
    "hour": frozenset({"time"}),
    "day": frozenset({"date", "day", "time"}),
    "count": frozenset({"number"}),
    "price": frozenset({"price"}),
    "phone": frozenset({"phone"}),
    "email": frozenset({"email"}),
    "address": frozenset({"street"}),
}


def property_of_it(question: str, languages: Languages = ALWAYS_USED) -> Property | None:
    """The property that *question* asks for, if it names no thing of its own.

    “And how much is it?” asks for the price of what was spoken of before. None if it names a thing,
    or asks those who answer: “when do you open?”.
    """
    flat = fold(question).replace("’", "'")
    is_to_someone = phrase_pattern("addresses_someone", languages).search(flat)
    if is_to_someone or not names_no_thing(question, languages):
        return None
    return asked_property(question, languages)


def asked_property(question: str, languages: Languages = ALWAYS_USED) -> Property | None:
    """The property that *question* asks for, of whatever it names."""
    flat = fold(question).replace("’", "'")
    for name, field in _PHRASES.items():
        if phrase_pattern(field, languages).search(flat):
            return name
    concepts = synonyms.terms_in(question, languages)
    return next((name for concept, name in _CONCEPTS.items() if concept in concepts), None)


def states_property(
    name: Property,
    text: str,
    languages: Languages = ALWAYS_USED,
    names_of_things: frozenset[str] = frozenset(),
) -> bool:
    """Whether *text* states a fact that may be the property *name* of something.

    Args:
        names_of_things: folded words that are nobody's names: “Aqua” of a class of that name.
    """
    if name == "person":
        names = contrast.names(text, languages) - contrast.no_names(languages) - names_of_things
        return bool(names - common_words(languages))  # without “Hall”, “Medium”, “Nuit”
    if name == "end":
        return any(_states_end(sentence, languages) for sentence in sentences(text, languages))
    terms = synonyms.terms_in(text, languages)
    if name == "duration":
        return "=duration" in terms
    if name == "age":
        return "=duration" in terms or limits_ages(text, languages)
    if name == "price" and "=free" in terms:
        return True
    if name == "day" and any(map(synonyms.is_date, terms)):
        return True
    return any(fact.kind in _FACTS[name] for fact in facts(text, languages))


def _states_end(sentence: str, languages: Languages) -> bool:
    """Whether *sentence* states two times or two dates, or until when something lasts."""
    kinds = Counter(fact.kind for fact in facts(sentence, languages))
    is_until = phrase_pattern("until_words", languages).search(fold(sentence).replace("’", "'"))
    least = 1 if is_until else 2
    return any(kinds[kind] >= least for kind in ("time", "date", "day"))


def names_no_thing(question: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether no word of *question* names a thing: “and on Sunday?”, “how many are there?”."""
    flat = phrase_pattern("polite_phrases", languages).sub(" ", fold(question).replace("’", "'"))
    return all(
        word in _empty_words(languages)
        or is_fact(word, languages)
        or not synonyms.word(word, languages).concepts.isdisjoint(_CONCEPTS)
        for word in stems.words(flat)
    )


@cache
def _empty_words(languages: Languages) -> frozenset[str]:
    """The words that name no thing: small words, and those that only ask for a property."""
    fields = ("happening", "measures", "property_words", "stop_words", "stand_ins", "day_words")
    asking = (
        word
        for field in _PHRASES.values()
        for code in languages
        for phrase in getattr(LANGUAGES[code], field)
        for word in stems.words(phrase)
    )
    return frozenset(asking).union(*(_words(languages, field) for field in fields))


@cache
def _words(languages: Languages, field: str) -> frozenset[str]:
    return frozenset().union(*(getattr(LANGUAGES[code], field) for code in languages))
