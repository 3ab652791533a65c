"""What the conversation asks of the owner's knowledge: :class:`KnowledgeBase`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from sqlalchemy.orm import Session

from chatbot_server.retrieval.answer import answers, faq, quote
from chatbot_server.retrieval.answer.answers import ALONE, Found
from chatbot_server.retrieval.answer.fusion import Hit
from chatbot_server.retrieval.answer.search import Searcher
from chatbot_server.retrieval.base import Grounding, IndexState, Passage
from chatbot_server.retrieval.index.embedder import Embedder, make_embedder
from chatbot_server.retrieval.language import stems, synonyms
from chatbot_server.retrieval.language.follow_up import in_context
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge import search_index
from chatbot_server.storage.knowledge.chunks import chunk_count
from chatbot_server.storage.knowledge.documents import has_documents
from chatbot_server.storage.knowledge.site_state import index_version

PASSAGES = 6
MAX_QUESTION = 1000


class KnowledgeBase:
    """The owner's pages, files and FAQ, searched; see :class:`~chatbot_server.retrieval.base.Knowledge`.

    Args:
        semantic: ``retrieval.semantic`` of the configuration.
        embedder: instead of the one *semantic* asks for.

    Raises:
        ConfigError: *semantic* is ``on`` and the extra is not installed.
    """  # noqa: E501

    def __init__(
        self,
        database: Database,
        semantic: Literal["auto", "on", "off"] = "auto",
        *,
        embedder: Embedder | None = None,
    ) -> None:
        self.database = database
        self.searcher = Searcher(embedder or make_embedder(semantic))

    def has_content(self, site_id: int) -> bool:
        """See :class:`~chatbot_server.retrieval.base.Knowledge`."""
        with self.database.session() as session:
            return has_documents(session, site_id)

    def index_state(self, site_id: int) -> IndexState:
        """See :class:`~chatbot_server.retrieval.base.Knowledge`."""
        with self.database.session() as session:
            return IndexState(index_version(session, site_id), has_documents(session, site_id))

    def ground(self, site_id: int, question: str, history: Sequence[str] = ()) -> Grounding:
        """See :class:`~chatbot_server.retrieval.base.Knowledge`."""
        state = self.index_state(site_id)
        grounding = self._ground(site_id, question, history)
        return replace(grounding, has_content=state.has_content, version=state.version)

    def _ground(self, site_id: int, question: str, history: Sequence[str]) -> Grounding:
        asked = in_context(question[:MAX_QUESTION], history)
        hits = self.searcher.search(self.database, site_id, asked)
        lasting = self.searcher.embedder is None or any(hit.meaning for hit in hits)
        if not hits:
            return Grounding("nothing", lasting=lasting)
        with self.database.session() as session:
            weigh = _rarity(session, site_id, asked)
            found = answers.load(session, hits[:PASSAGES], asked, weigh)
            if not found:  # all were indexed anew since they were found
                return Grounding("nothing", lasting=False)
            margin = _margin(hits)
            entries = _Entries(session, site_id, asked, own=question if asked != question else "")
            if _is_clear(hits) and entries.answers(found[0]):
                return replace(answers.faq_answer(found, margin), lasting=lasting)
            allowed = [one for one in found if entries.may_quote(one)]
        best = answers.strongest(asked, allowed, hits, weigh, entries.total)
        return replace(answers.page_answer(found, best, margin), lasting=lasting)

    def search(self, site_id: int, question: str, limit: int = 10) -> list[Passage]:
        """The best passages for *question*, best first."""
        hits = self.searcher.search(self.database, site_id, question[:MAX_QUESTION], limit)
        with self.database.session() as session:
            weigh = _rarity(session, site_id, question[:MAX_QUESTION])
            return [found.passage() for found in answers.load(session, hits, question, weigh)]

    def version(self, site_id: int) -> int:
        """Grows with each change of the site's index; part of a cache's key."""
        with self.database.session() as session:
            return index_version(session, site_id)

    def close(self) -> None:
        """Let go of the process that searches by meaning."""
        if self.searcher.embedder is not None:
            self.searcher.embedder.close()


class _Entries:
    """Which FAQ entries may answer one question.

    Args:
        asked: the question, after the one it follows.
        own: the words of a follow-up alone; empty where the question is none.
    """

    def __init__(self, session: Session, site_id: int, asked: str, own: str) -> None:
        self._session, self._site_id, self._asked, self._own = session, site_id, asked, own
        self.total = chunk_count(session, site_id)

    def answers(self, found: Found) -> bool:
        """Whether *found* is an entry and asks the same, as far as hard facts go."""
        document = found.document
        if not document.faq or not self._holds_own(found):
            return False
        wordings = [document.title, *document.wordings]
        if not found.hit.meaning and not faq.same_words(self._asked, wordings):
            return False
        return faq.agree(self._asked, wordings, document.text, self._common)

    def may_quote(self, found: Found) -> bool:
        """Whether *found* may be quoted: an entry only where nothing it asks is another thing."""
        document = found.document
        if not self._holds_own(found) or not faq.same_compounds(self._asked, found.about):
            return False
        wordings = [document.title, *document.wordings]
        return not document.faq or (
            faq.asks_for(self._asked, wordings)
            and faq.agree(self._asked, wordings, document.text, self._common)
        )

    def _holds_own(self, found: Found) -> bool:
        """Whether *found* speaks of what the follow-up itself is about."""
        about = f"{found.about} {' '.join(found.document.wordings)}"
        return not self._own or faq.holds(self._own, about, found.chunk.text)

    def _common(self, name: str) -> bool:
        terms = [stems.stem(name, language) for language in stems.LANGUAGES]
        counts = search_index.known_terms(self._session, self._site_id, terms)
        return max(counts.values()) > max(1, faq.COMMON_NAME * self.total)


def _is_clear(hits: Sequence[Hit]) -> bool:
    """Whether the best document is far enough from all others to be the only one meant.

    With vectors: its nearest wording or chunk by 0.02, or title and chunk each by 0.008. By
    words alone, :func:`faq.same_words` decides.
    """
    first, others = hits[0], hits[1:]
    if first.meaning and max(first.title, first.text) < faq.NEAR_ENOUGH:
        return False
    if not others:
        return True
    if not first.meaning:
        return first.words > max(hit.words for hit in others)
    nearest = max(first.title, first.text) - max(max(hit.title, hit.text) for hit in others)
    title = first.title - max(hit.title for hit in others)
    text = first.text - max(hit.text for hit in others)
    return nearest >= faq.SURE_MARGIN or min(title, text) >= faq.BOTH_MARGIN


def _margin(hits: Sequence[Hit]) -> float:
    """Distance of the best document to the second, by meaning where there is one.

    Of a document alone nothing is known but that it has no rival: a usual distance.
    """
    first, others = hits[0], hits[1:]
    if not others:
        return ALONE
    if first.meaning:
        return first.meaning - max(hit.meaning for hit in others)
    return (first.words - max(hit.words for hit in others)) / (first.words or 1.0) / 10


def _rarity(session: Session, site_id: int, question: str) -> synonyms.Rarity:
    terms = stems.query_terms(question)
    counts = search_index.known_terms(session, site_id, terms)
    return quote.rarity(counts, chunk_count(session, site_id))
