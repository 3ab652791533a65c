"""What a query asks about opening hours: of which days, and of nothing else?"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.time.dates import is_movable_holiday
from chatbot_server.retrieval.language.time.moments import Moment
from chatbot_server.retrieval.language.words import stems
from chatbot_server.retrieval.language.words.synonyms import Word, is_date


def asks_only_hours(query: Query) -> bool:
    """Whether *query* asks for hours and names no subject, so that those of the place are meant."""
    words = words_beside_days(query)
    return bool(words) and all("=opening_hours" in word.concepts for word in words)


def asks_hours_of_days(query: Query) -> bool:
    """Whether *query* asks for the hours of named days or months, and names no subject."""
    words_for_days = frozenset(
        word for span in query.days_of_year for word in stems.words(span.text)
    )
    return all(
        "=opening_hours" in word.concepts
        or word.folded in words_for_days
        or any(map(is_date, word.concepts))
        for word in words_beside_days(query)
    )


def words_beside_days(query: Query) -> list[Word]:
    """The content words of *query* other than “day”, “week” and the like."""
    records = [LANGUAGES[code] for code in query.languages]
    return [
        word
        for word in query.content_words
        if not any(word.folded in record.day_words for record in records)
    ]


def at_time(query: Query, now: datetime, time_zone: str | None) -> Query:
    """*query*, asked at the time *now*: with the moment and the days that it means.

    A moment that contradicts the days that the question names is left out.

    Args:
        time_zone: that of the site; None for that of the server.
    """
    here = now.astimezone(ZoneInfo(time_zone) if time_zone else None)
    moment = Moment(query.moment_name, here) if query.moment_name else None
    if query.date and (day := query.date.next_from(here.date())) and not is_movable_holiday(day):
        moment = Moment("date", here, day)
    weekdays = frozenset(int(fact.value) - 1 for fact in query.facts if fact.kind == "day")
    if moment and weekdays.difference(moment.days):  # “On Sundays at the moment”: not today
        moment = None
    days = frozenset(moment.days if moment else weekdays)
    if not days and asks_only_hours(query):
        days = frozenset(range(7))  # “What are your hours?”
    return query.on_days(days, moment)
