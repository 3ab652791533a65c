"""What things cost together: “a pilea with a medium pot and a saucer”."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbot_server.retrieval.answer.decide.facts_asked_for import states_price_of
from chatbot_server.retrieval.answer.search.query import PRICE, Query
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.language.dialogue.properties import asked_property
from chatbot_server.retrieval.language.languages import phrase_pattern
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.words import synonyms
from chatbot_server.retrieval.language.words.synonyms import Word

_SIGNS = re.compile("[,;+&]")


def sections_with_prices_of_parts(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """Those of *sections*, best first, that together state the price of all that *query* lists.

    Of each thing, a sentence with a price must contain all words, or the heading above it. Empty
    if the query asks for no price of several things, or if the price of one of them is not told.
    """
    if asked_property(query.text, query.languages) != "price":
        return []
    parts = _parts(query)
    if len(parts) < 2:
        return []
    priced_sections: list[Candidate] = []
    for words in parts:
        section = next((each for each in sections if states_price_of(words, each, query)), None)
        if section is None:
            return []
        if section not in priced_sections:
            priced_sections.append(section)
    return priced_sections


def _parts(query: Query) -> list[list[Word]]:
    """The words of each thing that *query* lists, without those for the price and for how many."""
    joint = phrase_pattern("list_joints", query.languages)
    texts = joint.sub(",", _SIGNS.sub(",", fold(query.text).replace("’", "'"))).split(",")
    parts = []
    for text in texts:
        words = [
            word
            for word in synonyms.query_words(text, query.languages, query.language)
            if PRICE not in word.concepts and word in query.content_words
        ]
        things = [word for word in words if not word.folded.isdigit()]
        if things:
            parts.append(things)
    return parts
