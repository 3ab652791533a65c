"""Whether a section states a fact of the kind that is asked for: a time, a number, a way to call.

Such a question is not answered by a section on the same subject without that fact, however near
it is in meaning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbot_server.retrieval.answer.search.query import CONTACTS, PRICE, Query
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.index.chunks import BETWEEN
from chatbot_server.retrieval.language.dialogue import contrast
from chatbot_server.retrieval.language.dialogue.properties import asked_property, states_property
from chatbot_server.retrieval.language.facts import Kind, facts, states
from chatbot_server.retrieval.language.tables import DASH
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.words.synonyms import Word

# The kinds of facts that can answer “how many” or “when” without a digit.
NUMBERS = {"date", "day", "number", "time"}
LAST_HOUR = 24
_DIGIT = re.compile(r"\d")
# Of a size or model: “a4”. Digits before letters may also be a time: “9am”.
_CODE = re.compile(r"[^\W\d_]{1,4}\d{1,4}")


def states_what_is_asked_for(query: Query, section: Candidate) -> bool:
    """Whether *section* states a number, an hour or a way to reach the place, if that is asked."""
    return (
        _states_number_asked_for(query, section)
        and (not query.asks_for_hour or _states_hour(query, section))
        and _states_contact_asked_for(query, section)
    )


def states_price_of_all(query: Query, section: Candidate) -> bool:
    """Whether *query* asks for a price, and a sentence of *section* has one of all that it names.

    “What does an almond croissant cost?” – “Almond croissant — £3.80”. A part may be named by the
    heading: “205/55 R16 — 118 €” below “Tyres”.
    """
    words = [word for word in query.content_words if PRICE not in word.concepts]
    if not words or asked_property(query.text, query.languages) != "price":
        return False
    return states_price_of(words, section, query)


def tells_who_is_asked_for(query: Query, section: Candidate) -> bool:
    """Whether *query* asks who somebody is, and the heading or a row of *section* names them.

    “Qui est Yannick ?” – “Yannick Le Goff: restaure les papiers”. It may name an office, and a
    person with it: “Who is the captain?” – “Captain — Tom Oduya”.
    """
    words = query.content_words
    if not words or asked_property(query.text, query.languages) != "person":
        return False
    heading = section.chunk.heading.rpartition(BETWEEN)[2]
    lines = [(heading, section.own_heading_terms, section.chunk.text)]
    sentences = zip(section.sentences, section.sentence_terms, strict=True)
    lines += [(text, terms, text) for text, terms in sentences if DASH in text]
    folded_words = {word.folded for word in words}

    def names_them(line: str, person: str) -> bool:
        # The first word of a line is known as a name only inside a sentence.
        names = contrast.names(f", {line}", query.languages, section.document.language)
        return folded_words <= names or states_property("person", person, query.languages)

    return any(
        all(word.is_in(terms) for word in words) and names_them(line, person)
        for line, terms, person in lines
    )


def lacks_code_in_rows(query: Query, section: Candidate) -> bool:
    """Whether *query* names a size or model that *section* states in other rows only.

    “Full leather in A4?” is not answered by “Full leather — Format: A5”, beside rows for A4.
    """
    codes = [word for word in query.content_words if _CODE.fullmatch(word.folded)]
    left_out = section.rows_left_out
    if not codes or not left_out:
        return False
    sentences = enumerate(section.sentence_terms)
    shown = section.about_terms.union(*(terms for at, terms in sentences if at not in left_out))
    return any(word.is_in(section.terms) and not word.is_in(shown) for word in codes)


def states_price_of(words: Sequence[Word], section: Candidate, query: Query) -> bool:
    """Whether a sentence of *section*, with the heading above it, prices what *words* name."""
    return any(
        all(word.is_in(terms | section.own_heading_terms) for word in words)
        and any(fact.kind == "price" for fact in facts(sentence, query.languages))
        for sentence, terms in zip(section.sentences, section.sentence_terms, strict=True)
    )


def _states_number_asked_for(query: Query, section: Candidate) -> bool:
    """Whether *section* states a number, if *query* asks for a number.

    On fourteen small sites, all of the 77 right sections do.
    """
    if not query.begins_with_number_question or "=free" in section.terms:
        return True
    if query.counted_thing and not _counts(section, query.counted_thing, query):
        return False
    texts = (section.chunk.heading, section.chunk.text)

    def tells_number() -> bool:
        return any(map(_DIGIT.search, texts)) or any(
            fact.kind in NUMBERS for text in texts for fact in facts(text, query.languages)
        )

    return section.section.once("number", query.languages, tells_number)


def _counts(section: Candidate, thing: Word, query: Query) -> bool:
    """Whether *section* states a number beside *thing*, if its sentences speak of *thing*.

    “How many students are there?” is not answered by “Students hand in two tasks. [much more]
    Room 12.”
    """
    speaks_of_it = [thing.is_in(terms) for terms in section.sentence_terms]
    return not any(speaks_of_it) or any(
        any(fact.kind == "number" for fact in facts(text, query.languages))
        for at, text in enumerate(section.sentences)
        if any(speaks_of_it[max(0, at - 1) : at + 2])
    )


def _states_hour(query: Query, section: Candidate) -> bool:
    """Whether *section* states a time of the day, or a number that may be one: “from nine”."""
    texts = (section.chunk.heading, section.chunk.text)

    def tells_hour() -> bool:
        return any(
            fact.kind == "time" or (fact.kind == "number" and float(fact.value) <= LAST_HOUR)
            for text in texts
            for fact in facts(text, query.languages)
        )

    return section.section.once("hour", query.languages, tells_hour)


def _states_contact_asked_for(query: Query, section: Candidate) -> bool:
    """Whether *section* tells how to reach the place, if *query* asks for that.

    It must have such a heading, or state a telephone number or an e-mail address: the words “or
    your contact” in its text are not enough. Only a number answers “what is your phone number?”.
    """
    kinds: tuple[Kind, ...] = ("phone", "email")
    if query.asks_for_phone_number:
        kinds = ("phone",)
    elif not query.asks_for_contact or section.about_terms & CONTACTS:
        return True
    text = fold(section.chunk.text)
    return any(states(kind, text, query.languages) for kind in kinds)
