"""“Which days are you not open?” is answered from the hours of the days that a section names."""

from __future__ import annotations

from chatbot_server.messages import say
from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.time.moments import asks_when
from chatbot_server.retrieval.language.time.weekdays import (
    hours_by_day,
    intervals,
    is_seasonal,
    without_holidays,
)

# A section with the hours of this many days is assumed to state all days of opening.
STATES_WEEK = 4


def asks_for_closed_days(query: Query) -> bool:
    """Whether *query*, which asks only for hours, asks for the days without opening hours."""
    records = [LANGUAGES[code] for code in query.languages]
    names_days = any(query.words & record.day_words for record in records)
    if not (names_days or asks_when(query.text, query.languages)):
        return False
    opening, closing = zip(*(record.opposites["open / closed"] for record in records), strict=True)
    if any(query.words & words for words in opening):
        return query.is_negated
    # “When do you close?” asks for a time of day.
    words_for_closed = closing if names_days else [record.closed for record in records]
    return not query.is_negated and any(query.words & words for words in words_for_closed)


def line_of_closed_days(section: Candidate, query: Query, language: str) -> str:
    """“**Closed: Monday**”, as stated in *section*; empty if it is not, or only for a season.

    Days that are missing in a week are named as days without hours.
    """
    text = without_holidays(" ".join([section.chunk.heading, *section.sentences]), query.languages)
    if is_seasonal(text, query.languages):
        return ""
    by_sentence = [hours_by_day(sentence, query.languages) for sentence in section.sentences]
    stated_days = [day for hours in by_sentence for day in hours]
    if len(stated_days) > len(set(stated_days)):  # the hours of two places or two seasons
        return ""
    days_closed = [
        day
        for hours in by_sentence
        for day, text in hours.items()
        if intervals(text, query.languages) == []
    ]
    is_whole_week = len(stated_days) >= STATES_WEEK
    missing = [day for day in range(7) if is_whole_week and day not in stated_days]
    names = say("day_names", language).split()
    parts = [
        say(code, language, days=", ".join(names[day] for day in sorted(days)))
        for code, days in (("closed_days", days_closed), ("days_without_hours", missing))
        if days
    ]
    return f"**{' '.join(parts)}**" if parts else ""
