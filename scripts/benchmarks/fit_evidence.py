"""Fit the weights by which a section is found to answer, and print what they reach.

Asks the questions of the sites in ``tests/answers`` and, where it is, of XQuAD, through the
product's own search. Each site is left out once, and answered by what was fitted on the rest; the
small sites in the folder of further data, which the first argument names, are only asked.
``--write`` puts the weights that are fitted on everything into ``evidence.yaml``, and the mean of
the questions into ``mean_question.yaml``. ``--keep FOLDER`` keeps the sites' indexes, whose vectors
take minutes.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import re
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from benchmarks.question_sets import DATA, ROOT, Question, plain, small_sites, squad
from chatbot_server.retrieval.answer import evidence
from chatbot_server.retrieval.answer.candidates import load_sections
from chatbot_server.retrieval.answer.service import HITS, KnowledgeBase
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.curate.jobs import embed_all
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.index.embedder import Embedder, make_embedder
from chatbot_server.retrieval.index.vectors import QuestionVectors, Vector
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.sites import add_site, all_sites

FILE = Path(evidence.__file__).with_name("evidence.yaml")
MEAN_FILE = FILE.with_name("mean_question.yaml")
MEAN_HEADER = """\
# The mean vector of many questions: see hubs.py. Made by scripts/benchmarks/fit_evidence.py.
# vector: float16, little-endian, in base64.
"""
FOLDERS = ("sites", "further")
# Sites that nothing is fitted on.
KEPT = "small-sites"
SETS = ("sites", "kept", "xquad", "french")
# Of a normal prior about 0 for each weight of normalised numbers: sites are few.
PRIOR = 3.0
# Of each set's questions without an answer, so many stay below the line.
REFUSED = {"sites": 0.91, "xquad": 0.92, "french": 0.90}
# A small site answers from such odds on: a section that does not answer, shown where nothing does,
# costs two noes where one would have answered, as a no offers pages. A share refused, as for the
# others, is no measure here: many of the questions were written to be nearest (another year, group
# or item), on each site others.
COST_OF_QUOTE = 2.0
# For such a share of the questions that a site answers, it offers a page at least.
OFFERED = 0.99
# How many chunks a site has decides which gates are asked, not what they say: the sites in hand
# differ in how many of their questions have an answer, and that would be fitted.
ALWAYS_WITHOUT = {"chunks"}
BY_WORDS = {"cosine", "hubness", "title_cosine", "missing_nearness"}
# In XQuAD, five paragraphs have one title: nearness to it speaks against each of them.
OF_ONE_KIND = {"other_language", "title_cosine"}
WITHOUT: dict[str, set[str]] = {
    "small_sites": set(),
    "small_sites_by_words": BY_WORDS,
    "by_meaning": OF_ONE_KIND,
    "across_languages": OF_ONE_KIND,
    "by_words": BY_WORDS,
}
HEADER = """\
# What speaks for a section, weighed: see evidence.py, and docs/decisions/0011.
# Made by scripts/benchmarks/fit_evidence.py, fitted on {sites} small sites in French and English
# ({questions} questions, {absent} of them without an answer), which small_sites… are fitted on,
# and on 400 questions of XQuAD, each with its paragraph and without it, and 150 asked in French;
# entries_… by fit_entries.py, on two FAQs and the CNIL's.
# left_out: what was reached on each site with weights fitted without it, XQuAD in halves:
# "right" with the first section, "right in two" where one of the first two holds the answer; "kept"
# are two small sites that nothing is fitted on.
"""
# Nothing is near: as little as can be of what speaks for a section, as much of what is missing.
NOTHING_FOUND = {field.name: 0.0 for field in fields(evidence.Evidence)} | dict.fromkeys(
    ("missing", "unknown", "rarest_missing", "telling_missing"), 1.0
)
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """What speaks for the best section, and whether it or the second holds the answer."""

    site: str
    has_answer: bool
    has_vectors: bool
    values: dict[str, float]
    first_is_right: bool
    second_is_right: bool

    @property
    def group(self) -> str:
        """The set that it is counted in."""
        name = self.site.partition(" ")[0]
        return name if name in SETS else "sites"

    @property
    def is_across(self) -> bool:
        """Whether the question is in another language than the section."""
        return bool(self.values["other_language"])

    @property
    def is_right(self) -> bool:
        """Whether one of the first two sections holds the whole answer."""
        return self.first_is_right or self.second_is_right


class RememberingEmbedder:
    """An embedder that makes the vector of a question once, however often it is asked."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self.model = embedder, embedder.model
        self.questions: dict[str, QuestionVectors | None] = {}

    def query(self, text: str) -> QuestionVectors | None:
        """See :class:`Embedder`."""
        if text not in self.questions:
            self.questions[text] = self._embedder.query(text)
        return self.questions[text]

    def passages(self, texts: Sequence[str]) -> Vector | None:
        """See :class:`Embedder`."""
        return self._embedder.passages(texts)

    def pids(self) -> Collection[int]:
        """See :class:`Embedder`."""
        return self._embedder.pids()

    def close(self) -> None:
        """Does nothing: it is used by several."""


def kept_sites(folder: Path) -> Iterator[tuple[str, list[Draft], list[Question]]]:
    """The sites of *folder*, to be asked only."""
    for name, drafts, questions in small_sites(folder):
        yield name, drafts, [replace(each, site=f"kept {each.site}") for each in questions]


def index_site(database: Database, drafts: Sequence[Draft], embedder: Embedder) -> int:
    """The id of the site of *drafts* in *database*, which holds no other."""
    database.migrate()
    with database.session() as session:
        for site in all_sites(session):
            if not site.demo:
                return site.id
        site_id = add_site(session, "fit").id
        source = open_source(session, site_id, "file", "pages")
        for draft in drafts:
            indexing.put(session, source, analyse(draft))
    embed_all(database, embedder)
    return site_id


def rows_of(
    database: Database, site_id: int, embedder: Embedder, questions: Sequence[Question]
) -> Iterator[Row]:
    """*questions*, asked by meaning and by words."""
    bases = [KnowledgeBase(database, embedder=embedder), KnowledgeBase(database, "off")]
    for question in questions:
        for base in bases:
            yield ask(base, site_id, question)


def ask(base: KnowledgeBase, site_id: int, question: Question) -> Row:
    """What the product gathers for *question*, and whether it is right."""
    with base.searched(site_id, question.text, question.history, HITS) as (index, query, hits):
        query.rarity = index.rarity(query.stems)
        sections = [
            section
            for section in (load_sections(index.session, query, hits) if hits else [])
            if section.document.url not in question.absent
            and not section.document.faq
            and evidence.may_answer(query, section)
        ]
        values = NOTHING_FOUND
        if sections:
            gathered = evidence.gather_evidence(sections, query, index.chunk_count)
            values = {name: value or 0.0 for name, value in asdict(gathered).items()}
        right = [holds(section.chunk, question.patterns) for section in sections[:2]]
    is_right, is_second_right = (*right, False, False)[:2]
    return Row(
        question.site,
        bool(question.patterns),
        any(hit.meaning for hit in hits),
        values,
        is_right,
        is_second_right,
    )


def holds(chunk: Any, patterns: Sequence[str]) -> bool:
    """Whether a section holds a whole answer."""
    text = plain(f"{chunk.heading}\n{chunk.text}")
    return bool(patterns) and all(re.search(plain(pattern), text) for pattern in patterns)


def fit(rows: Sequence[Row], names: Sequence[str]) -> tuple[Numbers, float]:
    """Weights and constant by which a section answers."""
    usable = [row for row in rows if row.group != "kept" and (row.is_right or not row.has_answer)]
    values = np.array([[row.values[name] for name in names] for row in usable], dtype=float)
    right = np.array([row.is_right for row in usable], dtype=float)
    return regression(values, right, np.ones(len(usable)))


def regression(values: Numbers, right: Numbers, weight: Numbers) -> tuple[Numbers, float]:
    """Weights and constant of a logistic regression, by Newton's method."""
    mean, deviation = values.mean(axis=0), values.std(axis=0) + 1e-9
    inputs = np.c_[(values - mean) / deviation, np.ones(len(values))]
    fitted = np.zeros(inputs.shape[1])
    prior = np.r_[np.full(len(fitted) - 1, PRIOR), 1e-6]
    for _step in range(30):
        likelihood = 1 / (1 + np.exp(-np.clip(inputs @ fitted, -30, 30)))
        slope = inputs.T @ (weight * (likelihood - right)) + prior * fitted
        spread = weight * likelihood * (1 - likelihood)
        fitted -= np.linalg.solve((inputs.T * spread) @ inputs + np.diag(prior), slope)
    weights = fitted[:-1] / deviation
    return weights, float(fitted[-1] - weights @ mean)


def strengths(rows: Sequence[Row], names: Sequence[str], fitted: tuple[Numbers, float]) -> Numbers:
    """The sums of *rows*."""
    values = np.array([[row.values[name] for name in names] for row in rows], dtype=float)
    sums: Numbers = values @ fitted[0] + fitted[1]
    return sums


def threshold(rows: Sequence[Row], sums: Numbers) -> float:
    """The line that refuses as many of each set's questions without an answer as it must."""
    lines = []
    for name, refused_share in REFUSED.items():
        absent = sorted(
            float(strength)
            for row, strength in zip(rows, sums, strict=True)
            if row.group == name and not row.has_answer
        )
        if absent:
            shown = int((1 - refused_share) * len(absent))
            lines.append(sum(absent[-1 - shown :][:2]) / 2)  # midway to the nearest that is shown
    return max(lines)


def near_line(rows: Sequence[Row], sums: Numbers) -> float:
    """The line above which :data:`OFFERED` of the questions with an answer lie."""
    pairs = zip(rows, sums, strict=True)
    answerable = [strength for row, strength in pairs if row.has_answer and row.group != "kept"]
    return float(np.quantile(answerable, 1 - OFFERED)) if answerable else 0.0


def figures(rows: Sequence[Row], sums: Numbers, line: float) -> dict[str, dict[str, float]]:
    """Of each set: right with the first section, or with the first two, and refused."""
    table: dict[str, dict[str, float]] = {}
    for name in SETS:
        pairs = [
            (row, strength > line)
            for row, strength in zip(rows, sums, strict=True)
            if row.group == name
        ]
        answerable = [(row, shown) for row, shown in pairs if row.has_answer]
        if answerable:
            absent = [shown for row, shown in pairs if not row.has_answer]
            table[name] = {
                "questions": len(answerable),
                "right": share([shown and row.first_is_right for row, shown in answerable]),
                "right in two": share([shown and row.is_right for row, shown in answerable]),
                "refused": 1 - share(absent),
            }
    return {
        name: {key: round(float(n), 3) for key, n in row.items()} for name, row in table.items()
    }


def share(flags: Sequence[bool]) -> float:
    """The share of *flags* that are set."""
    return sum(flags) / max(1, len(flags))


def left_out(rows: Sequence[Row], names: Sequence[str]) -> Numbers:
    """The sums of *rows*, each from what was fitted without its site."""
    sums = np.zeros(len(rows))
    for site in {row.site for row in rows}:
        fitted = fit([row for row in rows if row.site != site], names)
        mask = np.array([row.site == site for row in rows])
        sums[mask] = strengths([row for row in rows if row.site == site], names, fitted)
    return sums


def fitted_gate(rows: Sequence[Row], without: Collection[str]) -> dict[str, Any]:
    """The gate for *rows*, with the figures that it reaches on sites left out."""
    names = [name for name in rows[0].values if name not in {*without, *ALWAYS_WITHOUT}]
    sums = left_out(rows, names)
    line = threshold(rows, sums)
    weights, constant = fit(rows, names)
    is_small = any(row.group == "sites" for row in rows)
    reached = figures(rows, sums, line)
    if is_small:
        line = math.log(COST_OF_QUOTE)
        at_line = figures(rows, sums, line)
        reached |= {f"{name}, at the threshold": row for name, row in at_line.items()}
    return {
        "left_out": reached,
        "weights": {name: round(float(w), 4) for name, w in zip(names, weights, strict=True)},
        "constant": round(constant, 4),
        "threshold": round(line, 4),
        "near": round(near_line(rows, sums), 4),
    }


def mean_question(embedder: RememberingEmbedder, questions: Sequence[Question]) -> str:
    """The contents of ``mean_question.yaml``."""
    vectors = [embedder.query(question.text) for question in questions]
    mean = np.mean([vector.whole for vector in vectors if vector is not None], axis=0)
    encoded = base64.b64encode(mean.astype("<f2").tobytes()).decode()
    content = {"model": embedder.model, "questions": len(vectors), "vector": encoded}
    return MEAN_HEADER + yaml.safe_dump(content, sort_keys=False)


def main() -> int:
    """Print the table, and write the files if told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=DATA)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    folders = [ROOT / "tests" / "answers" / name for name in FOLDERS]
    sets = [site for folder in folders for site in small_sites(folder)]
    if (options.data / KEPT).is_dir():
        sets += kept_sites(options.data / KEPT)
    if (options.data / "xquad.en.json").is_file():
        sets.append(squad(options.data / "xquad.en.json"))
    made = make_embedder("on")
    assert made is not None
    embedder = RememberingEmbedder(made)
    if options.write:
        fitted_on = (question for *_site, questions in sets for question in questions)
        once = {each.text: each for each in fitted_on if not each.site.startswith("kept ")}
        MEAN_FILE.write_text(mean_question(embedder, [*once.values()]), encoding="utf-8")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="chatbot-fit-") as folder:
        for name, drafts, questions in sets:
            database = Database(f"sqlite:///{options.keep or folder}/{name}.db")
            site_id = index_site(database, drafts, embedder)
            rows += rows_of(database, site_id, embedder, questions)
            database.close()
    made.close()

    of_squad = [row for row in rows if row.group not in {"sites", "kept"}]
    of_sites = [row for row in rows if row.group in {"sites", "kept"}]
    kinds = {
        "small_sites": [row for row in of_sites if row.has_vectors],
        "small_sites_by_words": [row for row in of_sites if not row.has_vectors],
        "by_meaning": [row for row in of_squad if row.has_vectors and not row.is_across],
        "across_languages": [row for row in of_squad if row.has_vectors and row.is_across],
        "by_words": [row for row in of_squad if not row.has_vectors],
    }
    written = {name: fitted_gate(kind, WITHOUT[name]) for name, kind in kinds.items() if kind}
    print(json.dumps(written, indent=1))
    if options.write:
        header = HEADER.format(**counts(rows))
        written = yaml.safe_load(FILE.read_text(encoding="utf-8")) | written
        text = yaml.safe_dump(written, sort_keys=False, allow_unicode=True)
        FILE.write_text(header + text, encoding="utf-8")
    return 0


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """How many sites and questions there are, and how many of these have no answer."""
    of_sites = [row for row in rows if row.group == "sites"]
    asked_once = [row for position, row in enumerate(of_sites) if position % 2 == 0]
    absent = sum(not row.has_answer for row in asked_once)
    sites = len({row.site for row in asked_once})
    return {"sites": sites, "questions": len(asked_once), "absent": absent}


if __name__ == "__main__":
    raise SystemExit(main())
