"""What is searched for: a question without its moment, a general one with a common noun.

“And tomorrow?” asks the question before it again, for another day. “C'est ouvert quand ?” and
“Where are you?” hold only small words, which are near no section in meaning; their noun (“opening
hours”, “address”) is near what stands under such a heading.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatbot_server.messages import LANGUAGES as MESSAGE_LANGUAGES
from chatbot_server.messages import say
from chatbot_server.retrieval.answer.search.query import ADDRESS, MAX_QUESTION, PRICE, Query
from chatbot_server.retrieval.answer.search.searcher import COMMON, Searcher
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.show.closed_days import asks_for_closed_days
from chatbot_server.retrieval.answer.show.hours_asked import asks_only_hours, words_beside_days
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.time.dates import date_of
from chatbot_server.retrieval.language.time.moments import find_moment
from chatbot_server.retrieval.language.time.year_days import without_days
from chatbot_server.retrieval.language.words import stems, synonyms

# The message that holds the noun of each concept which a place can be asked for in general.
GENERAL_NOUNS = {
    "=opening_hours": "opening_hours_noun",
    "=phone": "contact_noun",
    "=email": "contact_noun",
    ADDRESS: "address_noun",
    PRICE: "price_noun",
}
# Up to this number of chunks, a word that all of them contain need not be the name of the place.
FEW_CHUNKS = 2


def reformulate(
    searcher: Searcher,
    index: SiteIndex,
    question: str,
    history: Sequence[str],
    language: str | None,
) -> Query:
    """The query that is searched for in place of *question*.

    A question that repeats an FAQ entry word for word is left as it is.
    """
    query = searcher.query(index, question, history, language)
    if query.entry is not None:
        return query
    moment, rest = find_moment(question[:MAX_QUESTION], query.languages)
    if moment is None:
        if dated_query := _open_on_date(searcher, index, query):
            return dated_query
        return query if query.own is not None else _with_general_noun(searcher, index, query)
    if not stems.says_something(rest, query.languages):
        if not history:
            return query
        *history, previous = history
        _earlier_moment, rest = find_moment(previous, query.languages)
    timeless_query = searcher.query(index, rest, history, query.language)
    return _with_general_noun(searcher, index, timeless_query).at_moment(moment)


def _open_on_date(searcher: Searcher, index: SiteIndex, query: Query) -> Query | None:
    """*query* without the date in it, if it only asks whether the place is open then.

    Pages state the hours of every week, and few dates.
    """
    named_date = date_of(query.days_of_year, query.facts)
    if named_date is None:
        return None
    text = without_days(query.text, query.languages)
    if named_date.year:
        text = text.replace(str(named_date.year), "")
    dated_query = _with_general_noun(
        searcher, index, searcher.query(index, text, (), query.language)
    )
    if dated_query.general != "=opening_hours":
        return None
    return dated_query.on_date(named_date, query.days_of_year)


def _with_general_noun(searcher: Searcher, index: SiteIndex, query: Query) -> Query:
    """*query*, with the common noun for what it asks of the place in general, if it does."""
    question = _without_place(searcher, index, query)
    concept = general_concept(question)
    if not concept:
        return query
    noun = say(GENERAL_NOUNS[concept], query.language)
    if query.language not in MESSAGE_LANGUAGES:
        # The noun is English then, and its stop words would be taken for words of that language.
        noun = stems.words(noun)[0]
    general_query = searcher.query(index, f"{question.text} {noun}", (), query.language)
    for_closed_days = asks_only_hours(question) and asks_for_closed_days(question)
    return general_query.about_place(concept, question, for_closed_days=for_closed_days)


def _without_place(searcher: Searcher, index: SiteIndex, query: Query) -> Query:
    """*query* without its words for the place itself: which days is “the shop” closed?"""
    records = [LANGUAGES[code] for code in query.languages]

    def is_place(word: str) -> bool:
        if not any(word in record.places for record in records):
            return False
        # A word in some chunks only names one of several places, or a section about it.
        chunks = index.chunks_with(word, query.languages)
        return not chunks or chunks > max(FEW_CHUNKS, COMMON * index.chunk_count)

    words = query.content_words
    if not any(word.concepts & GENERAL_NOUNS.keys() for word in words):
        return query
    places = frozenset(word.folded for word in words if not word.concepts and is_place(word.folded))
    if not places or len(places) == len(words):
        return query
    return searcher.query(index, stems.without_words(query.text, places), (), query.language)


def general_concept(query: Query) -> str:
    """The concept of :data:`GENERAL_NOUNS` that *query* asks about the place itself.

    Empty if it asks about none of them, or also about something else.
    """
    has_content_words = stems.says_something(query.text, (query.language,))
    concepts = [
        word.concepts for word in words_beside_days(query) if word.concepts or has_content_words
    ]
    of_all_words = frozenset.intersection(*concepts) if concepts else frozenset()
    if not has_content_words and synonyms.asks_how_much(query.text, query.languages):
        return PRICE  # “C'est combien ?”
    return next((concept for concept in GENERAL_NOUNS if concept in of_all_words), "")
