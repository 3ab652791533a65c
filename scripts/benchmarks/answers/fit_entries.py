"""Fit the weights by which an entry of a FAQ is found to be asked for, and print what they reach.

Asks the questions of ``tests/answers/faq`` and, where it is, of the CNIL's FAQ, through the
product's own search: each question that an entry answers, with the entry and without it, and
questions near in subject. Each FAQ is left out once (the CNIL's in thirds of its needs), and
answered by what was fitted on the rest.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.answers.fit_evidence import FILE, Numbers, regression, share
from benchmarks.answers.question_sets import ROOT
from chatbot_server.retrieval.answer.decide.entries import CLOSE, gather_entry_evidence
from chatbot_server.retrieval.answer.decide.same_question import may_quote
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.curate.jobs import embed_all
from chatbot_server.retrieval.curate.quality.question_files import read_documents, read_questions
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.index.embedder import make_embedder
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.site.sites import add_site

# Entries that are compared; the CNIL's wordings of one need; the parts of its needs.
COMPARED, WORDINGS, PARTS = 5, 3, 3
# The shares of questions near in subject that get an entry as their answer, or are shown one under
# its own question.
SURE_SHARE = 0.04
NEAR_SHARE = {"by_meaning": 0.2, "by_words": 0.08}
OF_MEANING = {"title_cosine", "text_cosine", "title_ahead", "text_ahead", "lead"}
# With cosines, the score of the hit adds nothing.
WITHOUT = {"by_meaning": {"score"}, "by_words": OF_MEANING}


@dataclass(frozen=True)
class EntryQuestion:
    """A question, and the urls of the entries that answer it.

    Attributes:
        part: what it is left out with.
        kind: ``asked`` with its entry, ``absent`` without it, or ``near`` in subject.
    """

    part: str
    kind: str
    text: str
    right: frozenset[str]


@dataclass(frozen=True)
class EntryRow:
    """What speaks for each entry that was found, best hit first, and which of them are right."""

    question: EntryQuestion
    values: list[dict[str, float]]
    right: list[bool]
    may_quote: list[bool]


def ordinary(file: Path) -> tuple[list[Draft], list[EntryQuestion]]:
    """One FAQ of ``tests/answers/faq``."""
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    drafts = [Draft(title, title, text, faq=True) for title, text in content["entries"].items()]
    questions = [EntryQuestion(file.stem, "near", text, frozenset()) for text in content["without"]]
    for title, wordings in content["otherwise"].items():
        questions += [
            EntryQuestion(file.stem, kind, text, frozenset({title}))
            for text in wordings
            for kind in ("asked", "absent")
        ]
    return drafts, questions


def cnil(folder: Path) -> tuple[list[Draft], list[EntryQuestion]]:
    """The CNIL's FAQ, in parts by the needs that are asked for."""
    questions = [
        EntryQuestion(f"cnil {number // WORDINGS % PARTS}", kind, question.text, question.relevant)
        for number, question in enumerate(read_questions(folder / "questions.jsonl"))
        for kind in ("asked", "absent")
    ]
    return read_documents(folder / "documents.jsonl"), questions


def rows_of(
    database: Database, drafts: Sequence[Draft], questions: Sequence[EntryQuestion]
) -> Iterator[tuple[str, EntryRow]]:
    """Index *drafts* in an empty *database*, and ask *questions* by meaning and by words."""
    with database.session() as session:
        site_id = add_site(session, "fit").id
        source = open_source(session, site_id, "file", "faq")
        for draft in drafts:
            indexing.put(session, source, analyse(draft))
    embedder = make_embedder("on")
    assert embedder is not None
    embed_all(database, embedder)
    bases = {
        "by_meaning": KnowledgeBase(database, embedder=embedder),
        "by_words": KnowledgeBase(database),
    }
    for question in questions:
        for way, base in bases.items():
            yield way, ask(base, site_id, question)
    embedder.close()


def ask(base: KnowledgeBase, site_id: int, question: EntryQuestion) -> EntryRow:
    """What the product gathers for *question*."""
    with base.site(site_id).open(question.text) as result:
        query, hits, sections = result.query, result.hits, result.sections
        urls = {section.document.id: section.document.url for section in sections}
        absent = question.right if question.kind == "absent" else frozenset()
        present = [hit for hit in hits if urls.get(hit.document) not in absent]
        first = {section.document.id: section for section in reversed(sections)}
        entries = [first[hit.document] for hit in present if hit.document in first][:COMPARED]
        return EntryRow(
            question,
            [asdict(gather_entry_evidence(query, entry, present)) for entry in entries],
            [entry.document.url in question.right for entry in entries],
            [may_quote(query, entry) for entry in entries],
        )


def fit(rows: Sequence[EntryRow], names: Sequence[str]) -> tuple[Numbers, float]:
    """Weights and constant by which an entry is the right one."""
    values = [[entry[name] for name in names] for row in rows for entry in row.values]
    right = [float(is_right) for row in rows for is_right in row.right]
    return regression(np.array(values), np.array(right), np.ones(len(right)))


def odds_of(row: EntryRow, names: Sequence[str], fitted: tuple[Numbers, float]) -> Numbers:
    """The log odds of each entry of *row*."""
    values = np.array([[entry[name] for name in names] for entry in row.values], dtype=float)
    odds: Numbers = values.reshape(-1, len(names)) @ fitted[0] + fitted[1]
    return odds


def line(rows: Sequence[EntryRow], odds: Sequence[Numbers], shown_share: float) -> float:
    """The line beyond which *shown_share* of the questions near in subject find an entry."""
    best = sorted(
        float(max(entry_odds, default=-99.0))
        for row, entry_odds in zip(rows, odds, strict=True)
        if row.question.kind == "near"
    )
    shown = int(shown_share * len(best))
    return sum(best[-1 - shown :][:2]) / 2


def figures(rows: Sequence[EntryRow], odds: Sequence[Numbers], near: float) -> dict[str, float]:
    """Of one set: how many are shown an entry, and the right one, first or among two."""
    shown, right, right_in_two = [], [], []
    for row, entry_odds in zip(rows, odds, strict=True):
        order = [int(at) for at in np.argsort(-entry_odds) if row.may_quote[at]]
        is_shown = bool(order) and bool(entry_odds[order[0]] > near)
        close = [at for at in order[:2] if entry_odds[at] >= entry_odds[order[0]] - CLOSE]
        shown.append(is_shown)
        right.append(is_shown and row.right[order[0]])
        right_in_two.append(is_shown and any(row.right[at] for at in close))
    table = {"questions": len(rows), "shown": share(shown)}
    if any(any(row.right) for row in rows):
        table |= {"right": share(right), "right in two": share(right_in_two)}
    return {name: round(float(value), 3) for name, value in table.items()}


def fitted_gate(rows: Sequence[EntryRow], way: str) -> dict[str, Any]:
    """The gate for *rows*, with the figures that it reaches on parts left out."""
    names = [
        name
        for name in next(row.values[0] for row in rows if row.values)
        if name not in WITHOUT[way]
    ]
    fits = {
        part: fit([row for row in rows if row.question.part != part], names)
        for part in {row.question.part for row in rows}
    }
    odds = [odds_of(row, names, fits[row.question.part]) for row in rows]
    near, sure = (line(rows, odds, part) for part in (NEAR_SHARE[way], SURE_SHARE))
    tables = {}
    for group in sorted({(row.question.part[:4], row.question.kind) for row in rows}):
        pairs = [
            (row, entry_odds)
            for row, entry_odds in zip(rows, odds, strict=True)
            if (row.question.part[:4], row.question.kind) == group
        ]
        tables[" ".join(group)] = figures([row for row, _ in pairs], [o for _, o in pairs], near)
    weights, constant = fit(rows, names)
    return {
        "left_out": tables,
        "weights": {name: round(float(w), 4) for name, w in zip(names, weights, strict=True)},
        "constant": round(constant, 4),
        "threshold": round(near, 4),
        "sure": round(sure, 4),
    }


def main() -> int:
    """Print the table, and write the file if told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", help="folder of further data")
    parser.add_argument(
        "--write", action="store_true", help="put the weights fitted on everything in evidence.yaml"
    )
    options = parser.parse_args()
    faqs = [ordinary(file) for file in sorted((ROOT / "tests/answers/faq").glob("*.yaml"))]
    if options.data:
        faqs.append(cnil(options.data / "cnil-faq"))
    rows: dict[str, list[EntryRow]] = {"by_meaning": [], "by_words": []}
    for drafts, questions in faqs:
        with tempfile.TemporaryDirectory(prefix="chatbot-fit-") as place:
            database = Database(f"sqlite:///{place}/fit.db")
            database.migrate()
            for way, row in rows_of(database, drafts, questions):
                rows[way].append(row)
            database.close()
    gates = {f"entries_{way}": fitted_gate(rows[way], way) for way in rows}
    print(json.dumps(gates, indent=1))
    if options.write:
        write(gates)
    return 0


def write(gates: dict[str, Any]) -> None:
    """Put *gates* into the file, whose comments stay."""
    written = FILE.read_text(encoding="utf-8")
    comments = "".join(line for line in written.splitlines(keepends=True) if line[0] == "#")
    text = yaml.safe_dump(yaml.safe_load(written) | gates, sort_keys=False, allow_unicode=True)
    FILE.write_text(comments + text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
