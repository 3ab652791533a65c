"""Time a search over many chunks against the model's first token, both in turns.

``python scripts/bench_search.py MODEL.gguf [--chunks N] [--searches N] [--data FOLDER]
[--database URL]``: *URL* names an empty database on a PostgreSQL server; it is filled and left so.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from sqlalchemy import insert

from chatbot_server.bench.measure import run
from chatbot_server.bench.memory import pss_mb
from chatbot_server.bench.questions import Questions
from chatbot_server.bench.report import Row
from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import Engine
from chatbot_server.engine.process.supervisor import local_engine
from chatbot_server.retrieval.answer.search import Searcher
from chatbot_server.retrieval.curate.evaluate import read_documents, read_questions, read_squad
from chatbot_server.retrieval.index.semantic import MODEL, make_embedder
from chatbot_server.retrieval.language import stems
from chatbot_server.retrieval.language.text import sentences
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge import search_index
from chatbot_server.storage.knowledge.site_state import bump_version
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.knowledge.tables import (
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeVector,
)
from chatbot_server.storage.sites import add_site

CHUNKS_EACH = 5
DIMENSIONS = 384
PROMPT_WORDS = 200  # a question with its passages
SEARCHES_EACH_ROUND = 20
Sentence = tuple[str, list[str]]


def main() -> int:
    """Build the index, then search and write in turns; 2: no data."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--searches", type=int, default=400)
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    if not (options.data / "cnil-faq").is_dir():
        print(f"no data in {options.data}")  # noqa: T201
        return 2
    with tempfile.TemporaryDirectory(prefix="chatbot-bench-") as folder:
        database = Database(options.database or f"sqlite:///{folder}/bench.db")
        database.migrate()
        site_id = fill(database, options.data, options.chunks)
        for row in measured(database, site_id, options):
            print(row.line(58), flush=True)  # noqa: T201
        database.close()
    return 0


def measured(database: Database, site_id: int, options: Any) -> Iterator[Row]:
    """The figures, with their goals."""
    asked = [one.text for one in read_questions(options.data / "cnil-faq" / "questions.jsonl")]
    searcher = Searcher(make_embedder("auto"))
    cache = Path(tempfile.gettempdir()) / "chatbot-bench"
    settings = EngineSettings(options.model.resolve(), "ctransformers", cache, slots=1, queue=16)
    seconds: list[float] = []
    first: list[float] = []
    memory: list[float] = []
    with local_engine(settings) as engine:
        questions = Questions(5)
        first_tokens(engine, questions, 1)
        while len(seconds) < options.searches:
            some = [asked[(len(seconds) + at) % len(asked)] for at in range(SEARCHES_EACH_ROUND)]
            seconds += searches(database, site_id, searcher, some)
            memory.append(pss_mb(os.getpid()) or 0.0)
            first += first_tokens(engine, questions, 2)
    if searcher.embedder is not None:
        searcher.embedder.close()
    slow, token = float(np.percentile(seconds, 95)), float(np.median(first))
    yield Row("chunks", options.chunks)
    yield Row("search, median", float(np.median(seconds)) * 1000, "ms")
    yield Row("search, 95th percentile", slow * 1000, "ms")
    yield Row("first token of a question with passages, median", token * 1000, "ms")
    yield Row("search, 95th percentile ÷ first token", slow / token, "", 0.2, most=True)
    yield Row("memory of the searching process", memory[-1], "MB")
    # The first rounds fill the database's cache of pages.
    yield Row("memory at the end ÷ after 100", memory[-1] / memory[4], "", 1.03, most=True)


def searches(
    database: Database, site_id: int, searcher: Searcher, asked: Sequence[str]
) -> list[float]:
    """Seconds of each search, its question's vector included."""
    seconds = []
    for question in asked:
        began = time.monotonic()
        searcher.search(database, site_id, question)
        seconds.append(time.monotonic() - began)
    return seconds


def first_tokens(engine: Engine, questions: Questions, count: int) -> list[float]:
    """Seconds to the first token of prompts that share nothing with any before."""
    turns = [questions.first_turn(PROMPT_WORDS, fresh=True) for _ in range(count)]
    return [run(engine, one, 1).first for one in turns]


def fill(database: Database, data: Path, chunks: int) -> int:
    """Documents made of real sentences, shuffled, with vectors in 300 clusters."""
    random, numbers = Random(1), np.random.default_rng(1)  # noqa: S311 - nothing secret
    pool = sentence_pool(data)
    centres = numbers.standard_normal((300, DIMENSIONS))
    with database.session() as session:
        site_id = add_site(session, "bench").id
        source = open_source(session, site_id, "file", "bench").id
    for start in range(1, chunks // CHUNKS_EACH + 1, 1000):
        batch: dict[Any, list[dict[str, Any]]] = {}
        words: list[tuple[int, list[str]]] = []
        for number in range(start, min(start + 1000, chunks // CHUNKS_EACH + 1)):
            vectors = numbers.standard_normal((CHUNKS_EACH + 1, DIMENSIONS)) * 0.7
            vectors += random.choice(centres)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            add_document(batch, words, (site_id, source, number), pool, random, vectors)
        with database.session() as session:  # past the ORM, which would take minutes
            for table, rows in batch.items():
                session.execute(insert(table), rows)
            search_index.index_chunks(session, site_id, words)
            bump_version(session, site_id)
    return site_id


def sentence_pool(data: Path) -> list[Sentence]:
    """Sentences of public pages with their stems."""
    documents = read_documents(data / "cnil-faq" / "documents.jsonl")
    documents += read_squad(data / "xquad.en.json")[0]
    return [
        (sentence[:400], stems.index_terms(sentence[:400], document.language or "fr"))
        for document in documents
        for sentence in sentences(document.text)
        if len(sentence) > 40
    ]


def add_document(
    batch: dict[Any, list[dict[str, Any]]],
    words: list[tuple[int, list[str]]],
    named: tuple[int, int, int],
    pool: list[Sentence],
    random: Random,
    vectors: Any,
) -> None:
    """The rows of one document of five chunks; *named*: its site, source and number."""
    site_id, source, number = named
    belongs = {"site_id": site_id, "document_id": number}
    about = {"url": f"page-{number}", "title": random.choice(pool)[0][:80], "wordings": []}
    kept = {"language": "fr", "text": "", "digest": str(number), "embedded_by": MODEL}
    row = {"id": number, "site_id": site_id, "source_id": source, **about, **kept}
    batch.setdefault(KnowledgeDocument, []).append(row)
    ids = range((number - 1) * CHUNKS_EACH + 1, number * CHUNKS_EACH + 1)
    for at, chunk in enumerate(ids):
        told = random.sample(pool, random.randint(4, 8))
        text = {"heading": "", "text": " ".join(sentence for sentence, _ in told)}
        row = {"id": chunk, "position": at, **text, **belongs}
        batch.setdefault(KnowledgeChunk, []).append(row)
        words.append((chunk, [stem for _, found in told for stem in found]))
    for owner, vector in zip([None, *ids], vectors, strict=True):
        row = {"chunk_id": owner, "model": MODEL, "vector": vector, **belongs}
        batch.setdefault(KnowledgeVector, []).append(row)


if __name__ == "__main__":
    raise SystemExit(main())
