"""The index of one site, as one unit of work sees it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

from sqlalchemy.orm import Session

from chatbot_server.retrieval.language import stems
from chatbot_server.retrieval.language.languages import ALWAYS_USED, Languages
from chatbot_server.retrieval.language.synonyms import Rarity
from chatbot_server.storage.knowledge import search_index
from chatbot_server.storage.knowledge.chunks import chunk_count
from chatbot_server.storage.knowledge.site_state import index_version


class SiteIndex:
    """How many chunks a site has, and in how many of them a word stands.

    ``version`` is asked for first: what is read later is of this version or of a newer one.
    """

    def __init__(self, session: Session, site_id: int) -> None:
        self.session = session
        self.site_id = site_id
        self.version = index_version(session, site_id)

    @cached_property
    def chunk_count(self) -> int:
        """How many chunks the site has."""
        return chunk_count(self.session, self.site_id)

    def chunks_with(self, word: str, languages: Languages = ALWAYS_USED) -> int:
        """In how many chunks a folded word stands."""
        word_stems = list(stems.all_stems(word, languages))
        return max(self._chunks_with_stems(word_stems).values())

    def rarity(self, known_stems: Sequence[str]) -> Rarity:
        """BM25's inverse document frequency of *known_stems*; of any other stem the highest."""
        counts = self._chunks_with_stems(known_stems)
        total = self.chunk_count

        def inverse_document_frequency(stem: str) -> float:
            count = counts.get(stem, 0)
            return math.log(1 + (total - count + 0.5) / (count + 0.5))

        return inverse_document_frequency

    def _chunks_with_stems(self, counted_stems: Sequence[str]) -> dict[str, int]:
        return search_index.known_terms(self.session, self.site_id, counted_stems)
