"""Fit the weights by which a section is found to answer, and print what they reach.

Asks the questions of the sites in ``tests/answers`` and, where it is, of XQuAD, through the
product's own search. Each site is left out once, and answered by what was fitted on the rest; the
small sites in the folder of further data, which the first argument names, are only asked.
``--write`` puts the weights that are fitted on everything into ``evidence.yaml``; those of sets
that are not there stay as they are. ``--write-mean`` puts the mean of the questions into
``mean_question.yaml``, on which all weights depend. ``--keep FOLDER`` keeps the sites' indexes,
whose vectors take minutes. ``--halves FOLDER`` names where ``fit_interaction.py`` wrote its halves:
each site's sections are compared by what was fitted on the other half. ``--processes`` share the
sites.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from benchmarks.answers.evidence_rows import (
    NOTHING_FOUND,
    OF_CLOSER_LOOK,
    SETS,
    LeftOutEmbedder,
    RememberingEmbedder,
    Row,
    in_first_half,
    index_site,
    rows_of,
)
from benchmarks.answers.question_sets import (
    FITTED_FOLDERS,
    PARAPHRASED,
    TEXTS,
    Question,
    small_sites,
    squad,
)
from benchmarks.answers.written_sites import WRITTEN, written_sites
from benchmarks.public_data import XQUAD
from chatbot_server.retrieval.answer.decide import evidence
from chatbot_server.retrieval.answer.search import hubs
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index.embedder import make_embedder
from chatbot_server.storage.database import Database

FILE = Path(evidence.__file__).with_name("evidence.yaml")
MEAN_FILE = Path(hubs.__file__).with_name("mean_question.yaml")
MEAN_HEADER = """\
# The mean vector of many questions: see hubs.py. Made by benchmarks/answers/fit_evidence.py.
# vector: float16, little-endian, in base64.
"""
# Sites that nothing is fitted on.
KEPT = "small-sites"
# Of a normal prior about 0 for each weight of normalised numbers: sites are few.
PRIOR = 3.0
# How much a question of the paraphrased sites counts, and of those one without an answer: more than
# a third have none, and they were written to be nearest and furthest; visitors are kinder.
PARAPHRASED_WEIGHT, ABSENT_WEIGHT = 0.4, 0.6
# Of the questions to the sites that were written as text, every fourth is asked. They are ten times
# as many as those to the first sites, and by the same authors; together they count as much.
WRITTEN_SHARE, WRITTEN_WEIGHT = 4, 0.1
# The share of each set's questions without an answer that stays below the line.
REFUSED = {"sites": 0.91, "xquad": 0.92, "french": 0.90}
# A small site answers from such odds on: a section that does not answer, shown where nothing does,
# costs two noes where one would have answered, as a no offers pages. A share refused, as for the
# others, is no measure here: many of the questions were written to be nearest (another year, group
# or item), on each site others.
COST_OF_QUOTE = 2.0
# Where sections are compared word by word, the odds are better than they look: the sites that are
# text have an answer to more of their questions than others. On two sites that nothing is fitted
# on, 2.0 and 2.7 answer as many (47 of 56), and refuse 75 and 78 of 84; at 3.5, 80 are refused, and
# plain questions to sites of one page, too.
COST_OF_COMPARED_QUOTE = 2.7
# For such a share of the questions that a site answers, it offers a page at least.
OFFERED = 0.99
# How many chunks a site has, and whether they have headings, decides which gates are asked, not
# what they say: the sites in hand differ in how many of their questions have an answer, and that
# would be fitted.
ALWAYS_WITHOUT = {"chunks", "under_heading"}
BY_WORDS = {
    "cosine",
    "hubness",
    "title_cosine",
    "missing_nearness",
    "fact_missing",
    *OF_CLOSER_LOOK,
}
# In XQuAD, five paragraphs have one title: nearness to it speaks against each of them. Nobody in it
# asks for a telephone number, and “prix” is a prize.
OF_ONE_KIND = {"other_language", "title_cosine", "fact_missing"}
WITHOUT: dict[str, set[str]] = {
    "small_sites": OF_CLOSER_LOOK,
    "small_sites_compared": {"word_nearness"},
    "small_sites_by_words": BY_WORDS,
    "by_meaning": OF_ONE_KIND | OF_CLOSER_LOOK,
    "across_languages": OF_ONE_KIND | OF_CLOSER_LOOK,
    "across_languages_read": OF_ONE_KIND | {"interaction"},
    "by_words": BY_WORDS,
}
HEADER = """\
# What speaks for a section, weighed: see evidence.py, and docs/decisions/0011.
# Made by benchmarks/answers/fit_evidence.py. small_sites_compared is fitted on {sites} small sites
# in French and English ({questions} questions, {absent} of them without an answer), small_sites and
# small_sites_by_words on twelve of them; the others on 400 questions of XQuAD,
# each with its paragraph and without it, and 150 asked in French;
# entries_… by fit_entries.py, on two FAQs and the CNIL's.
# left_out: what was reached on each site with weights fitted without it, XQuAD in halves:
# "right" with the first section, "right in two" where one of the first two holds the answer; "kept"
# are two small sites that nothing is fitted on. …_compared and …_read: after a closer look
# (closer_look.py), at small sites and at sections in another language.
"""
Numbers = NDArray[np.float64]


AskedSite = tuple[str, list[Draft], list[Question]]


def of_group(group: str, sites: Iterable[AskedSite]) -> Iterator[AskedSite]:
    """*sites*, as those of *group*."""
    for name, drafts, questions in sites:
        yield name, drafts, [replace(each, site=f"{group} {each.site}") for each in questions]


def fit(rows: Sequence[Row], names: Sequence[str]) -> tuple[Numbers, float]:
    """Weights and constant by which a section answers."""
    usable = [row for row in rows if row.group != "kept" and (row.is_right or not row.has_answer)]
    values = np.array([[row.values[name] for name in names] for row in usable], dtype=float)
    right = np.array([row.is_right for row in usable], dtype=float)
    return regression(values, right, np.array([weight_of(row) for row in usable]))


def weight_of(row: Row) -> float:
    """How much *row* counts in a fit."""
    if row.group == WRITTEN:
        return WRITTEN_WEIGHT
    if row.group != PARAPHRASED:
        return 1.0
    return PARAPHRASED_WEIGHT * (1.0 if row.has_answer else ABSENT_WEIGHT)


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
    """The line above which :data:`OFFERED` of the questions with an answer lie, of those for which
    anything was found."""
    answerable = [
        strength
        for row, strength in zip(rows, sums, strict=True)
        if row.has_answer and row.group != "kept" and row.values != NOTHING_FOUND
    ]
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


def fitted_gate(rows: Sequence[Row], without: Collection[str], cost: float) -> dict[str, Any]:
    """The gate for *rows*, with the figures that it reaches on sites left out.

    Of a small site, a section is quoted from odds of *cost* on.
    """
    names = [name for name in rows[0].values if name not in {*without, *ALWAYS_WITHOUT}]
    sums = left_out(rows, names)
    line = threshold(rows, sums)
    weights, constant = fit(rows, names)
    is_small = any(row.group == "sites" for row in rows)
    reached = figures(rows, sums, line)
    if is_small:
        line = math.log(cost)
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


def asked_sets(data: Path | None) -> list[AskedSite]:
    """All sites that are asked, and XQuAD where *data* holds it."""
    sets: list[AskedSite] = []
    for folder in FITTED_FOLDERS:
        sites = small_sites(folder)
        sets += of_group(PARAPHRASED, sites) if folder.name == PARAPHRASED else sites
    sets += [
        (name, drafts, questions[::WRITTEN_SHARE])
        for name, drafts, questions in of_group(WRITTEN, written_sites(TEXTS))
    ]
    if data and (data / KEPT).is_dir():
        sets += of_group("kept", small_sites(data / KEPT))
    if data and (data / XQUAD).is_file():
        sets.append(squad(data / XQUAD))
    return sets


def rows_by_gate(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows that each gate is fitted on."""
    of_sites = [row for row in rows if row.group in {"sites", PARAPHRASED, WRITTEN, "kept"}]
    # What neither shares a word nor is compared word by word cannot be told from other sections.
    in_page_words = [row for row in of_sites if row.group not in {PARAPHRASED, WRITTEN}]
    of_squad = [row for row in rows if row.group in {"xquad", "french"}]
    meant = [row for row in of_squad if row.has_vectors]
    return {
        "small_sites": [row for row in in_page_words if row.has_vectors and not row.is_closer],
        "small_sites_compared": [row for row in of_sites if row.is_closer],
        "small_sites_by_words": [row for row in in_page_words if not row.has_vectors],
        "by_meaning": [row for row in meant if not row.is_across and not row.is_closer],
        "across_languages": [row for row in meant if row.is_across and not row.is_closer],
        "across_languages_read": [row for row in meant if row.is_across and row.is_closer],
        "by_words": [row for row in of_squad if not row.has_vectors],
    }


def ask_all(sets: Sequence[AskedSite], keep: Path | None, halves: Path) -> list[Row]:
    """What speaks for the best section of each question of *sets*."""
    made = make_embedder("on")
    assert made is not None
    embedder = RememberingEmbedder(made)
    # The second half is fitted on the sites that are not in the first.
    left_out_embedders = [LeftOutEmbedder(made, halves / f"half-{number}.npz") for number in (1, 0)]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="chatbot-fit-") as folder:
        for name, drafts, questions in sets:
            database = Database(f"sqlite:///{keep or folder}/{name}.db")
            site_id = index_site(database, drafts, embedder)
            rows += rows_of(
                database, site_id, left_out_embedders[not in_first_half(name)], questions
            )
            database.close()
    made.close()
    return rows


def write_mean(sets: Sequence[AskedSite]) -> None:
    """Write ``mean_question.yaml``."""
    made = make_embedder("on")
    assert made is not None
    fitted_on = (question for *_site, questions in sets for question in questions)
    once = {each.text: each for each in fitted_on if not each.site.startswith("kept ")}
    content = mean_question(RememberingEmbedder(made), [*once.values()])
    MEAN_FILE.write_text(content, encoding="utf-8")
    made.close()


def main() -> int:
    """Print the table, and write the files if told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--write-mean", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--halves", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    sets = asked_sets(options.data)
    if options.write_mean:
        write_mean(sets)
    groups = [sets[number :: options.processes] for number in range(options.processes)]
    with ProcessPoolExecutor(options.processes) as pool:
        asked = pool.map(ask_all, groups, repeat(options.keep), repeat(options.halves))
        rows = [row for group in asked for row in group]

    kinds = rows_by_gate(rows)
    costs = {"small_sites_compared": COST_OF_COMPARED_QUOTE}
    written = {
        name: fitted_gate(kind, WITHOUT[name], costs.get(name, COST_OF_QUOTE))
        for name, kind in kinds.items()
        if kind
    }
    print(json.dumps(written, indent=1))
    if options.write:
        header = HEADER.format(**counts(rows))
        written = yaml.safe_load(FILE.read_text(encoding="utf-8")) | written
        text = yaml.safe_dump(written, sort_keys=False, allow_unicode=True)
        FILE.write_text(header + text, encoding="utf-8")
    return 0


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """How many sites and questions there are, and how many of these have no answer."""
    of_sites = [row for row in rows if row.group in {"sites", PARAPHRASED, WRITTEN}]
    asked_once = [row for row in of_sites if row.is_closer]
    absent = sum(not row.has_answer for row in asked_once)
    sites = len({row.site for row in asked_once})
    return {"sites": sites, "questions": len(asked_once), "absent": absent}


if __name__ == "__main__":
    raise SystemExit(main())
