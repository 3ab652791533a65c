"""What the conversation asks of the owner's knowledge: :class:`KnowledgeBase`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial

from chatbot_server.retrieval.answer.decide.closer_look import CloserLook
from chatbot_server.retrieval.answer.grounding import ground_in_sections
from chatbot_server.retrieval.answer.joined import ground_each, ground_single
from chatbot_server.retrieval.answer.reformulation import reformulate
from chatbot_server.retrieval.answer.search.comparison import may_compare
from chatbot_server.retrieval.answer.search.fusion import Hit
from chatbot_server.retrieval.answer.search.query import (
    MAX_QUESTION,
    EarlierTurns,
    Query,
)
from chatbot_server.retrieval.answer.search.searcher import Searcher
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.search.wordings import entry_asked_for
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.sections.candidates import load_candidates, load_sections
from chatbot_server.retrieval.answer.sections.relevance import distances
from chatbot_server.retrieval.answer.shown_sections import ShownSection, ShownSections
from chatbot_server.retrieval.answer.subject import (
    LOOKED_BACK,
    Subject,
    ground_property,
    subject_of,
)
from chatbot_server.retrieval.answer.topics import topics
from chatbot_server.retrieval.base import Grounding, Passage
from chatbot_server.retrieval.index.embedder import Embedder
from chatbot_server.retrieval.language.clauses import Question, is_courtesy, questions_of
from chatbot_server.retrieval.language.dialogue.follow_up import context_of, is_followup
from chatbot_server.retrieval.language.dialogue.properties import property_of_it
from chatbot_server.retrieval.language.dialogue.replies import question_of_others
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.words.everyday import spelled_out
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import has_documents

HITS = 10
# Where all sections of a site are compared with the question, more documents are looked at.
HITS_OF_COMPARED = 40

logger = logging.getLogger(__name__)


class KnowledgeBase:
    """The owner's pages, files and FAQ, searched: the :class:`~.base.Knowledge` of a server.

    Args:
        embedder: makes the vectors of questions; without it, words alone decide.
        clock: the current time, which decides what “today” means.
    """

    def __init__(
        self,
        database: Database,
        embedder: Embedder | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._clock = clock
        self.database = database
        self.searcher = Searcher(embedder)
        self._is_getting_ready = threading.Lock()
        self._ready_sites: set[int] = set()
        self._shown_sections = ShownSections()

    def has_content(self, site_id: int) -> bool:
        """See :class:`~.base.Knowledge`."""
        with self.database.connection() as connection:
            return has_documents(connection, site_id)

    def ground(
        self, site_id: int, question: str, history: Sequence[str] = (), locale: str = ""
    ) -> Grounding:
        """See :class:`~.base.Knowledge`."""
        grounding = self._ground(site_id, question, history, locale)
        self._shown_sections.add(site_id, locale, [*history, question], grounding)
        return grounding

    def _ground(
        self, site_id: int, question: str, history: Sequence[str], locale: str
    ) -> Grounding:
        languages = self.searcher.languages(self.database, site_id).languages
        questions, language = self.questions(site_id, question, locale)
        pages = self.pages_shown(site_id, history, locale)
        subject = self.subject_asked_about(site_id, question, history, locale)
        history = [
            text for text in _in_page_words(history, language) if not is_courtesy(text, languages)
        ]
        ground = partial(self._ground_one, site_id, language, EarlierTurns(pages=pages))
        if of_others := question_of_others(questions[0].text, history, languages):
            return ground(of_others, ())
        if len(questions) > 1:
            whole = ground(spelled_out(question[:MAX_QUESTION], language), history)
            if whole.status == "faq" or not whole.has_content:
                return whole
            return ground_each(ground, questions, history, whole)
        about_subject = subject and self.ground_property(site_id, question, subject, language)
        if about_subject:
            return about_subject

        def ground_alone(text: str, before: Sequence[str]) -> Grounding:
            earlier = replace(self.in_conversation(site_id, text, before, language), pages=pages)
            return self._ground_one(site_id, language, earlier, text, ())

        return ground_single(ground, ground_alone, questions[0], history)

    def ground_property(
        self, site_id: int, question: str, subject: Subject, language: str
    ) -> Grounding | None:
        """What the site says about the property of *subject* that *question* asks for, if any."""
        both = f"{subject.question} {question}"
        with self.open_search(site_id, both, (), language) as (index, query, hits):
            query.rarity = index.rarity(query.stems_to_search)
            sections = load_sections(index, query, hits) if hits else []
            grounding = ground_property(question, subject, query, sections, index)
        return grounding and replace(grounding, version=index.version)

    def subject_asked_about(
        self, site_id: int, question: str, history: Sequence[str], locale: str
    ) -> Subject | None:
        """What *question*, the only one of its message, asks a property of: “how much is it?”

        None if it names a thing itself or repeats an own answer's question, or if nothing that was
        answered before names one.
        """
        languages = self.searcher.languages(self.database, site_id).languages
        if not history or property_of_it(question, languages) is None:
            return None
        questions, language = self.questions(site_id, question, locale)
        with self.database.connection() as connection:
            index = SiteIndex(connection, site_id, self.searcher.memories)
            if len(questions) > 1 or entry_asked_for(index, question, languages) is not None:
                return None

        def chunk_shown(at: int) -> int | None:
            return self._section_shown(site_id, history[: at + 1], locale).chunk

        return subject_of(_in_page_words(history, language), chunk_shown, languages)

    def pages_shown(self, site_id: int, history: Sequence[str], locale: str) -> frozenset[str]:
        """The pages that answered the last questions of *history*; see :func:`page_of`."""
        earliest = max(0, len(history) - LOOKED_BACK)
        pages = (
            self._section_shown(site_id, history[: at + 1], locale).page
            for at in range(earliest, len(history))
        )
        return frozenset(filter(None, pages))

    def _section_shown(self, site_id: int, questions: Sequence[str], locale: str) -> ShownSection:
        """What answered the last of *questions* after the others, remembered or looked up again."""
        memory = self.searcher.memories.last(site_id)
        version = memory.version if memory else 0
        section = self._shown_sections.get(site_id, version, locale, questions)
        if section is None:
            # After a restart. After all others, each would look up those before it, without end.
            *before, last = questions
            grounding = self._ground(site_id, last, before[-LOOKED_BACK:], locale)
            section = self._shown_sections.add(site_id, locale, questions, grounding)
        return section

    def questions(self, site_id: int, message: str, locale: str = "") -> tuple[list[Question], str]:
        """The questions in *message*, in the words that pages use, and their language."""
        site = self.searcher.languages(self.database, site_id)
        language = site.language_of(message[:MAX_QUESTION], locale)
        text = spelled_out(message[:MAX_QUESTION], language)
        return questions_of(text, language, site.beside(language)), language

    def in_conversation(
        self, site_id: int, question: str, history: Sequence[str], language: str | None = None
    ) -> EarlierTurns:
        """How far sections are behind the best one for *question* and those before it, and these,
        if it depends on them."""
        languages = self.searcher.languages(self.database, site_id).languages
        context = context_of(question, history, languages)
        both = f"{context} {question}"
        with self.open_search(site_id, both, (), language) as (index, query, hits):
            query.rarity = index.rarity(query.stems_to_search)
            behind_best = distances(load_sections(index, query, hits)) if hits else {}
        is_dependent = is_followup(question, languages)
        return EarlierTurns(behind_best, context=context if is_dependent else "")

    def _ground_one(
        self,
        site_id: int,
        language: str | None,
        earlier: EarlierTurns,
        question: str,
        history: Sequence[str],
    ) -> Grounding:
        """The grounding of *question*, searched for together with those of *history*."""
        embedder = self.searcher.embedder
        with self.open_search(site_id, question, history, language) as (index, query, hits):
            query.rarity = index.rarity(query.stems_to_search)
            if query.entry is None:
                query.earlier = earlier
            sections = load_sections(index, query, hits) if hits else []
            closer_look = CloserLook(sections, query, index)
            if not closer_look.has_to_read:
                grounding = self._ground_hits(query, hits, closer_look.sections(), index)
        if closer_look.has_to_read and embedder is not None:
            # Reading takes a while: no connection to the database is held meanwhile.
            closer_look.read(embedder)
            with self.database.connection() as connection:
                index = index.within(connection)
                grounding = self._ground_hits(query, hits, closer_look.sections(), index)
        missed_meaning = embedder is not None and not any(hit.meaning for hit in hits)
        return replace(
            grounding, lasting=grounding.lasting and not missed_meaning, version=index.version
        )

    def _ground_hits(
        self, query: Query, hits: Sequence[Hit], sections: Sequence[Candidate], index: SiteIndex
    ) -> Grounding:
        if hits:
            return ground_in_sections(query, hits[:HITS], sections, index, self._clock())
        return Grounding("nothing", has_content=index.has_documents)

    def get_ready(self, site_id: int) -> None:
        """See :class:`~.base.Knowledge`.

        A typical question in each language of the site's pages is asked, so that patterns are
        compiled and the index is read; after ten minutes without a question, the embedder is
        started: a second or two, while a visitor still types.
        """
        embedder = self.searcher.embedder
        is_ready = embedder is None or embedder.pids()
        if is_ready and site_id in self._ready_sites and self.searcher.memories.last(site_id):
            return
        if self._is_getting_ready.acquire(blocking=False):
            threading.Thread(target=self._load, args=(site_id,), name="ready", daemon=True).start()

    def _load(self, site_id: int) -> None:
        try:
            for code in self.searcher.languages(self.database, site_id).documents or ("en",):
                self.ground(site_id, LANGUAGES[code].typical_question, locale=code)
            self._ready_sites.add(site_id)
        except Exception:  # whoever asks is told
            logger.info("nothing could be loaded in advance", exc_info=True)
        finally:
            self._is_getting_ready.release()

    def topics(self, site_id: int, language: str) -> list[str]:
        """See :class:`~.base.Knowledge`."""
        with self.database.connection() as connection:
            memory = SiteIndex(connection, site_id, self.searcher.memories).memory
            name = "topics", language
            return list(memory.once(name, lambda: topics(connection, site_id, language)))

    def search(self, site_id: int, question: str, limit: int = HITS) -> list[Passage]:
        """The best passages for *question*, best first."""
        with self.open_search(site_id, question, (), limit=limit) as (index, query, hits):
            candidates = load_candidates(index, query, hits, limit)
        return [candidate.passage() for candidate in candidates]

    @contextmanager
    def open_search(
        self,
        site_id: int,
        question: str,
        history: Sequence[str],
        language: str | None = None,
        limit: int = HITS,
    ) -> Iterator[tuple[SiteIndex, Query, list[Hit]]]:
        """Search for *question*; yields the index, the query and its hits in one unit of work.

        There are up to *limit* hits; more where all sections of the site are compared.
        No connection to the database is held while the vector of the question is computed.
        """
        searcher = self.searcher
        with self.database.connection() as connection:
            index = SiteIndex(connection, site_id, searcher.memories)
            query = reformulate(searcher, index, question, history, language)
            if searcher.embedder is None:
                yield index, query, searcher.search(index, query, None, limit)
                return
            forms = searcher.forms(index, query)
        vector = searcher.embed(forms, query)
        with self.database.connection() as connection:
            index = index.within(connection)
            if may_compare(query, index.chunk_count):
                limit = max(limit, HITS_OF_COMPARED)
            yield index, query, searcher.search(index, query, vector, limit)

    def pids(self) -> Collection[int]:
        """The process of the embedder, if it runs."""
        return self.searcher.embedder.pids() if self.searcher.embedder else ()

    def close(self) -> None:
        """End the process of the embedder."""
        if self.searcher.embedder is not None:
            self.searcher.embedder.close()


def _in_page_words(history: Sequence[str], language: str) -> list[str]:
    return [spelled_out(text[:MAX_QUESTION], language) for text in history]
