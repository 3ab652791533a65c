"""The rows of a table that a question is about: beside them, those of its neighbours mislead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.language.tables import row_name
from chatbot_server.retrieval.language.time.weekdays import hours_by_day
from chatbot_server.retrieval.language.words import stems

# A row that holds nearly as much of the question as the best one is asked for, too.
NEARLY = 0.85


def rows_left_out(
    sentences: Sequence[str], query: Query, language: str | None, terms: frozenset[str]
) -> frozenset[int]:
    """Positions of the rows among *sentences* that *query* does not ask for; none where it names
    none of them, or all.

    *language* is that of the page, *terms* are those of the whole section.
    """
    by_day = {at: days for at, text in enumerate(sentences) if (days := _days(text, query))}
    if len(by_day) > 1:
        of_days = {at for at, days in by_day.items() if days & query.days}
        return frozenset(by_day) - of_days if of_days else frozenset()
    names = {at: name for at, text in enumerate(sentences) if (name := row_name(text))}
    # “The menu for children” may be a row that calls them otherwise: any menu may be meant.
    is_understood = all(word.is_in(terms) for word in query.content_words)
    named_rows = rows_named(names, query, language, NEARLY if is_understood else 0.0)
    return frozenset(names) - named_rows if named_rows else frozenset()


def rows_named(
    names: Mapping[int, str], query: Query, language: str | None, share: float
) -> frozenset[int]:
    """Those of the rows called *names* that the words of *query* name: for each word the best,
    and those that hold such a *share* of what the best one does."""
    terms = {at: query.terms_of(name, language) for at, name in names.items()}
    weights = {at: query.weight_in(held) for at, held in terms.items()}
    named_rows: set[int] = set()
    for word in query.content_words:
        holders = [at for at, held in terms.items() if word.is_in(held)]
        if 0 < len(holders) < len(names):
            enough = share * max(weights[at] for at in holders)
            best = [at for at in holders if weights[at] >= enough]
            named_rows |= _closest(best, names, query) if share else set(best)
    return frozenset(named_rows)


def _closest(rows: Iterable[int], names: Mapping[int, str], query: Query) -> set[int]:
    """Those of *rows* whose names share most pairs of words with *query*: “check-in” is no
    “check-out”."""
    pairs_of_query = set(pairwise(stems.words(query.text)))
    shared = {at: len(pairs_of_query & set(pairwise(stems.words(names[at])))) for at in rows}
    return {at for at, count in shared.items() if count == max(shared.values())}


def _days(sentence: str, query: Query) -> frozenset[int]:
    """The days of the week whose hours *sentence* tells."""
    return frozenset(hours_by_day(sentence, query.languages))
