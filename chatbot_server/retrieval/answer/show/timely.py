"""What an answer says about a day: the hours of the day asked about, and dates that have passed.

Where the hours of a section cannot be read with certainty, only its own words are shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from chatbot_server.messages import say
from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.sections.quote import of_days
from chatbot_server.retrieval.answer.sections.relevance import section_relevances
from chatbot_server.retrieval.answer.show.closed_days import line_of_closed_days
from chatbot_server.retrieval.language.facts import Kind, facts, states
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.time.moments import Moment, asks_when, tells_posting
from chatbot_server.retrieval.language.time.seasons import parts_of_year
from chatbot_server.retrieval.language.time.weekdays import (
    MINUTES_OF_DAY,
    Interval,
    hours_by_day,
    intervals,
    is_seasonal,
    months_of_heading,
    names_public_holidays,
    names_special_days,
    without_holidays,
)
from chatbot_server.retrieval.language.time.year_days import Span, spans_in
from chatbot_server.retrieval.language.words import stems
from chatbot_server.retrieval.language.words.synonyms import Word, is_date

# Dates longer ago need no note that they have passed.
RECENT = timedelta(days=2 * 366)
# How much less relevant than the best one a section with the hours of the day may be.
NEAR_ENOUGH = 3.0
# The same where nothing but hours is asked for, and the best one has none for the day: “Closed on
# Easter Sunday” is near “Are you open on Sunday?”, and does not tell.
NEAR_ENOUGH_FOR_HOURS = 6.0
_LINES = {
    "now": "day_today",
    "today": "day_today",
    "tonight": "day_today",
    "tomorrow": "day_tomorrow",
    "after_tomorrow": "day_after_tomorrow",
}
# A heading about hours counts as much as the hours of so many further days.
HEADING_WORTH = 2
_CONTACTS: dict[str, tuple[Kind, ...]] = {
    "=phone": ("phone", "email"),
    "=email": ("email", "phone"),
    "=address": ("street",),
}
# “Morning: 9 to 12; afternoon: closed”, but not “9:00 to 12:00”.
_AFTER_COLON = re.compile(r":\s")
EVENING, LATE_EVENING = 18 * 60, 23 * 60


def lines_above(
    sections: Sequence[Candidate], query: Query, moment: Moment | None, now: datetime
) -> dict[int, str]:
    """What is said about the moment asked for above each of *sections*, by chunk id."""
    lines = {}
    if moment:
        lines = {section.chunk.id: line_of_day(section, moment, query) for section in sections}
    elif query.for_closed_days:
        lines = {
            section.chunk.id: line_of_closed_days(section, query, _language(section, query))
            for section in sections
        }
    if any(lines.values()) or not (moment or asks_when(query.text, query.languages)):
        return lines
    return {section.chunk.id: note_of_passed(section, now, query) for section in sections}


def with_hours_first(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """*sections*, first those with the hours of the days that *query* means.

    A question about a day asks for hours, whatever other sections say about opening. If the query
    names no subject, sections with the hours of more days come first: they are more general.
    """
    if query.general in _CONTACTS:
        return _with_contacts_first(sections, query)
    opening = any("=opening_hours" in word.concepts for word in query.content_words)
    if not query.days or not (query.moment or opening):
        return [*sections]
    relevances = section_relevances(sections)
    only_hours = asks_only_hours(query)
    asks_of_place = only_hours or _asks_hours_of_days(query)
    first_tells = bool(of_days(sections[0].sentences, query.days, query.languages))
    behind = NEAR_ENOUGH if first_tells or not asks_of_place else NEAR_ENOUGH_FOR_HOURS
    enough = relevances[sections[0].chunk.id] - behind

    def days_told(section: Candidate) -> int:
        is_near = relevances[section.chunk.id] >= enough
        if not is_near or not of_days(section.sentences, query.days, query.languages):
            return 0
        if not only_hours:
            return 1
        by_sentence = [hours_by_day(text, query.languages) for text in section.sentences]
        is_about_hours = "=opening_hours" in section.about_terms
        return len(frozenset().union(*by_sentence)) + HEADING_WORTH * is_about_hours

    return sorted(sections, key=days_told, reverse=True)


def with_season_first(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """*sections*, first the relevant ones whose heading names the part of the year in *query*.

    If there are any, sections whose heading names another part of the year are left out.
    """
    asked_parts = parts_of_year(query.text, query.languages)
    if not asked_parts:
        return [*sections]
    relevances = section_relevances(sections)
    enough = relevances[sections[0].chunk.id] - NEAR_ENOUGH

    shares: dict[int, float] = {}
    for section in sections:
        parts = parts_of_year(f"› {section.chunk.heading}", query.languages)
        share = len(parts & asked_parts) / len(asked_parts)
        is_near = relevances[section.chunk.id] >= enough
        shares[section.chunk.id] = share * is_near if share or not parts else -1
    if max(shares.values()) <= 0:
        return [*sections]
    fitting = [section for section in sections if shares[section.chunk.id] >= 0]
    return sorted(fitting, key=lambda section: shares[section.chunk.id], reverse=True)


def with_days_of_year_first(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """*sections*, first the relevant ones that tell about the days of the year in *query*.

    Of a question that only asks when the place is open: “Bookings open on 10 October” does not
    tell whether it is open in October. What is said of just these days comes before a season.
    """
    if not query.days_of_year or not _asks_hours_of_days(query):
        return [*sections]
    shortest = min(query.days_of_year, key=lambda each: each.length)
    relevances = section_relevances(sections)
    enough = relevances[sections[0].chunk.id] - NEAR_ENOUGH_FOR_HOURS

    def rank(section: Candidate) -> int:
        """0 for what tells of these days, 1 for a season, 2 for all others."""
        text = "\n".join([section.chunk.heading, *section.sentences])
        is_near = relevances[section.chunk.id] >= enough
        stated_spans = spans_in(text, query.languages) if is_near else []
        if any(_tells_of(span, shortest) for span in stated_spans if not span.is_season):
            return 0
        if shortest.is_public_holiday and is_near and names_public_holidays(text, query.languages):
            return 0
        return 1 if any(span.is_season for span in stated_spans) else 2

    return sorted(sections, key=rank)


def _tells_of(span: Span, days: Span) -> bool:
    """Whether what is said of *span* holds for *days*; what is said of one day, for no month."""
    return span.includes(days) if days.is_month else span.meets(days)


def _with_contacts_first(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """*sections*, first the relevant ones that state how to reach the place.

    Legal notices come after other pages: they also state how to reach the hosting company.
    """
    relevances = section_relevances(sections)
    enough = relevances[sections[0].chunk.id] - NEAR_ENOUGH

    def contacts_stated(section: Candidate) -> float:
        if relevances[section.chunk.id] < enough:
            return 0
        text = fold(section.chunk.text)
        count = sum(states(kind, text, query.languages) for kind in _CONTACTS[query.general])
        return min(count, 0.5) if section.is_legal else count

    return sorted(sections, key=contacts_stated, reverse=True)


def asks_only_hours(query: Query) -> bool:
    """Whether *query* asks for hours and names no subject, so that those of the place are meant."""
    words = words_beside_days(query)
    return bool(words) and all("=opening_hours" in word.concepts for word in words)


def _asks_hours_of_days(query: Query) -> bool:
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


def line_of_day(section: Candidate, moment: Moment, query: Query) -> str:
    """“**Today, Thursday: 9am to 5pm** (open now)”, as stated in *section*; empty if it is not."""
    heading, whole = section.chunk.heading, " ".join(section.sentences)
    text = without_holidays(whole, query.languages)
    months = months_of_heading(heading, query.languages)
    is_out_of_season = (
        moment.month not in months if months else is_seasonal(heading, query.languages)
    )
    if moment.name == "weekend" or is_out_of_season or is_seasonal(text, query.languages):
        return ""
    day = moment.days[0]
    by_day = [hours_by_day(sentence, query.languages) for sentence in section.sentences]
    hours_of_day = [hours[day] for hours in by_day if day in hours]
    if len(hours_of_day) != 1:
        return ""
    language = _language(section, query)
    day_name = say("day_names", language).split()[day]
    named_day = say(_LINES[moment.name], language, day=day_name)
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
    month = say("month_names", _language(section, query)).split()[last.month - 1]
    return say("date_passed", _language(section, query), date=f"{last.day} {month} {last.year}")


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


def set_time(query: Query, time_zone: str | None, now: datetime) -> Moment | None:
    """Set the days that *query* means, in the time zone of the site; returns its moment.

    A moment that contradicts the days it names is dropped, from the query as well.
    """
    here = now.astimezone(ZoneInfo(time_zone) if time_zone else None)
    moment = Moment(query.moment, here) if query.moment else None
    weekdays = frozenset(int(fact.value) - 1 for fact in query.facts if fact.kind == "day")
    if moment and weekdays.difference(moment.days):  # “On Sundays at the moment”: not today
        moment = query.moment = None
    query.days = frozenset(moment.days if moment else weekdays)
    if not query.days and asks_only_hours(query):
        query.days = frozenset(range(7))  # “What are your hours?”
    return moment
