"""Hybrid search: by words and by meaning, then :mod:`fused <.fusion>`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from chatbot_server.retrieval.answer.search.fusion import (
    Hit,
    VectorRows,
    WordMatch,
    WordRow,
    fused,
    nearest,
    with_matches,
)
from chatbot_server.retrieval.answer.search.hubs import mean_question
from chatbot_server.retrieval.answer.search.query import MAX_QUESTION, Meanings, Query
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.search.site_memory import SiteMemories
from chatbot_server.retrieval.answer.search.spellings import corrected
from chatbot_server.retrieval.answer.search.wordings import entry_asked_for
from chatbot_server.retrieval.index.embedder import Embedder
from chatbot_server.retrieval.index.vectors import QuestionVectors, Vector, VectorTables
from chatbot_server.retrieval.language.dialogue.replies import as_follow_up
from chatbot_server.retrieval.language.languages import ALWAYS_USED, Languages, together
from chatbot_server.retrieval.language.words import acronyms, stems
from chatbot_server.retrieval.language.words.question_language import language_asked_in
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import (
    acronym_definitions,
    document_languages,
    shared_title_counts,
)
from chatbot_server.storage.knowledge.index import postgresql, search_index
from chatbot_server.storage.knowledge.index.chunks import load_document, titles_of_chunks
from chatbot_server.storage.knowledge.index.vectors import embedded_chunk_count

# For a title that repeats the question: MRR 0.50 → 0.55 without vectors, unchanged with them.
TITLE_BONUS = 0.3
KEYWORD_HITS = 300
# A word in a larger share of the chunks is the name of the owner, or of the subject.
COMMON = 0.3
POSTGRESQL_ROWS = 1000
# The weight of the question before a follow-up in its vector.
BEFORE_WEIGHT = 0.6
# The share of embedded chunks from which a site is also searched by meaning.
MOSTLY = 0.8
# The key of a site's languages in its memory.
LANGUAGES = "languages"
# Definitions of acronyms that are read; more would only take longer.
DEFINITIONS = 2000


@dataclass(frozen=True)
class SiteLanguages:
    """The languages of a site's *documents*, the most frequent first."""

    documents: tuple[str, ...] = ()

    @cached_property
    def languages(self) -> Languages:
        """French, English, and the languages of its documents."""
        return together(self.documents)

    def beside(self, language: str) -> Languages:
        """The languages of its documents, and *language*, that of a question."""
        return together((*self.documents, language))

    def language_of(self, question: str, locale: str = "") -> str:
        """The language of *question*.

        If its words do not tell, it is that of the visitor's panel, *locale*, if the site has
        documents in it, else the site's own.
        """
        candidates = [code for code in (locale, *self.documents) if code in self.documents]
        default = next((code for code in candidates if code in self.languages), ALWAYS_USED[0])
        return language_asked_in(question, default, self.languages)


class Searcher:
    """Searches one database, and caches what several questions need."""

    def __init__(self, embedder: Embedder | None) -> None:
        self.embedder = embedder
        self._tables = VectorTables(embedder.model if embedder else "")
        self.memories = SiteMemories()

    def query(
        self, index: SiteIndex, question: str, history: Sequence[str], language: str | None
    ) -> Query:
        """The query for *question*, after questions of *history* that it depends on.

        A question that repeats an entry word for word depends on none. *language* is that of the
        question, if it is known.
        """
        site = self._languages_of(index)
        languages = site.beside(language) if language else site.languages
        entry = entry_asked_for(index, question, site.languages)
        if entry is None:
            question = question[:MAX_QUESTION]
            language = language or site.language_of(question)
            languages = site.beside(language)
            if language in site.languages:  # else the question is not in words of the site
                question, *history = (
                    corrected(index, text[:MAX_QUESTION], languages, language)
                    for text in (question, *history)
                )
            entry = entry_asked_for(index, question, site.languages)
            if history and entry is None:
                question = as_follow_up(question, language, languages)
        return Query.in_context(question, history, languages, language, entry)

    def _languages_of(self, index: SiteIndex) -> SiteLanguages:
        def read() -> SiteLanguages:
            return SiteLanguages(tuple(document_languages(index.unit, index.site_id)))

        return index.memory.once(LANGUAGES, read)

    def languages(self, database: Database, site_id: int) -> SiteLanguages:
        """The languages of a site, cached from its last question or read now."""
        memory = self.memories.last(site_id)
        languages: SiteLanguages | None = memory.get(LANGUAGES) if memory else None
        if languages is None:
            with database.connection() as connection:
                return self._languages_of(SiteIndex(connection, site_id, self.memories))
        return languages

    def forms(self, index: SiteIndex, query: Query) -> list[str]:
        """The texts whose meaning is searched for; none where there is nothing to search."""
        if not index.has_documents:
            return []
        question = query.own.text if query.own and query.before else query.text
        return _forms(index, question, query.languages)

    def meanings(self, forms: Sequence[str], query: Query) -> Meanings | None:
        """The vectors of *query*: as a whole, the mean of those of its *forms*.

        None if there are none now. The forms have acronyms as they are, and written out: on the
        CNIL's FAQ, this raises MRR from 0.70 to 0.77. (In the keyword search, the words written out
        would outweigh the question's own: 0.50 → 0.46.) The question before a follow-up is embedded
        apart: in one text, the longer of both would dominate.
        """
        if self.embedder is None:
            return None
        vectors = [self.embedder.query(form) for form in forms]
        known_vectors = [vector for vector in vectors if vector is not None]
        if not known_vectors:
            return None
        mean: Vector = np.mean([vector.whole for vector in known_vectors], axis=0)
        before = self.embedder.query(query.before) if query.before else None
        if before is not None:
            mean = mean / (np.linalg.norm(mean) or 1.0) + BEFORE_WEIGHT * before.whole
            known_vectors.append(before)
        return Meanings(
            self.embedder.model,
            mean / (np.linalg.norm(mean) or 1.0),
            _by_folded_word(known_vectors),
            _tokens(known_vectors),
            self.embedder.fit,
        )

    def search(self, index: SiteIndex, query: Query, limit: int) -> list[Hit]:
        """The documents of the site for *query*, up to *limit*, best first."""
        word_rows = _search_by_words(index, query)
        vector_rows = None
        if query.meanings is not None and self._is_embedded(index):
            vector_rows = self._search_by_meaning(index, query.meanings)
        by_meaning = {}
        if vector_rows is not None:
            sharing = index.memory.once(
                "shared", lambda: shared_title_counts(index.unit, index.site_id)
            )
            by_meaning = nearest(vector_rows, sharing)
        by_words = _best_by_document(index, word_rows, query)
        hits = fused(by_meaning, by_words, limit, query.entry)
        hits = _with_entry_first(hits, index, query.entry)[:limit]
        return with_matches(hits, word_rows, vector_rows)

    def _search_by_meaning(self, index: SiteIndex, meanings: Meanings) -> VectorRows:
        unit, site_id, model, vector = index.unit, index.site_id, meanings.model, meanings.whole
        mean = mean_question(model)
        both = np.stack([vector, np.zeros_like(vector) if mean is None else mean])
        if search_index.on_postgresql(unit):
            rows = postgresql.nearest_vectors(unit, site_id, model, both, POSTGRESQL_ROWS)
            columns = zip(*rows, strict=True) if rows else ((), (), (), ())
            types = (np.int64, np.int64, np.float32, np.float32)
            arrays = (np.array(column, kind) for column, kind in zip(columns, types, strict=True))
            return VectorRows(*arrays)
        table = self._tables.of(unit, site_id, index.version)
        if not len(table.ids):
            return VectorRows(table.documents, table.chunks, *np.empty((2, 0), dtype=np.float32))
        return VectorRows(table.documents, table.chunks, *table.compare(both.T).T)

    def _is_embedded(self, index: SiteIndex) -> bool:
        """Whether enough of the site's chunks have vectors to search by meaning.

        If only a few have one, some of these are always the nearest.
        """
        if self.embedder is None:
            return False
        model = self.embedder.model

        def count() -> bool:
            embedded_count = embedded_chunk_count(index.unit, index.site_id, model)
            return embedded_count >= MOSTLY * index.chunk_count

        return index.memory.once("embedded", count)


def _by_folded_word(texts: Sequence[QuestionVectors]) -> dict[str, Vector]:
    """The vector of each folded word of *texts*, at its first occurrence."""
    vectors: dict[str, Vector] = {}
    for text in texts:
        for token, vector in text.words.items():
            for word in stems.words(token):
                vectors.setdefault(word, vector)
    return vectors


def _tokens(texts: Sequence[QuestionVectors]) -> Vector | None:
    """The rows of the tokens of all *texts*, scaled so that each text has the same weight."""
    tokens = [text.tokens for text in texts if text.tokens is not None]
    if not tokens:
        return None
    rows: Vector = np.concatenate(tokens) / np.float32(len(tokens))
    return rows


def _with_entry_first(hits: list[Hit], index: SiteIndex, entry: int | None) -> list[Hit]:
    """*hits* with the document *entry* first, which was asked for in its own words."""
    if entry is None:
        return hits
    first = next((hit for hit in hits if hit.document == entry), None)
    if first is None:
        chunks = [chunk.id for _document, chunk in load_document(index.unit, entry)]
        # Without chunks, it was deleted meanwhile.
        return [Hit(entry, 1.0, chunks[0]), *hits] if chunks else hits
    return [replace(first, score=1.0), *(hit for hit in hits if hit is not first)]


def _forms(index: SiteIndex, question: str, languages: Languages) -> list[str]:
    """*question* as it was asked, then with its acronyms written out."""
    candidates = acronyms.candidates(question)
    if index.acronyms is not None:
        candidates &= index.acronyms
    if not candidates:
        return [question]
    definitions = acronym_definitions(index.unit, index.site_id, candidates, DEFINITIONS)

    def is_common(acronym: str) -> bool:
        return index.chunks_with(acronym, languages) > COMMON * index.chunk_count

    return acronyms.variants(question, acronyms.glossary(definitions, languages), is_common)


def _search_by_words(index: SiteIndex, query: Query) -> list[WordRow]:
    """The chunks that contain words of *query*, best first."""
    hits = search_index.match(index.unit, index.site_id, query.stems_to_search, KEYWORD_HITS)

    def look_up(chunks: list[int]) -> dict[int, tuple[int, str]]:
        return titles_of_chunks(index.unit, chunks)

    titles = index.memory.known("titles", [chunk for chunk, _score in hits], look_up)
    return [
        WordRow(titles[chunk][0], chunk, score, titles[chunk][1])
        for chunk, score in hits
        if chunk in titles  # else it was indexed anew since
    ]


def _best_by_document(
    index: SiteIndex, rows: Sequence[WordRow], query: Query
) -> dict[int, WordMatch]:
    """The best chunk of each document, and its score."""
    best_rows: dict[int, WordRow] = {}
    for row in rows:
        best_rows.setdefault(row.document, row)

    def look_up(titles: list[str]) -> dict[str, frozenset[str]]:
        return {title: frozenset(stems.query_terms(title, query.languages)) for title in titles}

    titles = {row.title for row in best_rows.values()}
    title_stems = index.memory.known(("title stems", query.languages), titles, look_up)
    query_stems = frozenset(query.stems)
    matches: dict[int, WordMatch] = {}
    for document, row in best_rows.items():
        bonus = 1 + TITLE_BONUS * stems.overlap(query_stems, title_stems[row.title])
        matches[document] = WordMatch(row.score * bonus, row.chunk)
    return matches
