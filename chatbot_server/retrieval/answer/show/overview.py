"""“What classes do you run?” is answered by a whole short page, not by one of its sections.

So is a message that is the title of a page, as it is offered among the topics.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.search.site_memory import SectionText
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.show.sources import Titles
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.time.seasons import parts_of_year
from chatbot_server.storage.base import UnitOfWork
from chatbot_server.storage.knowledge.index.chunks import load_document

# A page with more words, or with fewer headings, is not an overview.
MAX_WORDS, MIN_HEADINGS = 220, 2
_AROUND = " .!?…:"


def overview_of(
    sections: Sequence[Candidate], query: Query, titles: Titles, unit: UnitOfWork
) -> list[Candidate]:
    """All sections of a short page, if *query* asks which of the things in its title there are.

    The page is that of the first or second of *sections*; empty if neither is such an overview.
    """
    asking_words = frozenset().union(*(LANGUAGES[code].asks_which for code in query.languages))
    asks_of_time = query.moment or query.days or parts_of_year(query.text, query.languages)
    if query.words.isdisjoint(asking_words) or asks_of_time:
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
    page = _sections_of_page(best, query, unit)
    length = sum(len(section.chunk.text.split()) for section in page)
    headings = {section.chunk.heading for section in page}
    asks_for_one = any(
        word.stems & section.own_terms for word in others if not word.concepts for section in page
    )
    return [] if length > MAX_WORDS or len(headings) < MIN_HEADINGS or asks_for_one else page


def page_titled(
    sections: Sequence[Candidate], query: Query, titles: Titles, unit: UnitOfWork
) -> list[Candidate]:
    """All sections of the page, among those of *sections*, whose title is the text of *query*.

    Empty without such a page, or if it has a single section.
    """
    name_in_query = _as_name(query.text)
    for section in sections:
        title = section.document.title
        names = {_as_name(title), _as_name(titles.clean(title))}
        if name_in_query in names and not section.document.faq:
            page = _sections_of_page(section, query, unit)
            headings = {each.chunk.heading for each in page}
            return page if len(headings) >= MIN_HEADINGS else []
    return []


def _as_name(text: str) -> str:
    """*text* for comparison, without case, accents and marks around, and with one apostrophe."""
    return fold(text).replace("’", "'").strip(_AROUND)


def first_of(page: Sequence[Candidate]) -> list[Candidate]:
    """As many of the first sections of *page* as an overview has words for; one at least.

    None of them is shown in part.
    """
    overview: list[Candidate] = []
    words = 0
    for _heading, parts in groupby(page, key=lambda section: section.chunk.heading):
        group = list(parts)
        words += sum(len(section.chunk.text.split()) for section in group)
        if overview and words > MAX_WORDS:
            break
        overview += group
    return overview


def _sections_of_page(section: Candidate, query: Query, unit: UnitOfWork) -> list[Candidate]:
    """All sections of the page of *section*, in order."""
    return [
        section
        if chunk.id == section.chunk.id
        else Candidate(query, section.hit, SectionText(document, chunk))
        for document, chunk in load_document(unit, section.document.id)
    ]
