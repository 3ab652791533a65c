"""Time a search over many chunks against the model's first token, both in turns.

``--database URL`` names an empty database on a PostgreSQL server; it is filled and left so.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from sqlalchemy import insert

from benchmarks.public_data import DOCUMENTS, QUESTIONS, XQUAD, add_data_argument
from chatbot_server.bench.measure import run
from chatbot_server.bench.memory import pss_mb
from chatbot_server.bench.questions import Questions
from chatbot_server.bench.report import Row
from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import Engine
from chatbot_server.engine.process.supervisor import local_engine
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.quality.question_files import (
    read_documents,
    read_questions,
    read_squad,
)
from chatbot_server.retrieval.index.embedder import MODEL
from chatbot_server.retrieval.language.sentences import sentences
from chatbot_server.retrieval.language.words import stems
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.index import search_index
from chatbot_server.storage.knowledge.site_state import bump_version
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.knowledge.tables import (
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeVector,
)
from chatbot_server.storage.site.sites import add_site

CHUNKS_EACH = 5
DIMENSIONS = 384
PROMPT_WORDS = 200  # a question with its passages
SEARCHES_EACH_ROUND = 20
DOCUMENTS_AT_ONCE = 1000
Sentence = tuple[str, list[str]]
Rows = dict[Any, list[dict[str, Any]]]


def main() -> int:
    """Build the index, then search and write in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    add_data_argument(parser, DOCUMENTS, QUESTIONS, XQUAD)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--searches", type=int, default=400)
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatbot-bench-") as folder:
        database = Database(options.database or f"sqlite:///{folder}/bench.db")
        database.migrate()
        site_id = fill(database, options.data, options.chunks)
        for row in measure(database, site_id, options):
            print(row.line(58), flush=True)
        database.close()
    return 0


def measure(database: Database, site_id: int, options: Any) -> Iterator[Row]:
    """The figures, with their goals."""
    file = options.data / QUESTIONS
    texts = cycle([question.text for question in read_questions(file)])
    base = KnowledgeBase(database)
    cache = Path(tempfile.gettempdir()) / "chatbot-bench"
    settings = EngineSettings(options.model.resolve(), "ctransformers", cache, slots=1, queue=16)
    seconds: list[float] = []
    first: list[float] = []
    memory: list[float] = []
    with local_engine(settings) as engine:
        questions = Questions(5)
        first_token_times(engine, questions, 1)
        while len(seconds) < options.searches:
            batch = list(islice(texts, SEARCHES_EACH_ROUND))
            seconds += search_times(base, site_id, batch)
            memory.append(pss_mb(os.getpid()) or 0.0)
            first += first_token_times(engine, questions, 2)
    base.close()
    slow, token = float(np.percentile(seconds, 95)), float(np.median(first))
    yield Row("chunks", options.chunks)
    yield Row("search, median", float(np.median(seconds)) * 1000, "ms")
    yield Row("search, 95th percentile", slow * 1000, "ms")
    yield Row("first token of a question with passages, median", token * 1000, "ms")
    yield Row("search, 95th percentile ÷ first token", slow / token, "", 0.2, most=True)
    yield Row("memory of the searching process", memory[-1], "MB")
    # The first rounds fill the database's cache of pages.
    yield Row("memory at the end ÷ after 100", memory[-1] / memory[4], "", 1.03, most=True)


def search_times(base: KnowledgeBase, site_id: int, texts: Sequence[str]) -> list[float]:
    """Seconds of each search, its question's vector included."""
    seconds = []
    for text in texts:
        began = time.monotonic()
        base.search(site_id, text)
        seconds.append(time.monotonic() - began)
    return seconds


def first_token_times(engine: Engine, questions: Questions, count: int) -> list[float]:
    """Seconds to the first token of prompts that share nothing with any before."""
    return [
        run(engine, questions.first_turn(PROMPT_WORDS, fresh=True), 1).first for _ in range(count)
    ]


def fill(database: Database, data: Path, chunks: int) -> int:
    """Documents made of real sentences, shuffled, with vectors in 300 clusters."""
    with database.session() as session:
        site_id = add_site(session, "bench").id
        source_id = open_source(session, site_id, "file", "bench").id
    documents = _Documents(site_id, source_id, sentence_pool(data))
    for start in range(1, chunks // CHUNKS_EACH + 1, DOCUMENTS_AT_ONCE):
        rows: Rows = {}
        stems_of: list[tuple[int, list[str]]] = []
        for number in range(start, min(start + DOCUMENTS_AT_ONCE, chunks // CHUNKS_EACH + 1)):
            stems_of += documents.make(number, rows)
        with database.session() as session:  # past the ORM, which would take minutes
            for table, values in rows.items():
                session.execute(insert(table), values)
            search_index.index_chunks(session, site_id, stems_of)
            bump_version(session, site_id)
    return site_id


def sentence_pool(data: Path) -> list[Sentence]:
    """Sentences of public pages with their stems."""
    documents = read_documents(data / DOCUMENTS)
    documents += read_squad(data / XQUAD)[0]
    return [
        (sentence[:400], stems.index_terms(sentence[:400], document.language or "fr"))
        for document in documents
        for sentence in sentences(document.text)
        if len(sentence) > 40
    ]


class _Documents:
    """Makes the rows of documents of five chunks each."""

    def __init__(self, site_id: int, source_id: int, pool: list[Sentence]) -> None:
        self._site_id, self._source_id, self._pool = site_id, source_id, pool
        self._random = Random(1)  # nothing secret
        self._numbers = np.random.default_rng(1)
        self._centres = self._numbers.standard_normal((300, DIMENSIONS))

    def make(self, number: int, rows: Rows) -> Iterator[tuple[int, list[str]]]:
        """Add the rows of document *number* to *rows*; yield each chunk's id and stems."""
        vectors = self._vectors()
        document: dict[str, Any] = {
            "id": number,
            "site_id": self._site_id,
            "source_id": self._source_id,
            "url": f"page-{number}",
            "title": self._random.choice(self._pool)[0][:80],
            "wordings": [],
            "language": "fr",
            "text": "",
            "digest": str(number),
            "embedded_by": MODEL,
        }
        rows.setdefault(KnowledgeDocument, []).append(document)
        belongs = {"site_id": self._site_id, "document_id": number}
        chunk_ids = range((number - 1) * CHUNKS_EACH + 1, number * CHUNKS_EACH + 1)
        for position, chunk_id in enumerate(chunk_ids):
            sample = self._random.sample(self._pool, self._random.randint(4, 8))
            text = " ".join(sentence for sentence, _ in sample)
            chunk = {"id": chunk_id, "position": position, "heading": "", "text": text, **belongs}
            rows.setdefault(KnowledgeChunk, []).append(chunk)
            yield chunk_id, [stem for _, sentence_stems in sample for stem in sentence_stems]
        for owner, vector in zip([None, *chunk_ids], vectors, strict=True):
            row = {"chunk_id": owner, "model": MODEL, "vector": vector, **belongs}
            rows.setdefault(KnowledgeVector, []).append(row)

    def _vectors(self) -> Any:
        """One of the title and one of each chunk, near one of the centres."""
        vectors = self._numbers.standard_normal((CHUNKS_EACH + 1, DIMENSIONS)) * 0.7
        vectors += self._random.choice(self._centres)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


if __name__ == "__main__":
    raise SystemExit(main())
