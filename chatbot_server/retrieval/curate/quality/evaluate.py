"""Measuring retrieval and answers on questions whose right documents are known."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Draft, Grounding
from chatbot_server.retrieval.curate.quality.verdicts import (
    EvalQuestion,
    Verdict,
    shares,
    verdict,
)
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.index.embedder import Embedder, make_embedder
from chatbot_server.retrieval.language.facts import facts_of_all, unsupported
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_to_embed
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.site.sites import add_site
from chatbot_server.temporary import temporary_folder

DEPTH = 10
MOST_EMBEDDERS = 8


@dataclass
class Tally:
    """Counts over all questions."""

    ranks: list[int | None] = field(default_factory=list)
    faq: list[bool] = field(default_factory=list)
    quoted: int = 0
    answered: list[bool] = field(default_factory=list)
    wrong_numbers: int = 0
    seconds: list[float] = field(default_factory=list)
    verdicts: Counter[Verdict] = field(default_factory=Counter)

    def count(self, question: EvalQuestion, grounding: Grounding, urls: Sequence[str]) -> None:
        """Count one answer, and the *urls* of the passages that were found, best first."""
        outcome = verdict(question, grounding)
        self.verdicts[outcome] += 1
        if question.relevant:
            ranks = (rank for rank, url in enumerate(urls, 1) if url in question.relevant)
            self.ranks.append(next(ranks, None))
            if question.answers:
                text = grounding.answer.casefold()
                self.answered.append(any(answer.casefold() in text for answer in question.answers))
        if grounding.status == "faq":
            is_first = bool(urls) and urls[0] in question.relevant
            self.faq.append(outcome == "right" if question.must else is_first)
        self.quoted += grounding.status == "quoted"
        if grounding.answer:
            texts = [f"{page.title} {page.heading} {page.text}" for page in grounding.passages]
            if grounding.status == "faq":
                texts += [grounding.answer, *(source.quote for source in grounding.sources)]
            self.wrong_numbers += bool(unsupported(grounding.answer, facts_of_all(texts)))

    def report(self) -> dict[str, float | int | None]:
        """The figures, shares in 0…1."""
        total = self.verdicts.total()
        direct = len(self.faq) + self.quoted
        return {
            "questions": total,
            "recall@1": self._recall(1),
            "recall@3": self._recall(3),
            "recall@5": self._recall(5),
            "recall@10": self._recall(10),
            "mrr@10": _mean([1 / rank if rank else 0.0 for rank in self.ranks]),
            "answer_accuracy": _mean(self.answered),
            "answered_without_model": round(direct / total, 4) if total else None,
            "faq_share": round(len(self.faq) / total, 4) if total else None,
            "faq_precision": _mean(self.faq),
            **shares(self.verdicts),
            "wrong_number_rate": round(self.wrong_numbers / direct, 4) if direct else 0.0,
            "seconds_median": round(sorted(self.seconds)[total // 2], 4) if total else None,
        }

    def _recall(self, depth: int) -> float | None:
        return _mean([rank is not None and rank <= depth for rank in self.ranks])


def evaluate(
    documents: Sequence[Draft],
    questions: Sequence[EvalQuestion],
    semantic: Literal["auto", "on", "off"] = "auto",
    progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
    quantized_in: Path | None = None,
) -> dict[str, Any]:
    """Index *documents* in a temporary database, ask *questions*, and return the figures.

    Args:
        quantized_in: see :class:`~.embedder.ChildEmbedder`.
    """
    make = partial(make_embedder, semantic, quantized_in)
    with (
        temporary_folder("eval") as folder,
        closing(Database(f"sqlite:///{folder}/eval.db")) as database,
    ):
        database.migrate()
        with database.session() as session:
            site = add_site(session, "evaluation")
            source = open_source(session, site.id, "file", "evaluation")
            for document in documents:
                indexing.put(session, source, analyse(document))
        _embed_in_parallel(database, make, progress)
        with closing(KnowledgeBase(database, make())) as base:
            return {"documents": len(documents), **ask_all(base, site.id, questions)}


def ask_all(base: KnowledgeBase, site_id: int, questions: Sequence[EvalQuestion]) -> dict[str, Any]:
    """Ask the site *questions*, and return the figures."""
    tally = Tally()
    for question in questions:
        hits = base.search(site_id, question.text, DEPTH)
        start = time.perf_counter()
        grounding = base.ground(site_id, question.text, question.history)
        tally.seconds.append(time.perf_counter() - start)
        tally.count(question, grounding, [passage.url for passage in hits])
    return {"semantic": base.searcher.embedder is not None, **tally.report()}


def _embed_in_parallel(
    database: Database,
    make: Callable[[], Embedder | None],
    progress: Callable[[int, int], None],
) -> None:
    """Embed with one child process per core, twice as fast as with two threads in one child."""
    embedders = [make() for _core in range(min(os.cpu_count() or 1, MOST_EMBEDDERS))]
    if embedders[0] is None:
        return
    with database.session() as session:
        waiting = list(documents_to_embed(session, embedders[0].model, 10**9))
    total = len(waiting)

    def embed_documents(embedder: Any) -> None:
        while waiting:
            try:
                document = waiting.pop()
            except IndexError:
                return
            indexing.embed(database, embedder, document)
            progress(total - len(waiting), total)

    try:
        with ThreadPoolExecutor(len(embedders)) as pool:
            list(pool.map(embed_documents, embedders))
    finally:
        for embedder in embedders:
            if embedder is not None:
                embedder.close()


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
