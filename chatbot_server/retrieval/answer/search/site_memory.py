"""Caches what many questions need of a site's index, until the index changes.

Every change of an index, by any process, changes its version. Each question reads the version
first, and drops what was cached of another one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from chatbot_server.retrieval.answer.search.query import ParsedText
from chatbot_server.retrieval.index.vectors import Tokens
from chatbot_server.retrieval.language.languages import Languages
from chatbot_server.retrieval.language.sentences import sentences
from chatbot_server.retrieval.language.words.navigation import is_navigation
from chatbot_server.storage.base import UnitOfWork
from chatbot_server.storage.knowledge.chunks import ChunkText, DocumentText, load_chunks
from chatbot_server.storage.knowledge.vectors import chunk_vectors

MOST_SITES = 100
# Characters of all cached sections. Each takes some five bytes, and five more if the tokens of the
# section are cached as well.
MOST_CHARACTERS = 4_000_000
# Cached facts of one site: counts and titles by chunk and stem. A stem that does not occur on the
# site is not cached: it is only a visitor's.
MOST_FACTS = 10_000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class SectionText:
    """A chunk and its document, with cached facts that do not depend on the question.

    Attributes:
        vectors: the vector of the chunk by model; None if it has none.
        tokens: the rows of its tokens, see :mod:`chatbot_server.retrieval.index.late_interaction`;
            None if they were not loaded.
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
            texts = sentences(self.chunk.text, languages)
            return [text for text in texts if not is_navigation(text, languages)]

        return self.once("sentences", languages, read)


class SiteMemory:
    """The cache of one version of a site's index; several threads may fill it."""

    def __init__(self, site_id: int, version: int, sections: SectionStore) -> None:
        self.version = version
        self._site_id = site_id
        self._sections = sections
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
        store, prefix = self._sections, (self._site_id, self.version)
        by_chunk = {chunk: store.get((*prefix, chunk)) for chunk in chunks}
        if unknown := [chunk for chunk, section in by_chunk.items() if section is None]:
            for document, chunk in load_chunks(unit, unknown):
                by_chunk[chunk.id] = section = SectionText(document, chunk)
                store.put((*prefix, chunk.id), section)
        return [section for section in by_chunk.values() if section is not None]


def read_vectors(unit: UnitOfWork, sections: Sequence[SectionText], model: str) -> None:
    """Load the vectors of *model* into *sections*, if they have any."""
    unread = [section for section in sections if model not in section.vectors]
    vectors = chunk_vectors(unit, [each.chunk.id for each in unread], model) if unread else {}
    for section in unread:
        section.vectors[model] = vectors.get(section.chunk.id)


class SectionStore:
    """The most recently used sections of all sites."""

    def __init__(self, most: int = MOST_CHARACTERS) -> None:
        self._most, self._size = most, 0
        self._lock = threading.Lock()
        self._sections: OrderedDict[tuple[int, int, int], SectionText] = OrderedDict()

    def get(self, key: tuple[int, int, int]) -> SectionText | None:
        """The section with the *key* of site, version of the index, and chunk."""
        with self._lock:
            section = self._sections.get(key)
            if section is not None:
                self._sections.move_to_end(key)
            return section

    def forget(self, site_id: int) -> None:
        """Drop the sections of a site."""
        with self._lock:
            for key in [key for key in self._sections if key[0] == site_id]:
                self._size -= self._sections.pop(key).size

    def put(self, key: tuple[int, int, int], section: SectionText) -> None:
        """Add *section*, and drop the least recently used ones beyond the limit."""
        with self._lock:
            if key not in self._sections:
                self._sections[key] = section
                self._size += section.size
            while self._size > self._most:
                _key, oldest = self._sections.popitem(last=False)
                self._size -= oldest.size


class SiteMemories:
    """The memories of the most recently asked sites.

    Attributes:
        sections: of them all.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.sections = SectionStore()
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
                memory = self._memories[site_id] = SiteMemory(site_id, version, self.sections)
            self._memories.move_to_end(site_id)
            while len(self._memories) > MOST_SITES:
                self._memories.popitem(last=False)
            return memory
