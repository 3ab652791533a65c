"""Caches what many questions need of a site's index, until the index changes.

Every change of an index, by any process, changes its version. Each question reads the version
first, and drops what was cached of another one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from chatbot_server.retrieval.answer.search.query import ParsedText
from chatbot_server.retrieval.index.encoder.late_interaction import TokenIndex
from chatbot_server.retrieval.index.vectors import Tokens
from chatbot_server.retrieval.language.languages import Languages
from chatbot_server.retrieval.language.sentences import sentences_and_items
from chatbot_server.retrieval.language.words.navigation import is_navigation
from chatbot_server.storage.base import UnitOfWork
from chatbot_server.storage.knowledge.index.chunks import ChunkText, DocumentText, load_chunks
from chatbot_server.storage.knowledge.index.vectors import chunk_vectors

MOST_SITES = 100
# Characters of all cached sections. Each takes some five bytes, and five more for a section of a
# site that has just changed, whose tokens were read for a visitor.
MOST_CHARACTERS = 4_000_000
# The bytes of the tokens of all cached sites. A site of 80 sections takes two millions; the largest
# that is compared, with the longest sections, eighty-two.
MOST_TOKEN_BYTES = 90_000_000
# Cached facts of one site: counts and titles by chunk and stem. A stem that does not occur on the
# site is not cached: it is only a visitor's.
MOST_FACTS = 10_000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class SectionText:
    """A chunk and its document, with cached facts that do not depend on the question.

    Attributes:
        vectors: the vector of the chunk by model; None if it has none.
        tokens: the rows of its tokens, see
            :mod:`~chatbot_server.retrieval.index.encoder.late_interaction`; None if they were not
            loaded.
    """

    def __init__(self, document: DocumentText, chunk: ChunkText) -> None:
        self.document, self.chunk = document, chunk
        self.vectors: dict[str, NDArray[np.float32] | None] = {}
        self.tokens: Tokens | None = None
        self._facts: dict[tuple[Hashable, Languages], Any] = {}

    @property
    def size(self) -> int:
        """Its number of characters."""
        return len(self.chunk.text) + len(self.document.text)

    def once(self, name: Hashable, languages: Languages, read: Callable[[], Value]) -> Value:
        """The result of *read*, computed once for *name* and *languages*."""
        key = name, languages
        if key not in self._facts:
            self._facts[key] = read()
        return cast(Value, self._facts[key])

    def parsed(self, text: str, languages: Languages) -> ParsedText:
        """*text*, which is a part of it."""
        return self.once(("parsed", text), languages, lambda: ParsedText(text, languages))

    def sentences(self, languages: Languages) -> list[str]:
        """The sentences of the chunk, without lines that are only navigation."""

        def read() -> list[str]:
            texts = sentences_and_items(self.chunk.text, languages)
            return [text for text in texts if not is_navigation(text, languages)]

        return self.once("sentences", languages, read)


class Sized(Protocol):
    """What takes memory."""

    @property
    def size(self) -> int:
        """How much."""


SizedValue = TypeVar("SizedValue", bound=Sized)


class RecentlyUsed(Generic[SizedValue]):
    """The most recently used values of all sites; the first number of a key is its site.

    Args:
        most: the sum of the sizes that is kept.
    """

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._lock = threading.Lock()
        self._values: OrderedDict[tuple[int, Hashable], SizedValue] = OrderedDict()

    def get(self, site_id: int, key: Hashable) -> SizedValue | None:
        """The value of a site with *key*."""
        with self._lock:
            value = self._values.get((site_id, key))
            if value is not None:
                self._values.move_to_end((site_id, key))
            return value

    def forget(self, site_id: int) -> None:
        """Drop the values of a site."""
        with self._lock:
            for key in [key for key in self._values if key[0] == site_id]:
                self._size -= self._values.pop(key).size

    def put(self, site_id: int, key: Hashable, value: SizedValue) -> None:
        """Add *value*, and drop the least recently used ones beyond the limit."""
        with self._lock:
            if (site_id, key) not in self._values:
                self._values[site_id, key] = value
                self._size += value.size
            while self._size > self._most:
                _key, oldest = self._values.popitem(last=False)
                self._size -= oldest.size


class SiteMemory:
    """The cache of one version of a site's index; several threads may fill it."""

    def __init__(
        self,
        site_id: int,
        version: int,
        sections: RecentlyUsed[SectionText],
        token_indexes: RecentlyUsed[TokenIndex],
    ) -> None:
        self.version = version
        self._site_id = site_id
        self._sections, self._token_indexes = sections, token_indexes
        self._values: dict[Hashable, Any] = {}
        self._facts: dict[Hashable, dict[Any, Any]] = {}

    def once(self, name: Hashable, compute: Callable[[], Value]) -> Value:
        """The result of *compute*, computed once for *name*."""
        if name not in self._values:
            self._values[name] = compute()
        return cast(Value, self._values[name])

    def get(self, name: Hashable) -> Any:
        """The cached value for *name*; None if there is none."""
        return self._values.get(name)

    def known(
        self,
        name: Hashable,
        keys: Collection[Key],
        look_up: Callable[[list[Key]], Mapping[Key, Value]],
    ) -> dict[Key, Value]:
        """The fact *name* of each of *keys*; *look_up* is called for those that are not cached."""
        facts = self._facts.setdefault(name, {})
        known_facts = {key: facts[key] for key in keys if key in facts}
        if unknown := [key for key in keys if key not in known_facts]:
            answers = look_up(unknown)
            known_facts |= answers
            if len(facts) < MOST_FACTS:
                facts |= {key: fact for key, fact in answers.items() if fact}
        return known_facts

    def sections(self, unit: UnitOfWork, chunks: Sequence[int]) -> list[SectionText]:
        """The sections of those *chunks* that still exist."""
        store, site_id = self._sections, self._site_id
        by_chunk = {chunk: store.get(site_id, (self.version, chunk)) for chunk in chunks}
        if unknown := [chunk for chunk, section in by_chunk.items() if section is None]:
            for document, chunk in load_chunks(unit, unknown):
                by_chunk[chunk.id] = section = SectionText(document, chunk)
                store.put(site_id, (self.version, chunk.id), section)
        return [section for section in by_chunk.values() if section is not None]

    def token_index(self, fit: str, load: Callable[[], TokenIndex | None]) -> TokenIndex | None:
        """The tokens of *fit* of the site's sections; *load* is called until it returns them."""
        key = self.version, fit
        token_index = self._token_indexes.get(self._site_id, key)
        if token_index is None:
            token_index = load()
            if token_index is not None:
                self._token_indexes.put(self._site_id, key, token_index)
        return token_index


def read_vectors(unit: UnitOfWork, sections: Sequence[SectionText], model: str) -> None:
    """Load the vectors of *model* into *sections*, if they have any."""
    unread = [section for section in sections if model not in section.vectors]
    vectors = chunk_vectors(unit, [each.chunk.id for each in unread], model) if unread else {}
    for section in unread:
        section.vectors[model] = vectors.get(section.chunk.id)


class SiteMemories:
    """The memories of the most recently asked sites.

    Attributes:
        sections, token_indexes: of them all.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.sections: RecentlyUsed[SectionText] = RecentlyUsed(MOST_CHARACTERS)
        self.token_indexes: RecentlyUsed[TokenIndex] = RecentlyUsed(MOST_TOKEN_BYTES)
        self._memories: OrderedDict[int, SiteMemory] = OrderedDict()

    def last(self, site_id: int) -> SiteMemory | None:
        """The memory of the version that was asked last."""
        return self._memories.get(site_id)

    def of(self, site_id: int, version: int) -> SiteMemory:
        """The memory of this version of the site's index."""
        with self._lock:
            memory = self._memories.get(site_id)
            if memory is None or memory.version != version:
                self.sections.forget(site_id)
                self.token_indexes.forget(site_id)
                memory = self._memories[site_id] = SiteMemory(
                    site_id, version, self.sections, self.token_indexes
                )
            self._memories.move_to_end(site_id)
            while len(self._memories) > MOST_SITES:
                self._memories.popitem(last=False)
            return memory
