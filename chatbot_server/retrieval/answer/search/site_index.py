"""The index of one site, as seen by one unit of work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from functools import cached_property

from chatbot_server.retrieval.answer.search.site_memory import MOST_FACTS, SiteMemories
from chatbot_server.retrieval.language.languages import ALWAYS_USED, Languages
from chatbot_server.retrieval.language.words import stems
from chatbot_server.retrieval.language.words.synonyms import Rarity
from chatbot_server.storage.base import UnitOfWork
from chatbot_server.storage.knowledge.documents import has_documents, known_acronyms
from chatbot_server.storage.knowledge.index import search_index
from chatbot_server.storage.knowledge.index.chunks import chunk_count
from chatbot_server.storage.knowledge.site_state import site_state


class SiteIndex:
    """How many chunks a site has, and how many of them contain a word.

    The version is read first, so that everything read later is at least as new.

    Attributes:
        state: the state of the site.
        memory: what is remembered of this version of the index.
    """

    def __init__(self, unit: UnitOfWork, site_id: int, memories: SiteMemories) -> None:
        self.unit = unit
        self.site_id = site_id
        self.state = site_state(unit, site_id)
        self.memory = memories.of(site_id, self.state.version)

    def within(self, unit: UnitOfWork) -> SiteIndex:
        """The same version of the index in another unit of work, where some of it may be newer."""
        index = copy(self)
        index.unit = unit
        return index

    @property
    def version(self) -> int:
        """The version of the index."""
        return self.state.version

    @cached_property
    def chunk_count(self) -> int:
        """How many chunks the site has."""
        return self.memory.once("chunks", lambda: chunk_count(self.unit, self.site_id))

    @cached_property
    def has_documents(self) -> bool:
        """Whether the site has any document."""
        return self.memory.once("documents", lambda: has_documents(self.unit, self.site_id))

    @cached_property
    def acronyms(self) -> frozenset[str] | None:
        """Those that its documents define; None: too many to be remembered."""

        def read() -> frozenset[str] | None:
            acronyms = known_acronyms(self.unit, self.site_id, MOST_FACTS)
            return frozenset(acronyms) if len(acronyms) < MOST_FACTS else None

        return self.memory.once("acronyms", read)

    def chunks_with(self, word: str, languages: Languages = ALWAYS_USED) -> int:
        """How many chunks contain a folded word."""
        word_stems = list(stems.all_stems(word, languages))
        return max(self._chunks_with_stems(word_stems).values())

    def rarity(self, known_stems: Sequence[str]) -> Rarity:
        """BM25's inverse document frequency of *known_stems*; other stems get the highest."""
        counts = self._chunks_with_stems(known_stems)
        total = self.chunk_count

        def inverse_document_frequency(stem: str) -> float:
            count = counts.get(stem, 0)
            return math.log(1 + (total - count + 0.5) / (count + 0.5))

        return inverse_document_frequency

    def _chunks_with_stems(self, counted_stems: Sequence[str]) -> dict[str, int]:
        def look_up(unknown_stems: list[str]) -> dict[str, int]:
            return search_index.known_terms(self.unit, self.site_id, unknown_stems)

        return self.memory.known("stems", counted_stems, look_up)
