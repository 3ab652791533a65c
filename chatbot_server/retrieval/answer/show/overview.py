"""“What classes do you run?” is answered by a whole short page, not by one of its sections."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.search.site_memory import SectionText
from chatbot_server.retrieval.answer.sections.candidates import Candidate
from chatbot_server.retrieval.answer.show.sources import Titles
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.storage.base import UnitOfWork
from chatbot_server.storage.knowledge.chunks import load_document

# A page with more words, or with fewer headings, is not an overview.
MAX_WORDS, MIN_HEADINGS = 220, 2


def overview_of(
    sections: Sequence[Candidate], query: Query, titles: Titles, unit: UnitOfWork
) -> list[Candidate]:
    """All sections of a short page, if *query* asks which of the things in its title there are.

    The page is that of the first or second of *sections*; empty if neither is such an overview.
    """
    asking_words = frozenset().union(*(LANGUAGES[code].asks_which for code in query.languages))
    if query.words.isdisjoint(asking_words) or query.moment or query.days:
        return []
    pages = (whole_page(section, query, titles, unit) for section in sections[:2])
    return next(filter(None, pages), [])


def whole_page(best: Candidate, query: Query, titles: Titles, unit: UnitOfWork) -> list[Candidate]:
    """All sections of the page of *best*, if *query* asks for the subject of its title alone."""
    title = titles.clean(best.document.title)
    title_terms = query.terms_of(title, best.document.language)
    others = [word for word in query.content_words if not word.stems & title_terms]
    if best.document.faq or len(others) == len(query.content_words):
        return []
    page = [
        best
        if chunk.id == best.chunk.id
        else Candidate(query, best.hit, SectionText(document, chunk))
        for document, chunk in load_document(unit, best.document.id)
    ]
    length = sum(len(section.chunk.text.split()) for section in page)
    headings = {section.chunk.heading for section in page}
    asks_for_one = any(
        word.stems & section.own_terms for word in others if not word.concepts for section in page
    )
    return [] if length > MAX_WORDS or len(headings) < MIN_HEADINGS or asks_for_one else page
