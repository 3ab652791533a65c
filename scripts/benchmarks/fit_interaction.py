"""Fit how the words of questions and sections are compared: ``late_interaction.npz``.

Asks the questions of the sites in ``tests/answers``, each against all chunks of its site: of a
chunk that answers, the sum of its interaction and cosine is to be the highest, and above the sum
that stands for no answer; where the site has no answer, all are to be below that. ``--write``
fits on all sites and writes the file. ``--halves FOLDER`` writes two files, each fitted on one half
of the sites, by which ``fit_evidence.py`` weighs the sites of the other half.

Needs PyTorch, which nothing else here does; of its versions, 2.14 was used. Takes two minutes.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.evidence_rows import holds, in_first_half
from benchmarks.question_sets import FITTED_FOLDERS, ROOT, small_sites
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.index.chunks import Chunk
from chatbot_server.retrieval.index.e5 import E5
from chatbot_server.retrieval.index.embedder_child import load_model
from chatbot_server.retrieval.index.late_interaction import MOST_TOKENS, WEIGHTS, WIDTH

# Sections and, for each, two questions: one in ordinary words, one in none of its own.
TRAINING = ROOT / "tests" / "answers" / "paraphrased" / "training.jsonl"
EPOCHS, RATE = 12, 2e-3
# Of a site's questions, so many are asked at once: sites have up to 300.
AT_ONCE = 60
# A quote that more chunks hold tells nothing.
MOST_CHUNKS = 4
# What is learnt starts from these scales of an interaction, a cosine, and the sum of no answer.
SCALES = (15.0, 40.0, 8.0)


@dataclass(frozen=True)
class Asked:
    """A question: the states of its tokens, its cosine with each chunk, and which chunks answer."""

    states: torch.Tensor
    cosines: torch.Tensor
    is_right: torch.Tensor


@dataclass(frozen=True)
class Site:
    """A site to learn from: the states of all tokens, and of which chunk each is."""

    states: torch.Tensor
    chunk_of: torch.Tensor
    chunk_count: int
    questions: list[Asked]


class Interaction(torch.nn.Module):  # type: ignore[misc]
    """What is learnt."""

    def __init__(self, mean: torch.Tensor, axes: torch.Tensor) -> None:
        super().__init__()
        self.mean = mean
        self.question, self.section = (torch.nn.Parameter(axes.clone()) for _ in range(2))
        self.weight = torch.nn.Parameter(torch.zeros(len(mean)))
        self.scale, self.cosine_scale, self.no_answer = (
            torch.nn.Parameter(torch.tensor(number)) for number in SCALES
        )

    def sums(self, site: Site, questions: Sequence[Asked]) -> Iterator[torch.Tensor]:
        """The sum of each chunk of *site*, for each of *questions*."""
        sections = functional.normalize((site.states - self.mean) @ self.section.T, dim=-1)
        states = torch.cat([each.states for each in questions]) - self.mean
        tokens = functional.normalize(states @ self.question.T, dim=-1)
        chunk_of = site.chunk_of[None].expand(len(tokens), -1)
        nearest = torch.full((len(tokens), site.chunk_count), -1.0)
        nearest = nearest.scatter_reduce(1, chunk_of, tokens @ sections.T, "amax")
        counts = [len(each.states) for each in questions]
        weights = (states @ self.weight).split(counts)
        for each, near, weight in zip(questions, nearest.split(counts), weights, strict=True):
            interaction = torch.softmax(weight, 0) @ near
            cosines = each.cosines - each.cosines.mean()
            yield self.scale * interaction + self.cosine_scale * cosines

    def loss(self, site: Site, questions: Sequence[Asked]) -> torch.Tensor:
        """How unlikely the right chunks are, or that there is none."""
        losses = []
        for each, sums in zip(questions, self.sums(site, questions), strict=True):
            whole = torch.logsumexp(sums, 0)
            if each.is_right.any():
                right = torch.logsumexp(sums[each.is_right], 0)
                losses.append(whole - right + functional.softplus(self.no_answer - right) / 2)
            else:
                losses.append(functional.softplus(whole - self.no_answer) / 2)
        return torch.stack(losses).mean()


def read_sites() -> dict[str, Site]:
    """The sites of all folders, by name."""
    model = load_model()
    training: dict[str, list[tuple[str, str | None]]] = {}
    for line in TRAINING.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        training.setdefault(record["site"], []).append((record["q"], record["quote"]))
    sites = {}
    for folder in FITTED_FOLDERS:
        for name, drafts, questions in small_sites(folder):
            analysed = [analyse(draft) for draft in drafts]
            chunks = [(each.title, chunk) for each in analysed for chunk in each.chunks]
            asked = [
                (
                    each.text,
                    [bool(each.patterns) and holds(chunk, each.patterns) for _, chunk in chunks],
                )
                for each in questions
                if not each.history
            ]
            asked += list(_quoted(training.get(name, ()), [chunk for _title, chunk in chunks]))
            sites[name] = _site(model, chunks, asked)
            print(name, len(chunks), len(asked), flush=True)
    return sites


def _quoted(
    questions: Sequence[tuple[str, str | None]], chunks: Sequence[Chunk]
) -> Iterator[tuple[str, list[bool]]]:
    """Each of *questions*, with which of *chunks* hold its quote."""
    texts = [_letters(f"{chunk.heading} {chunk.text}") for chunk in chunks]
    for text, quote in questions:
        if quote is None:
            yield text, [False] * len(chunks)
            continue
        words = _letters(quote).split()
        # A quote may run over the end of a cell or of a chunk: half of it will do.
        for length in (len(words), 8, 6, 4):
            parts = [" ".join(words[at : at + length]) for at in range(len(words) - length + 1)]
            is_right = [any(part in each for part in parts) for each in texts]
            if any(is_right):
                if sum(is_right) <= MOST_CHUNKS:
                    yield text, is_right
                break


def _letters(text: str) -> str:
    return re.sub(r"[^\w]+", " ", re.sub(r"[*_`|\\]", "", text)).casefold().strip()


def _site(
    model: E5, chunks: Sequence[tuple[str, Chunk]], asked: Sequence[tuple[str, list[bool]]]
) -> Site:
    states = [model.section_states(chunk.searchable_text(title)) for title, chunk in chunks]
    vectors = functional.normalize(torch.stack([torch.tensor(each.mean(0)) for each in states]))
    states = [each[:MOST_TOKENS] for each in states]
    read = model.questions([text for text, _is_right in asked])
    return Site(
        torch.tensor(np.concatenate(states)),
        torch.cat([torch.full((len(each),), at) for at, each in enumerate(states)]),
        len(chunks),
        [
            Asked(
                torch.tensor(question.states),
                vectors @ torch.tensor(question.vectors[0]),
                torch.tensor(is_right),
            )
            for question, (_text, is_right) in zip(read, asked, strict=True)
        ],
    )


def fitted(sites: Sequence[Site]) -> dict[str, Any]:
    """The arrays of the file, fitted on *sites*."""
    random.seed(0)
    torch.manual_seed(0)
    tokens = torch.cat([site.states[::13] for site in sites])
    mean = tokens.mean(0)
    axes = torch.linalg.svd(tokens - mean, full_matrices=False).Vh[:WIDTH]
    model = Interaction(mean, axes)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    steps = EPOCHS * len(sites)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for _epoch in range(EPOCHS):
        for site in random.sample(sites, len(sites)):
            questions = random.sample(site.questions, min(AT_ONCE, len(site.questions)))
            optimizer.zero_grad()
            model.loss(site, questions).backward()
            optimizer.step()
            schedule.step()
    arrays: dict[str, Any] = {"mean": mean}
    arrays |= {name: getattr(model, name).detach() for name in ("question", "section", "weight")}
    return {name: array.numpy().astype(np.float16) for name, array in arrays.items()}


def main() -> int:
    """Fit, and write what is told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--halves", type=Path)
    options = parser.parse_args()
    sites = read_sites()
    if options.halves:
        for number, is_first in enumerate((True, False)):
            half = [site for name, site in sites.items() if in_first_half(name) is is_first]
            np.savez(options.halves / f"half-{number}.npz", **fitted(half))
    if options.write:
        np.savez(WEIGHTS, **fitted([*sites.values()]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
