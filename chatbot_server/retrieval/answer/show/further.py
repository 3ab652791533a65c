"""Sections beside an answer that is not sure: their headings are offered, to be asked for next."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.sections.relevance import section_relevances
from chatbot_server.retrieval.answer.show.alike import is_in_another_language
from chatbot_server.retrieval.answer.show.sources import Titles
from chatbot_server.retrieval.index.chunks import BETWEEN
from chatbot_server.retrieval.language.text import fold

# How much less relevant than the first one a section may be. Where a second section is as close as
# this, the first one is wrong for half of the questions to sites that nothing is fitted on.
CLOSE = 2.0
MOST_OFFERED = 2
MOST_OF_PAGE = 4  # of a page that was asked for by its title
LONGEST = 48  # letters on a button


def further_headings(
    sections: Sequence[Candidate], shown_sections: Sequence[Candidate], titles: Titles
) -> tuple[str, ...]:
    """The headings of those *sections* that fit nearly as well as the first of *shown_sections*."""
    first = shown_sections[0]
    relevances = section_relevances(sections)
    lowest = relevances[first.chunk.id] - CLOSE
    shown_names = {fold(_name(section, titles)) for section in shown_sections}
    names = {
        fold(name): name
        for section in sections
        if relevances[section.chunk.id] >= lowest and not is_in_another_language(first, section)
        if 0 < len(name := _name(section, titles)) <= LONGEST and fold(name) not in shown_names
    }
    return tuple(names.values())[:MOST_OFFERED]


def headings_of_rest(
    page: Sequence[Candidate], shown_sections: Sequence[Candidate], titles: Titles
) -> tuple[str, ...]:
    """The first headings of *page* below those that are *shown_sections*."""
    names = dict.fromkeys(_name(section, titles) for section in page[len(shown_sections) :])
    above = {_name(section, titles) for section in shown_sections}
    return tuple(name for name in names if len(name) <= LONGEST and name not in above)[
        :MOST_OF_PAGE
    ]


def _name(section: Candidate, titles: Titles) -> str:
    """The heading above *section*, or the title of its page."""
    title = section.document.title
    headings = titles.below(title, section.chunk.heading)
    return headings.rpartition(BETWEEN)[2] or titles.clean(title)
