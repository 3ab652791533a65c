"""What a conversation is about: the section that answered the last question that names a thing.

“How much is it?” is answered by that section, or by another one that states the price of the same
thing, and by nothing else: the price of something else is no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chatbot_server.retrieval.answer.reformulation import general_concept
from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.sections.candidates import SUBJECT_SHARE
from chatbot_server.retrieval.answer.show.answers import (
    Frame,
    faq_answer,
    near_pages,
    page_answer,
    unsure_answer,
)
from chatbot_server.retrieval.answer.show.sources import Titles
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.index.chunks import BETWEEN
from chatbot_server.retrieval.language.clauses import is_courtesy
from chatbot_server.retrieval.language.dialogue import contrast
from chatbot_server.retrieval.language.dialogue.follow_up import is_follow_up
from chatbot_server.retrieval.language.dialogue.properties import (
    WAYS_TO_REACH,
    Property,
    names_no_thing,
    property_of_it,
    states_property,
)
from chatbot_server.retrieval.language.languages import Languages

# How many questions back the thing may have been named.
SUBJECT_LOOKBACK = 5
# The share of a thing's words that a heading must contain if no sentence below it names the thing:
# “Nuit du jazz” is not about the “atelier jazz”.
HEADING_SHARE = 0.8

# The chunk that answered the question at a place in the history; None without an answer.
ChunkShown = Callable[[int], int | None]


@dataclass(frozen=True)
class Subject:
    """What a conversation is about.

    Attributes:
        question: the last question that names a thing.
        chunk: the section that answered it; None if nothing did.
    """

    question: str
    chunk: int | None

    def section(
        self, query: Query, sections: Sequence[Candidate], index: SiteIndex
    ) -> Candidate | None:
        """Its section, which need not be among the *sections* found; None without one."""
        if self.chunk is None:
            return None
        for section in sections:
            if section.chunk.id == self.chunk:
                return section
        texts = index.memory.sections(index.unit, [self.chunk])
        return Candidate(query, sections[0].hit, texts[0]) if texts and sections else None

    def is_unknown(self, question: str, languages: Languages) -> bool:
        """Whether nothing is known of it, so that no other page answers *question* about it.

        To tell how to reach it, those of the whole place serve.
        """
        return self.chunk is None and property_of_it(question, languages) not in WAYS_TO_REACH

    def has_property_in(self, section: Candidate, name: Property, own_section: Candidate) -> bool:
        """Whether a sentence of another *section* states its property *name*.

        The sentence must contain, with the heading above it, what *own_section* has of the words by
        which the thing was named; to tell how to reach it, of its names alone, if it has any.
        """
        query = section.query
        if section is own_section or section.document.faq:
            return False
        question = Query(self.question, query.languages, query.language)
        names = question.names - contrast.no_names(query.languages)
        names_alone = name in WAYS_TO_REACH and bool(names)
        words = [
            word
            for word in question.content_words
            if word.is_in(own_section.terms) and (word.folded in names or not names_alone)
        ]
        heading = section.parsed(section.chunk.heading.rpartition(BETWEEN)[2]).terms
        whole = sum(word.weight(query.rarity) for word in words)

        def is_about_it(terms: frozenset[str]) -> bool:
            held = [word for word in words if word.is_in(terms | heading)]
            is_in_heading_alone = not any(word.is_in(terms) for word in held)
            least = HEADING_SHARE if is_in_heading_alone else SUBJECT_SHARE
            return sum(word.weight(query.rarity) for word in held) >= least * whole

        return bool(words) and any(
            is_about_it(terms) and states_property(name, sentence, query.languages, question.words)
            for sentence, terms in zip(section.sentences, section.sentence_terms, strict=True)
        )


def subject_of(
    history: Sequence[str], chunk_shown: ChunkShown, languages: Languages
) -> Subject | None:
    """What the questions of *history* are about, if they are about a thing.

    “When are you open?” is about the place itself, and none.
    """
    for at in range(len(history) - 1, max(-1, len(history) - 1 - SUBJECT_LOOKBACK), -1):
        question = history[at]
        if is_courtesy(question, languages) or names_no_thing(question, languages):
            continue
        if general_concept(Query(question, languages)):
            return None
        chunk = chunk_shown(at)
        if chunk is None and is_follow_up(question, languages):
            continue  # it asked of a thing that was named before
        return Subject(question, chunk)
    return None


def ground_property(
    question: str,
    subject: Subject,
    query: Query,
    sections: Sequence[Candidate],
    index: SiteIndex,
) -> Grounding | None:
    """What the site says about the property of *subject* that *question* asks for.

    None if it asks for none, if the section of the subject was deleted meanwhile, or if it asks
    how to reach the subject and no section tells: the whole place may be meant.

    Args:
        query: the question that names the subject, and *question*.
        sections: what is found for *query*, best first.
    """
    name = property_of_it(question, query.languages)
    section = subject.section(query, sections, index)
    if name is None or section is None:
        return None
    pages = {each.document.title: each.chunk.heading for each in sections}
    frame = Frame(Titles(pages, index.state.name))
    if states_property(name, section.chunk.text, query.languages, query.words):
        if section.document.faq:
            return faq_answer(section, sections, frame)
        return page_answer(sections, [section], frame)
    others = [each for each in sections if subject.has_property_in(each, name, section)]
    if others:
        return page_answer(sections, others[:1], frame)
    if name in WAYS_TO_REACH:
        return None
    return replace(
        page_answer(sections, (), frame),
        near=near_pages(sections, frame, are_near=True, shown_section=section),
        unsure_answer=unsure_answer(section, frame),
    )
