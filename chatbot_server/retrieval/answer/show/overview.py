"""“What classes do you run?”: one of them would be half an answer; a short page of them is one."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.search.site_memory import SectionText
from chatbot_server.retrieval.answer.sections.candidates import Candidate
from chatbot_server.retrieval.answer.show.sources import Titles
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.storage.base import UnitOfWork
from chatbot_server.storage.knowledge.chunks import load_document

# A longer page is no overview.
MAX_WORDS = 220
SECTIONS = 2


def overview_of(
    sections: Sequence[Candidate], query: Query, titles: Titles, unit: UnitOfWork
) -> list[Candidate]:
    """All sections of the page of one of the best two *sections*, if *query* asks what there is of
    the things that the page is called after, and of none of them; else none."""
    asking_words = frozenset().union(*(LANGUAGES[code].asks_which for code in query.languages))
    if query.words.isdisjoint(asking_words) or query.moment or query.days:
        return []
    pages = (whole_page(section, query, titles, unit) for section in sections[:2])
    return next(filter(None, pages), [])


def whole_page(best: Candidate, query: Query, titles: Titles, unit: UnitOfWork) -> list[Candidate]:
    """All sections of the page of *best*, if *query* asks for what it is called after alone."""
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
    is_of_one = any(
        word.stems & section.own_terms for word in others if not word.concepts for section in page
    )
    return [] if length > MAX_WORDS or len(headings) < SECTIONS or is_of_one else page
