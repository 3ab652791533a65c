"""What an answer says about a day: the hours of the day asked about, and dates that have passed.

Where the hours of a section cannot be read with certainty, only its own words are shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial

from chatbot_server.messages import say
from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.show.closed_days import line_of_closed_days
from chatbot_server.retrieval.language.facts import facts
from chatbot_server.retrieval.language.languages import Languages
from chatbot_server.retrieval.language.tables import with_cells
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.time.dates import span_of
from chatbot_server.retrieval.language.time.moments import Moment, asks_when, tells_posting
from chatbot_server.retrieval.language.time.weekdays import (
    MINUTES_OF_DAY,
    Interval,
    hours_by_day,
    intervals,
    is_seasonal,
    months_of_heading,
    names_days,
    names_special_days,
    without_holidays,
)
from chatbot_server.retrieval.language.time.year_days import spans_in
from chatbot_server.retrieval.language.words import stems

# Dates longer ago need no note that they have passed.
RECENT = timedelta(days=2 * 366)
_LINES = {
    "now": "day_today",
    "today": "day_today",
    "tonight": "day_today",
    "tomorrow": "day_tomorrow",
    "after_tomorrow": "day_after_tomorrow",
}
# A colon as in “Morning: 9 to 12; afternoon: closed”, and not as in “9:00 to 12:00”.
_AFTER_COLON = re.compile(r":\s")
EVENING, LATE_EVENING = 18 * 60, 23 * 60


def lines_above(sections: Sequence[Candidate], query: Query, now: datetime) -> dict[int, str]:
    """What is said about the moment asked for above each of *sections*, by chunk id."""
    lines, moment = {}, query.moment
    if moment and not sections[0].sentences_of_date:
        lines = {section.chunk.id: line_of_day(section, moment, query) for section in sections}
        if moment.name == "date" and not any(lines.values()):
            lines[sections[0].chunk.id] = line_of_date(sections[0], moment, query)
    elif query.for_closed_days:
        lines = {
            section.chunk.id: line_of_closed_days(section, query, _language(section, query))
            for section in sections
        }
    if any(lines.values()) or not (moment or asks_when(query.text, query.languages)):
        return lines
    return {section.chunk.id: note_of_passed(section, now, query) for section in sections}


def line_of_day(section: Candidate, moment: Moment, query: Query) -> str:
    """“**Today, Thursday: 9am to 5pm** (open now)”, as stated in *section*; empty if it is not."""
    heading, whole = section.chunk.heading, " ".join(section.sentences)
    text = without_holidays(whole, query.languages)
    months = months_of_heading(heading, query.languages)
    is_out_of_season = (
        moment.date.month not in months if months else is_seasonal(heading, query.languages)
    )
    if moment.name == "weekend" or is_out_of_season:
        return ""
    day = moment.days[0]
    sentences = sentences_of_all_year(section.sentences, moment.date, query.languages)
    by_day = [
        hours_by_day(with_cells(sentence, partial(_names_place, query)), query.languages)
        for sentence in sentences
    ]
    hours_of_day = [hours[day] for hours in by_day if day in hours]
    if len(hours_of_day) != 1:
        return ""
    language = _language(section, query)
    named_day = _day_in_words(moment, language)
    by_part = "hours_by_part" if _AFTER_COLON.search(hours_of_day[0]) else "hours_of_day"
    line = f"**{say(by_part, language, day=named_day, hours=hours_of_day[0])}**"
    opening = intervals(hours_of_day[0], query.languages)
    if opening is None or names_special_days(text, query.languages):
        return line
    state = state_at(moment, opening)
    if not state:
        return line
    unless = say("unless_holiday", language) if text != fold(whole) else ""
    return f"{line} ({say(state, language)}{unless})"


def _names_place(query: Query, heading: str) -> bool:
    """Whether the *heading* of a column is of a place that *query* asks about: “Café”."""
    terms = query.terms_of(heading, query.language)
    places = [word for word in query.content_words if "=opening_hours" not in word.concepts]
    return any(word.is_in(terms) for word in places)


def sentences_of_all_year(sentences: Sequence[str], day: date, languages: Languages) -> list[str]:
    """Those of *sentences* that are about no part of the year; none if another may be about *day*.

    “Closed from 24 December to 2 January” leaves the hours of a day in March as they are.
    """
    of_all_year, days = [], span_of(day)
    for sentence in sentences:
        text = without_holidays(sentence, languages)
        spans = spans_in(text, languages)
        if any(span.is_season or span.meets(days) for span in spans):
            return []
        if not spans and is_seasonal(text, languages):
            return []
        if not spans:
            of_all_year.append(sentence)
    return of_all_year


def line_of_date(section: Candidate, moment: Moment, query: Query) -> str:
    """“3 March is a Wednesday.”, above a section that names days of the week; empty if none is."""
    if not names_days(section.chunk.text, query.languages):
        return ""
    language = _language(section, query)
    day_name = say("day_names", language).split()[moment.days[0]]
    return say("date_is_day", language, date=_date_in_words(moment.date, language), day=day_name)


def _day_in_words(moment: Moment, language: str) -> str:
    """“Today, Thursday”, “Wednesday 3 March”."""
    day_name = say("day_names", language).split()[moment.days[0]]
    if moment.name == "date":
        date_in_words = _date_in_words(moment.date, language)
        return say("day_on_date", language, day=day_name.capitalize(), date=date_in_words)
    return say(_LINES[moment.name], language, day=day_name)


def _date_in_words(day: date, language: str) -> str:
    number = say("first_of_month", language) if day.day == 1 else str(day.day)
    return f"{number} {say('month_names', language).split()[day.month - 1]}"


def note_of_passed(section: Candidate, now: datetime, query: Query) -> str:
    """A note that the last date in the quoted sentences has passed; empty if it has not."""
    texts = [sentence.text for sentence in section.quoted_sentences]
    text = "\n".join(text for text in texts if not tells_posting(text, query.languages))
    dates = [fact.value.split("-") for fact in facts(text, query.languages) if fact.kind == "date"]
    try:
        last = max((date(*map(int, parts)) for parts in dates), default=None)
    except ValueError:  # one of them has no year, or is no date
        return ""
    today = now.date()
    if last is None or not today - RECENT <= last < today:
        return ""
    language = _language(section, query)
    return say("date_passed", language, date=f"{_date_in_words(last, language)} {last.year}")


def state_at(moment: Moment, opening: Sequence[Interval]) -> str:
    """The message key that says whether it is open at *moment*; empty if that was not asked."""
    if moment.name == "tonight":
        is_open = any(start < LATE_EVENING and end > EVENING for start, end in opening)
        return "open_tonight" if is_open else "closed_tonight"
    if moment.name not in ("now", "today"):
        return ""
    minute = 60 * moment.now.hour + moment.now.minute
    is_open = any(start <= at < end for start, end in opening for at in (minute, minute + MINUTES_OF_DAY))  # fmt: skip # noqa: E501
    return "open_now" if is_open else "closed_now"


def _language(section: Candidate, query: Query) -> str:
    """The language of the question; if that is uncertain, the language of the page."""
    default = section.document.language or query.language
    return stems.guess_language(query.text, default, query.languages)
