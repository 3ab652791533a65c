"""Measuring retrieval and answers on questions whose right documents are known."""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from chatbot_server.errors import UsageError
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Draft, Grounding
from chatbot_server.retrieval.curate.learning.verdicts import (
    EvalQuestion,
    Verdict,
    pattern_of,
    shares,
    verdict,
)
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.index.embedder import make_embedder
from chatbot_server.retrieval.language.facts import gather, unsupported
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_to_embed
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.site.sites import add_site
from chatbot_server.temporary import temporary_folder

MAX_BYTES = 200_000_000
DEPTH = 10


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
            self.wrong_numbers += bool(unsupported(grounding.answer, gather(texts)))

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
) -> dict[str, Any]:
    """Index *documents* in a temporary database, ask *questions*, and return the figures."""
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
        _embed_in_parallel(database, semantic, progress)
        with closing(KnowledgeBase(database, semantic)) as base:
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
    semantic: Literal["auto", "on", "off"],
    progress: Callable[[int, int], None],
) -> None:
    """Embed with one child process per core, twice as fast as with two threads in one child."""
    embedders = [make_embedder(semantic) for _core in range(min(os.cpu_count() or 1, 8))]
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


def read_documents(file: Path) -> list[Draft]:
    """Documents of a JSON Lines file: ``{"id", "title", "text"}``, optionally with ``"faq"``.

    By default, a document whose title is a question is an FAQ entry.

    Raises:
        UsageError: a line cannot be understood; names it.
    """
    drafts = []
    for number, row in read_json_lines(file):
        try:
            title, text = str(row.get("title") or ""), str(row["text"])
            is_faq = bool(row.get("faq", title.rstrip().endswith("?")))
            drafts.append(Draft(str(row["id"]), title, text, faq=is_faq))
        except (KeyError, AttributeError):  # noqa: PERF203
            raise _line_error(file, number) from None
    return drafts


def read_questions(file: Path) -> list[EvalQuestion]:
    """Questions of a JSON Lines file.

    Each has a ``question`` and ``relevant`` document ids or ``must`` patterns, optionally
    ``answers``, ``must_not`` and ``history``.

    Raises:
        UsageError: a line cannot be understood; names it.
    """
    questions = []
    for number, row in read_json_lines(file):
        try:
            if "must" not in row:
                row["relevant"]
            questions.append(
                EvalQuestion(
                    str(row["question"]),
                    frozenset(_texts(row, "relevant")),
                    _texts(row, "answers"),
                    _patterns(row, "must"),
                    _patterns(row, "must_not"),
                    _texts(row, "history"),
                )
            )
        except (KeyError, AttributeError, TypeError):  # noqa: PERF203
            raise _line_error(file, number) from None
        except re.error as error:
            raise UsageError(
                "knowledge_eval_pattern", file=file, line=number, reason=error
            ) from None
    return questions


def _texts(row: Any, key: str) -> tuple[str, ...]:
    return tuple(str(text) for text in row.get(key) or ())


def _patterns(row: Any, key: str) -> tuple[re.Pattern[str], ...]:
    return tuple(pattern_of(text) for text in _texts(row, key))


def read_squad(file: Path) -> tuple[list[Draft], list[EvalQuestion]]:
    """Documents and questions of a file in SQuAD's layout, with one document per paragraph.

    Raises:
        UsageError: the file has another layout.
    """
    drafts: list[Draft] = []
    questions: list[EvalQuestion] = []
    try:
        for article in json.loads(file.read_text(encoding="utf-8"))["data"]:
            title = str(article.get("title", "")).replace("_", " ")
            for paragraph in article["paragraphs"]:
                name = str(len(drafts))
                drafts.append(Draft(name, title, str(paragraph["context"])))
                for entry in paragraph["qas"]:
                    answers = tuple(str(answer["text"]) for answer in entry["answers"])
                    questions.append(
                        EvalQuestion(str(entry["question"]), frozenset({name}), answers)
                    )
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        raise UsageError("knowledge_eval_file", file=file) from None
    return drafts, questions


def read_json_lines(file: Path) -> Iterator[tuple[int, Any]]:
    """The objects of a JSON Lines file, with their line numbers.

    Raises:
        UsageError: names the file or the line that cannot be read.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise UsageError("knowledge_eval_big", file=file, limit=MAX_BYTES // 10**6)
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    try:
                        yield number, json.loads(line)
                    except ValueError:
                        raise _line_error(file, number) from None
    except (OSError, UnicodeDecodeError):
        raise UsageError("knowledge_eval_file", file=file) from None


def _line_error(file: Path, number: int) -> UsageError:
    return UsageError("knowledge_eval_line", file=file, line=number)


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
