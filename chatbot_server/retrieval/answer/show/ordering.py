"""Which of the sections that answer come first: those for the days, season or contact asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbot_server.retrieval.answer.search.query import ADDRESS, PRICE, Query
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.sections.quote import of_days
from chatbot_server.retrieval.answer.sections.relevance import section_relevances
from chatbot_server.retrieval.answer.show.hours_asked import asks_hours_of_days, asks_only_hours
from chatbot_server.retrieval.language.facts import Kind, facts, states
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.time.seasons import parts_of_year
from chatbot_server.retrieval.language.time.weekdays import (
    hours_by_day,
    intervals,
    names_days,
    names_public_holidays,
)
from chatbot_server.retrieval.language.time.year_days import Span, spans_in
from chatbot_server.retrieval.language.words.synonyms import names_contact

# How much less relevant than the best one a section with the hours of the day may be.
NEAR_ENOUGH = 3.0
# The same where nothing but hours is asked for, and the best one has none for the day: “Closed on
# Easter Sunday” is near “Are you open on Sunday?”, and does not answer it.
NEAR_ENOUGH_FOR_HOURS = 6.0
# A heading about hours counts as much as the hours of this many further days.
HEADING_WORTH = 2
_CONTACTS: dict[str, tuple[Kind, ...]] = {
    "=phone": ("phone", "email"),
    "=email": ("email", "phone"),
    ADDRESS: ("street",),
}
# What a heading about contact counts, where a contact that is stated counts 1.
_BY_HEADING = 0.5
# A postcode before its town, as in France, Germany and Spain, or one of the United Kingdom.
_POSTCODE = re.compile(r"\b\d{5} [^\W\d_]|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b")


def in_order_asked_for(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """*sections*, all of which answer, first those that state best what *query* asks for."""
    if query.general in _CONTACTS:
        return _with_contacts_first(sections, query)
    if query.general == PRICE:
        return _with_prices_first(sections, query)
    by_hours = _with_hours_first(with_season_first(sections, query), query)
    return _with_named_first(_with_days_of_year_first(by_hours, query), query)


def _with_named_first(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """*sections*, first the one under a heading that names what the best one does not speak of.

    “Can I pay by card at the kiosk?” is answered below “Kiosk on the beach” if that says how to
    pay there, before what holds for the whole place below “Means of payment”.
    """
    best = sections[0]
    relevances = section_relevances(sections)
    for section in sections[1:]:
        if relevances[best.chunk.id] - relevances[section.chunk.id] > NEAR_ENOUGH:
            break
        name_words = query.held_in(section.own_heading_terms) & ~best.held
        text_words = query.held_in(frozenset().union(*section.sentence_terms)) & ~name_words
        if name_words and text_words & best.own_held:
            return [section, *(each for each in sections if each is not section)]
    return [*sections]


def _with_hours_first(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """*sections*, first those with the hours of the days that *query* means.

    A question about a day asks for hours, whatever other sections say about opening. If the query
    names no subject, sections with the hours of more days come first: they are more general.
    """
    opening = any("=opening_hours" in word.concepts for word in query.content_words)
    if not query.days or not (query.moment or opening):
        return [*sections]
    relevances = section_relevances(sections)
    only_hours = asks_only_hours(query)
    asks_of_place = only_hours or asks_hours_of_days(query)
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


def _with_days_of_year_first(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """*sections*, first the relevant ones that tell about the days of the year in *query*.

    Of a question that only asks when the place is open: “Bookings open on 10 October” does not
    tell whether it is open in October. What is said of just these days comes before a season.
    """
    if not query.days_of_year or not asks_hours_of_days(query):
        return [*sections]
    relevances = section_relevances(sections)
    enough = relevances[sections[0].chunk.id] - NEAR_ENOUGH_FOR_HOURS

    def rank(section: Candidate) -> int:
        """0 for what tells of these days, 1 for a season, 2 for all others."""
        if relevances[section.chunk.id] < enough:
            return 2
        spans = _spans_of_opening(section, query)
        if _tells_of_days_asked_for(section, query, spans):
            return 0
        return 1 if any(span.is_season for span in spans) else 2

    return sorted(sections, key=rank)


def _tells_of_days_asked_for(section: Candidate, query: Query, spans: Sequence[Span]) -> bool:
    """Whether *section* tells about opening on the days of the year in *query*, by no season.

    *spans* are those of :func:`_spans_of_opening`.
    """
    shortest = min(query.days_of_year, key=lambda each: each.length)
    for span in spans:
        # What is said of one day holds for no month.
        tells = span.includes(shortest) if shortest.is_month else span.meets(shortest)
        if tells and not span.is_season:
            return True
    # “We rest from 10 to 16 August”, beside the hours of the week.
    if section.sentences_of_date and of_days(section.sentences, query.days, query.languages):
        return True
    text = "\n".join([section.chunk.heading, *section.sentences])
    return shortest.is_public_holiday and names_public_holidays(text, query.languages)


def _spans_of_opening(section: Candidate, query: Query) -> list[Span]:
    """The days of the year for which *section* says something about opening.

    “Soup from October to March” says nothing about it.
    """
    languages = query.languages
    is_about_opening = "=opening_hours" in section.about_terms
    sentences = [
        sentence
        for sentence, terms in zip(section.sentences, section.sentence_terms, strict=True)
        if is_about_opening
        or "=opening_hours" in terms
        or names_days(sentence, languages)
        or intervals(sentence, languages)
    ]
    heading = [section.chunk.heading] if sentences else []
    return spans_in("\n".join([*heading, *sentences]), languages)


def _with_prices_first(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """*sections*, first those that state most prices: “your prices?” asks for the list of them."""

    def prices_stated(section: Candidate) -> int:
        prices = {
            fact for fact in facts(section.chunk.text, query.languages) if fact.kind == "price"
        }
        return len(prices) * (1 + HEADING_WORTH * (PRICE in section.about_terms))

    return sorted(sections, key=prices_stated, reverse=True)


def _with_contacts_first(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """*sections*, first those that state how to reach the place, under headings that say so.

    Legal notices come after other pages: they also state how to reach the hosting company. So do
    sections that only state a number: “at night, call the centre in Hull”.
    """

    def contacts_stated(section: Candidate) -> float:
        text = section.chunk.text
        flat = fold(text)
        count = sum(states(kind, flat, query.languages) for kind in _CONTACTS[query.general])
        if query.general == ADDRESS and not count:
            count = bool(_POSTCODE.search(text))
        if section.is_legal or section.heading_is_legal:
            return min(count, _BY_HEADING)
        is_about = names_contact(
            f"{section.document.title} {section.chunk.heading}", query.languages
        )
        return count + _BY_HEADING * is_about

    return sorted(sections, key=contacts_stated, reverse=True)
