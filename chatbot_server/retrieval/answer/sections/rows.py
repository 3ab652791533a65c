"""The rows of a table that a question asks for; the others would mislead beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.language.dialogue import contrast
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.ranges import lies_outside
from chatbot_server.retrieval.language.tables import cells_by_heading, row_name
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.time.weekdays import hours_by_day
from chatbot_server.retrieval.language.words import stems
from chatbot_server.retrieval.language.words.synonyms import Word

# A row with this share of the best row's weight is asked for as well.
NEARLY = 0.85
# A name before a colon at the beginning of a sentence, of up to three words.
_LABEL = re.compile(r"(?:- )?([A-ZÀ-Þ][\w’'-]{1,30}(?: [A-ZÀ-Þ][\w’'-]{0,30}){0,2}) ?: ")


def rows_left_out(
    sentences: Sequence[str], query: Query, language: str | None, terms: frozenset[str]
) -> frozenset[int]:
    """The positions of the rows among *sentences* that *query* does not ask for.

    Empty if the query names none of the rows, or all of them, and asks for no value of theirs.

    Args:
        language: the language of the page.
        terms: the terms of the whole section.
    """
    days_of_rows = {
        at: days
        for at, text in enumerate(sentences)
        if (days := hours_by_day(text, query.languages).keys())
    }
    if len(days_of_rows) > 1:
        of_days = {at for at, days in days_of_rows.items() if days & query.days}
        return frozenset(days_of_rows) - of_days if of_days else frozenset()
    names = {at: name for at, text in enumerate(sentences) if (name := row_name(text))}
    # If the section does not contain every word of the query, a row may say it in another word: to
    # “the menu for children”, every row with a menu may be the answer.
    is_understood = all(word.is_in(terms) for word in query.content_words)
    if not names:
        return _sentences_on_other_names(sentences, query)
    kind = _kind_asked_for(query)
    if denied_rows := rows_denied(sentences, query, language):
        return denied_rows
    words = [word for word in query.content_words if word.folded != kind]
    named_rows = rows_named(names, query, language, NEARLY if is_understood else 0.0, words)
    if not named_rows and query.context is not None:  # “Are trailers allowed on it?”
        named_rows = rows_named(names, query.context, language, NEARLY)
    if not named_rows and (is_understood or query.context is not None):
        rows = {at: sentences[at] for at in names}
        named_rows = _row_holding(rows, query.context or query, language, kind)
    return frozenset(names) - named_rows if named_rows else frozenset()


def _kind_asked_for(query: Query) -> str | None:
    """The folded word behind “which”, which names no row: the plants of “Which plants …?”.

    None if *query* does not ask which there are.
    """
    asking_words = (LANGUAGES[code].asks_which for code in query.languages)
    first, second, *_ = [*stems.words(query.text)[:2], "", ""]
    return second if any(first in words for words in asking_words) else None


def rows_denied(sentences: Sequence[str], query: Query, language: str | None) -> frozenset[int]:
    """The positions of the rows that deny what *query* asks of all: “Which are safe for cats?”

    It is told by a column of yes and no. Of a question that denies it, they are those that say yes.
    """
    if _kind_asked_for(query) is None:
        return frozenset()
    records = [LANGUAGES[code] for code in query.languages]
    answers = {word: True for record in records for word in record.yes_words}
    answers |= {word: False for record in records for word in record.no_words}
    columns: dict[str, dict[int, bool]] = {}
    for at, text in enumerate(sentences):
        for heading, value in cells_by_heading(text).items():
            if (answer := answers.get(fold(value))) is not None:
                columns.setdefault(heading, {})[at] = answer
    held = {
        heading: sum(word.is_in(query.terms_of(heading, language)) for word in query.content_words)
        for heading in columns
    }
    heading = max(held, key=lambda each: held[each], default="")
    if not heading or not held[heading] or len(set(columns[heading].values())) < 2:
        return frozenset()
    is_denied = contrast.is_negated(query.text, query.languages) or contrast.are_opposed(
        query.text, heading, query.languages
    )
    return frozenset(at for at, answer in columns[heading].items() if answer is is_denied)


def _sentences_on_other_names(sentences: Sequence[str], query: Query) -> frozenset[int]:
    """The positions of *sentences* below another name than that in *query*: “Leeds: in the yard.”

    Each name is written before a colon, and what follows until the next one is told of it.
    """
    labels = [
        frozenset(stems.words(match[1])) if (match := _LABEL.match(text)) else frozenset()
        for text in sentences
    ]
    asked_places = {at for at, label in enumerate(labels) if label and label <= query.names}
    others = {at for at, label in enumerate(labels) if label and not label & query.words}
    if not asked_places or not others:
        return frozenset()
    left_out: set[int] = set()
    label_at = None
    for at, label in enumerate(labels):
        label_at = at if label else label_at
        if label_at in others:
            left_out.add(at)
    return frozenset(left_out)


def _row_holding(
    rows: Mapping[int, str], query: Query, language: str | None, kind: str | None
) -> frozenset[int]:
    """The position of that of *rows* that *query* names by what stands in its other cells.

    “Who teaches nervous drivers?” Empty if that is in several: to “what is included?”, the rows
    that are not are told, too. Words that stand for a kind of facts, such as “cost”, name no row,
    and neither does the *kind* of thing asked for.
    """
    words = [word for word in query.content_words if not word.concepts and word.folded != kind]
    named_rows = rows_named(rows, query, language, NEARLY, words)
    return named_rows if len(named_rows) == 1 < len(rows) else frozenset()


def rows_named(
    names: Mapping[int, str],
    query: Query,
    language: str | None,
    share: float,
    words: Sequence[Word] | None = None,
) -> frozenset[int]:
    """The positions of the rows in *names* that *query* names, by *words* or any of its own.

    Each word of the query names the rows that contain it. With a *share*, it names only those of
    them that have at least this share of the best one's weight, and are worded most alike.
    """
    if query.counts:  # “under 4” is not asked of a child of nine
        fitting = {
            at: name
            for at, name in names.items()
            if not lies_outside(query.counts, name, query.languages)
        }
        names = fitting or names
    terms = {at: query.terms_of(name, language) for at, name in names.items()}
    weights = {at: query.weight_in(terms_of_row) for at, terms_of_row in terms.items()}
    named_rows: set[int] = set()
    for word in query.content_words if words is None else words:
        holders = [at for at, terms_of_row in terms.items() if word.is_in(terms_of_row)]
        if 0 < len(holders) < len(names):
            enough = share * max(weights[at] for at in holders)
            best = [at for at in holders if weights[at] >= enough]
            named_rows |= _closest(best, names, query) if share else set(best)
    return frozenset(named_rows)


def _closest(rows: Iterable[int], names: Mapping[int, str], query: Query) -> set[int]:
    """Those of *rows* whose names share most pairs of neighbouring words with *query*.

    So that “check-in” does not name “check-out”.
    """
    pairs_of_query = set(pairwise(stems.words(query.text)))
    counts = {at: len(pairs_of_query & set(pairwise(stems.words(names[at])))) for at in rows}
    return {at for at, count in counts.items() if count == max(counts.values())}
