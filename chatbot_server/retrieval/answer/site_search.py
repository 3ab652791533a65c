"""The search of one site for one question, and what is made of its result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from chatbot_server.retrieval.answer.decide.closer_look import CloserLook
from chatbot_server.retrieval.answer.grounding import ground_in_sections
from chatbot_server.retrieval.answer.reformulation import reformulate
from chatbot_server.retrieval.answer.search.comparison import may_compare
from chatbot_server.retrieval.answer.search.fusion import Hit
from chatbot_server.retrieval.answer.search.query import EarlierTurns, Meanings, Query
from chatbot_server.retrieval.answer.search.searcher import Searcher
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.sections.candidates import load_sections
from chatbot_server.retrieval.answer.sections.relevance import distances
from chatbot_server.retrieval.answer.show.hours_asked import at_time
from chatbot_server.retrieval.answer.subject import Subject, ground_property
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.language.dialogue.follow_up import context_of, is_follow_up
from chatbot_server.storage.database import Database

HITS = 10
# Where all sections of a site are compared with the question, more documents are looked at.
HITS_OF_COMPARED = 40
FIRST_QUESTION = EarlierTurns()


@dataclass(frozen=True)
class SearchResult:
    """What was found for *query*, in the unit of work of *index*.

    Attributes:
        hits: the documents, best first.
    """

    index: SiteIndex
    query: Query
    hits: Sequence[Hit]

    @cached_property
    def sections(self) -> list[Candidate]:
        """The sections of the documents that may answer the query, best first."""
        return load_sections(self.index, self.query, self.hits) if self.hits else []

    def at_time(self, now: datetime) -> SearchResult:
        """This result for the query as it is meant at the time *now*."""
        return replace(self, query=at_time(self.query, now, self.index.state.time_zone))


@dataclass(frozen=True)
class SiteSearch:
    """Searches one site for questions in one language.

    Attributes:
        language: that of the questions; None if each tells its own.
    """

    database: Database
    searcher: Searcher
    site_id: int
    language: str | None = None

    @contextmanager
    def open(
        self, question: str, earlier: EarlierTurns = FIRST_QUESTION, limit: int = HITS
    ) -> Iterator[SearchResult]:
        """Search for *question*, after *earlier*; yields the result in one unit of work.

        There are up to *limit* hits; more where all sections of the site are compared.
        No connection to the database is held while the vectors of the question are computed.
        """
        searcher = self.searcher
        with self.database.connection() as connection:
            index = SiteIndex(connection, self.site_id, searcher.memories)
            query = reformulate(searcher, index, question, earlier.questions, self.language)
            if searcher.embedder is None:
                yield self._result(index, query, None, earlier, limit)
                return
            forms = searcher.forms(index, query)
        meanings = searcher.meanings(forms, query)
        with self.database.connection() as connection:
            yield self._result(index.within(connection), query, meanings, earlier, limit)

    def _result(
        self,
        index: SiteIndex,
        query: Query,
        meanings: Meanings | None,
        earlier: EarlierTurns,
        limit: int,
    ) -> SearchResult:
        query = query.on_site(index.rarity(query.stems_to_search), meanings, earlier)
        if may_compare(query, index.chunk_count):
            limit = max(limit, HITS_OF_COMPARED)
        return SearchResult(index, query, self.searcher.search(index, query, limit))

    def ground(self, question: str, earlier: EarlierTurns, now: datetime) -> Grounding:
        """What the site says about *question* after *earlier*; *now* decides what “today” means."""
        embedder = self.searcher.embedder
        with self.open(question, earlier) as timeless_result:
            result = timeless_result.at_time(now)
            closer_look = CloserLook(result.sections, result.query, result.index)
            if embedder is None or not closer_look.has_to_read:
                return self._grounding(result, closer_look.sections(), now)
        # Reading takes a while: no connection to the database is held meanwhile.
        closer_look.read(embedder)
        with self.database.connection() as connection:
            result = replace(result, index=result.index.within(connection))
            return self._grounding(result, closer_look.sections(), now)

    def _grounding(
        self, result: SearchResult, sections: Sequence[Candidate], now: datetime
    ) -> Grounding:
        """What *result* says, whose *sections* were looked at closely, best first."""
        index, hits = result.index, result.hits
        grounding = Grounding("nothing", has_content=index.has_documents)
        if hits:
            grounding = ground_in_sections(result.query, hits[:HITS], sections, index, now)
        missed_meaning = self.searcher.embedder is not None and not any(hit.meaning for hit in hits)
        return replace(
            grounding, lasting=grounding.lasting and not missed_meaning, version=index.version
        )

    def ground_property(self, question: str, subject: Subject) -> Grounding | None:
        """What the site says about the property of *subject* that *question* asks for, if any."""
        with self.open(f"{subject.question} {question}") as result:
            grounding = ground_property(
                question, subject, result.query, result.sections, result.index
            )
        return grounding and replace(grounding, version=result.index.version)

    def in_conversation(self, question: str, history: Sequence[str]) -> EarlierTurns:
        """What matters of *history* to *question*, searched for alone.

        That is how far sections are behind the best one for both together, and the questions that
        it depends on.
        """
        languages = self.searcher.languages(self.database, self.site_id).languages
        context = context_of(question, history, languages)
        with self.open(f"{context} {question}") as result:
            behind_best = distances(result.sections)
        is_dependent = is_follow_up(question, languages)
        return EarlierTurns(distances=behind_best, context=context if is_dependent else "")
