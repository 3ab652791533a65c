"""What the conversation asks of the owner's knowledge: :class:`KnowledgeBase`."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from chatbot_server.messages import LANGUAGES as SPOKEN
from chatbot_server.messages import say
from chatbot_server.retrieval.answer.decide.entries import (
    RankedEntry,
    near_entries,
    ranked_entries,
    sure_entry,
)
from chatbot_server.retrieval.answer.decide.evidence import (
    Weighed,
    gather_evidence,
    quotable,
    weigh,
)
from chatbot_server.retrieval.answer.decide.reading import read, worth_reading
from chatbot_server.retrieval.answer.joined import ground_each, ground_question
from chatbot_server.retrieval.answer.search.fusion import Hit, margin
from chatbot_server.retrieval.answer.search.query import MAX_QUESTION, Query
from chatbot_server.retrieval.answer.search.searcher import COMMON, Searcher
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.sections.candidates import (
    Candidate,
    by_relevance,
    load_candidates,
    load_sections,
)
from chatbot_server.retrieval.answer.show.alike import (
    alike_sections,
    in_own_language,
    with_own_entries,
)
from chatbot_server.retrieval.answer.show.answers import (
    Frame,
    faq_answer,
    near_pages,
    page_answer,
    several_answer,
    with_close_second,
)
from chatbot_server.retrieval.answer.show.closed_days import asks_for_closed_days
from chatbot_server.retrieval.answer.show.overview import overview_of
from chatbot_server.retrieval.answer.show.sources import Titles
from chatbot_server.retrieval.answer.show.timely import (
    GENERAL_NOUNS,
    asks_only_hours,
    general_concept,
    lines_above,
    moment_of,
    with_hours_first,
)
from chatbot_server.retrieval.answer.topics import topics
from chatbot_server.retrieval.base import Grounding, Passage
from chatbot_server.retrieval.index.embedder import Embedder, make_embedder
from chatbot_server.retrieval.language.clauses import Question, questions_of
from chatbot_server.retrieval.language.dialogue.replies import question_of_others
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.time.moments import find_moment
from chatbot_server.retrieval.language.words import stems, synonyms
from chatbot_server.retrieval.language.words.everyday import spelled_out
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import has_documents

HITS = 10
# In so few chunks, no word is the name of the place.
FEW = 2


class KnowledgeBase:
    """The owner's pages, files and FAQ, searched: the :class:`~.base.Knowledge` of a server.

    Args:
        semantic: ``retrieval.semantic`` of the configuration.
        embedder: instead of the one *semantic* asks for.
        clock: tells what “today” is.

    Raises:
        ConfigError: *semantic* is ``on`` and the extra is not installed.
    """

    def __init__(
        self,
        database: Database,
        semantic: Literal["auto", "on", "off"] = "auto",
        *,
        embedder: Embedder | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._clock = clock
        self.database = database
        self.searcher = Searcher(embedder or make_embedder(semantic))

    def has_content(self, site_id: int) -> bool:
        """See :class:`~.base.Knowledge`."""
        with self.database.session() as session:
            return has_documents(session, site_id)

    def ground(
        self, site_id: int, question: str, history: Sequence[str] = (), locale: str = ""
    ) -> Grounding:
        """See :class:`~.base.Knowledge`."""
        languages = self.searcher.languages(self.database, site_id).languages
        questions, language = self.questions(site_id, question, locale)
        history = [spelled_out(text[:MAX_QUESTION], language) for text in history]
        ground = partial(self._ground_one, site_id, language=language)
        if of_others := question_of_others(questions[0].text, history, languages):
            return ground(of_others, ())
        if len(questions) == 1:
            return ground_question(ground, questions[0], history)
        whole = ground(spelled_out(question[:MAX_QUESTION], language), history)
        if whole.status == "faq" or not whole.has_content:
            return whole
        return ground_each(ground, questions, history, whole)

    def questions(self, site_id: int, message: str, locale: str = "") -> tuple[list[Question], str]:
        """The questions of *message*, in words that pages use, and its language."""
        site = self.searcher.languages(self.database, site_id)
        language = site.language_of(message[:MAX_QUESTION], locale)
        text = spelled_out(message[:MAX_QUESTION], language)
        return questions_of(text, language, site.beside(language)), language

    def _ground_one(
        self, site_id: int, question: str, history: Sequence[str], language: str | None = None
    ) -> Grounding:
        with self.searched(site_id, question, history, HITS, language) as (index, query, hits):
            query.rarity = index.rarity(query.stems)
            sections = load_sections(index, query, hits) if hits else []
            to_read = worth_reading(sections, query, index.chunk_count)
            if not to_read:
                grounding = self._grounding(query, hits, sections, index)
        if to_read and self.searcher.embedder is not None:
            read(to_read, query, self.searcher.embedder)
            with self.database.connection() as connection:
                now = SiteIndex(connection, site_id, self.searcher.memories)
                grounding = self._grounding(query, hits, by_relevance(sections), now)
        missed_meaning = self.searcher.embedder is not None and not any(hit.meaning for hit in hits)
        return replace(
            grounding, lasting=grounding.lasting and not missed_meaning, version=index.version
        )

    def _grounding(
        self, query: Query, hits: Sequence[Hit], sections: Sequence[Candidate], index: SiteIndex
    ) -> Grounding:
        if hits:
            return _answer(query, hits, sections, index, self._clock())
        return Grounding("nothing", has_content=has_documents(index.unit, index.site_id))

    def topics(self, site_id: int, language: str) -> list[str]:
        """See :class:`~.base.Knowledge`."""
        with self.database.session() as session:
            memory = SiteIndex(session, site_id, self.searcher.memories).memory
            name = "topics", language
            return list(memory.once(name, lambda: topics(session, site_id, language)))

    def search(self, site_id: int, question: str, limit: int = HITS) -> list[Passage]:
        """The best passages for *question*, best first."""
        with self.searched(site_id, question, (), limit) as (index, query, hits):
            candidates = load_candidates(index, query, hits, limit)
        return [candidate.passage() for candidate in candidates]

    @contextmanager
    def searched(
        self,
        site_id: int,
        question: str,
        history: Sequence[str],
        limit: int,
        language: str | None = None,
    ) -> Iterator[tuple[SiteIndex, Query, list[Hit]]]:
        """What a question finds, in the unit of work in which it was found.

        By words alone that is the first one; a vector is made without a connection in hand.
        """
        searcher = self.searcher
        with self.database.connection() as connection:
            index = SiteIndex(connection, site_id, searcher.memories)
            query = self._timeless_query(index, question, history, language)
            if searcher.embedder is None:
                yield index, query, searcher.search(index, query, None, limit)
                return
            forms = searcher.forms(index, query)
        vector = searcher.embed(forms, query)
        with self.database.connection() as connection:
            index = SiteIndex(connection, site_id, searcher.memories)
            yield index, query, searcher.search(index, query, vector, limit)

    def _timeless_query(
        self, index: SiteIndex, question: str, history: Sequence[str], language: str | None
    ) -> Query:
        """The query for *question*, without the moment that it names, unless it is an entry's.

        “And tomorrow?” asks what was asked before, of another day.
        """
        query = self.searcher.query(index, question, history, language)
        if query.entry is not None:
            return query
        moment, rest = find_moment(question[:MAX_QUESTION], query.languages)
        if moment is None:
            return self._in_general(index, query) if query.own is None else query
        if not stems.says_something(rest, query.languages):
            if not history:
                return query
            *history, before = history
            _earlier_moment, rest = find_moment(before, query.languages)
        language = query.language
        query = self.searcher.query(index, rest, history, language)
        query = self._in_general(index, query)
        query.moment = moment
        return query

    def _in_general(self, index: SiteIndex, query: Query) -> Query:
        """*query*; where it asks for the hours or the like of the place, by their common name."""
        question = self._without_place(index, query)
        concept = general_concept(question)
        if not concept:
            return query
        noun = say(GENERAL_NOUNS[concept], query.language)
        if query.language not in SPOKEN:  # its small words would be taken for others
            noun = stems.words(noun)[0]
        for_closed_days = asks_only_hours(question) and asks_for_closed_days(question)
        general_query = self.searcher.query(index, f"{question.text} {noun}", (), query.language)
        general_query.general = concept
        if general_query.asks_for_contact:  # not for all that the noun names
            general_query.content_words = question.content_words
        general_query.for_closed_days = for_closed_days
        return general_query

    def _without_place(self, index: SiteIndex, query: Query) -> Query:
        """*query* without its words for the place itself: which days is “the shop” closed?"""
        records = [LANGUAGES[code] for code in query.languages]

        def is_place(word: str) -> bool:
            if not any(word in record.places for record in records):
                return False
            chunks = index.chunks_with(word, query.languages)  # else there is another, or a section
            return not chunks or chunks > max(FEW, COMMON * index.chunk_count)

        words = query.content_words
        if not any(word.concepts & GENERAL_NOUNS.keys() for word in words):
            return query
        places = frozenset(
            word.folded for word in words if not word.concepts and is_place(word.folded)
        )
        if not places or len(places) == len(words):
            return query
        text = stems.without_words(query.text, places)
        return self.searcher.query(index, text, (), query.language)

    def pids(self) -> Collection[int]:
        """The process that searches by meaning, where there is one now."""
        return self.searcher.embedder.pids() if self.searcher.embedder else ()

    def close(self) -> None:
        """Let go of the process that searches by meaning."""
        if self.searcher.embedder is not None:
            self.searcher.embedder.close()


def _answer(
    query: Query,
    hits: Sequence[Hit],
    sections: Sequence[Candidate],
    index: SiteIndex,
    now: datetime,
) -> Grounding:
    """What *sections* of the documents of *hits* say of *query*."""
    moment = moment_of(query, index.state.time_zone, now)
    if not sections:  # all were indexed anew since they were found
        return Grounding("nothing", lasting=False)
    sections, hits = with_own_entries(sections, hits, query)
    pages = {section.document.title: section.chunk.heading for section in sections}
    frame = Frame(Titles(pages, index.state.name), synonyms.compares(query.text, query.languages))
    entries = ranked_entries(query, sections, hits)
    sure = sure_entry(query, entries, index)
    if sure is not None:
        answer = faq_answer(sure, sections, frame)
    else:
        outcome, answering = _answering(query, sections, index)
        entry_sections = _near_entry_sections(query, sections, entries, outcome)
        to_quote = [] if entry_sections else answering
        group = alike_sections(to_quote, query, frame.titles) if to_quote else {}
        to_show = entry_sections or [*group.values()]
        if to_quote and not group:
            overview = overview_of(to_quote, query, frame.titles, index.unit)
            to_show = overview or with_close_second(to_quote)
        lines = lines_above(to_show, query, moment, now)
        if moment or query.for_closed_days:
            to_show = [section for section in to_show if lines[section.chunk.id]] or to_show
        frame = replace(frame, lines=lines)
        if group:
            answer = several_answer(sections, group, frame)
        else:
            answer = page_answer(sections, to_show, frame)
            moment_line = next((line for line in lines.values() if line), "") if moment else ""
            answer = replace(answer, moment_line=moment_line)
        if entry_sections:
            lead_in = say("answer_near_entry", query.language)
            answer = replace(answer, answer=f"{lead_in}\n\n{answer.answer}")
        elif not answering:
            is_near = outcome is not None and outcome.is_near
            answer = replace(answer, near=near_pages(sections, frame, are_near=is_near))
    return replace(answer, margin=margin(hits), lasting=moment is None)


def _answering(
    query: Query, sections: Sequence[Candidate], index: SiteIndex
) -> tuple[Weighed | None, list[Candidate]]:
    """How likely the best of *sections* that is no entry answers, and all that may be shown if it
    does, best first; none if it does not."""
    may = in_own_language(quotable(sections, query), query)
    if not may:
        return None, []
    outcome = weigh(gather_evidence(may, query, index.chunk_count))
    return outcome, with_hours_first(may, query) if outcome.answers else []


def _near_entry_sections(
    query: Query,
    sections: Sequence[Candidate],
    entries: Sequence[RankedEntry],
    outcome: Weighed | None,
) -> list[Candidate]:
    """The sections of *entries* that are shown under their own questions, if more speaks for them
    than for the pages, *outcome*."""
    has_pages = any(not section.document.faq for section in sections)
    near = near_entries(query, entries, beside_pages=has_pages)
    pages_odds = outcome.log_odds if outcome and outcome.answers else -math.inf
    return [entry.candidate for entry in near] if near and near[0].log_odds >= pages_odds else []
