"""What the conversation asks of the owner's knowledge: :class:`KnowledgeBase`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timezone

from chatbot_server.retrieval.answer.search.query import MAX_QUESTION, EarlierTurns
from chatbot_server.retrieval.answer.search.searcher import Searcher
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.search.wordings import entry_asked_for
from chatbot_server.retrieval.answer.sections.candidates import load_candidates
from chatbot_server.retrieval.answer.several_questions import (
    as_unsure,
    ground_each,
    ground_single,
)
from chatbot_server.retrieval.answer.shown_sections import (
    ShownSection,
    ShownSections,
    shown_section,
)
from chatbot_server.retrieval.answer.site_search import HITS, SiteSearch
from chatbot_server.retrieval.answer.subject import (
    SUBJECT_LOOKBACK,
    Subject,
    subject_of,
)
from chatbot_server.retrieval.answer.topics import topics
from chatbot_server.retrieval.base import Grounding, Passage
from chatbot_server.retrieval.index.embedder import Embedder
from chatbot_server.retrieval.language.clauses import Question, is_courtesy, questions_of
from chatbot_server.retrieval.language.dialogue.properties import property_of_it
from chatbot_server.retrieval.language.dialogue.replies import question_of_others
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.words.everyday import spelled_out
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import has_documents

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
        site = self.site(site_id, language)

        def ground(text: str, before: Sequence[str]) -> Grounding:
            return site.ground(text, EarlierTurns(before, pages=pages), self._clock())

        def ground_alone(text: str, before: Sequence[str]) -> Grounding:
            earlier = replace(site.in_conversation(text, before), pages=pages)
            return site.ground(text, earlier, self._clock())

        if of_others := question_of_others(questions[0].text, history, languages):
            return ground(of_others, ())
        if len(questions) > 1:
            whole = ground(spelled_out(question[:MAX_QUESTION], language), history)
            if whole.status == "faq" or not whole.has_content:
                return whole
            return ground_each(ground, questions, history, whole)
        text = questions[0].text
        if subject and (about_subject := site.ground_property(text, subject)):
            return about_subject
        grounding = ground_single(ground, ground_alone, questions[0], history)
        if subject is None or grounding.status == "faq" or not subject.is_unknown(text, languages):
            return grounding
        page = shown_section(grounding).page
        return as_unsure(grounding, is_shown=page in pages)

    def site(self, site_id: int, language: str | None = None) -> SiteSearch:
        """The search of one site, for questions in *language*; None: each tells its own."""
        return SiteSearch(self.database, self.searcher, site_id, language)

    def subject_asked_about(
        self, site_id: int, question: str, history: Sequence[str], locale: str
    ) -> Subject | None:
        """What *question*, the only one of its message, asks a property of: “how much is it?”

        None if it names a thing itself or repeats an own answer's question, or if nothing that was
        answered before names one.
        """
        if not history:
            return None
        languages = self.searcher.languages(self.database, site_id).languages
        questions, language = self.questions(site_id, question, locale)
        if property_of_it(questions[0].text, languages) is None:
            return None
        with self.database.connection() as connection:
            index = SiteIndex(connection, site_id, self.searcher.memories)
            if len(questions) > 1 or entry_asked_for(index, question, languages) is not None:
                return None

        def chunk_shown(at: int) -> int | None:
            return self._section_shown(site_id, history[: at + 1], locale).chunk

        return subject_of(_in_page_words(history, language), chunk_shown, languages)

    def pages_shown(self, site_id: int, history: Sequence[str], locale: str) -> frozenset[str]:
        """The pages that answered the last questions of *history*; see :func:`page_of`."""
        earliest = max(0, len(history) - SUBJECT_LOOKBACK)
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
            grounding = self._ground(site_id, last, before[-SUBJECT_LOOKBACK:], locale)
            section = self._shown_sections.add(site_id, locale, questions, grounding)
        return section

    def questions(self, site_id: int, message: str, locale: str = "") -> tuple[list[Question], str]:
        """The questions in *message*, in the words that pages use, and their language."""
        site = self.searcher.languages(self.database, site_id)
        language = site.language_of(message[:MAX_QUESTION], locale)
        text = spelled_out(message[:MAX_QUESTION], language)
        return questions_of(text, language, site.beside(language)), language

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

    def topics(self, site_id: int, language: str, version: int | None = None) -> list[str]:
        """See :class:`~.base.Knowledge`."""
        name = "topics", language
        memory = self.searcher.memories.last(site_id)
        if memory and memory.version == version and (known_topics := memory.get(name)) is not None:
            return list(known_topics)
        with self.database.connection() as connection:
            memory = SiteIndex(connection, site_id, self.searcher.memories).memory
            return list(memory.once(name, lambda: topics(connection, site_id, language)))

    def search(self, site_id: int, question: str, limit: int = HITS) -> list[Passage]:
        """The best passages for *question*, best first."""
        with self.site(site_id).open(question, limit=limit) as result:
            candidates = load_candidates(result.index, result.query, result.hits, limit)
        return [candidate.passage() for candidate in candidates]

    def pids(self) -> Collection[int]:
        """The process of the embedder, if it runs."""
        return self.searcher.embedder.pids() if self.searcher.embedder else ()

    def close(self) -> None:
        """End the process of the embedder."""
        if self.searcher.embedder is not None:
            self.searcher.embedder.close()


def _in_page_words(history: Sequence[str], language: str) -> list[str]:
    return [spelled_out(text[:MAX_QUESTION], language) for text in history]
