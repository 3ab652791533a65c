"""Fit how the words of questions and sections are compared: ``late_interaction.npz``.

Asks the questions of the sites in ``tests/answers``, each against all chunks of its site: of a
chunk that answers, the sum of its interaction and cosine is to be the highest, and above the sum
that stands for no answer; where the site has no answer, all are to be below that. Fitted are the
last layers of the encoder, which begin as its own, and what projects and weighs their tokens.
``--write`` fits on all sites and writes the file. ``--halves FOLDER`` writes two files, each fitted
on one half of the sites, by which ``fit_evidence.py`` weighs the sites of the other half.

Needs PyTorch, which nothing else here does; of its versions, 2.14 was used. Takes half an hour.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.answers.evidence_rows import holds, in_first_half
from benchmarks.answers.question_sets import FITTED_FOLDERS, ROOT, TEXTS, Question, small_sites
from benchmarks.answers.written_sites import written_sites
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.index.chunks import Chunk
from chatbot_server.retrieval.index.embedder_child import load_model
from chatbot_server.retrieval.index.encoder.e5 import E5
from chatbot_server.retrieval.index.encoder.late_interaction import MOST_TOKENS, WEIGHTS, WIDTH
from chatbot_server.retrieval.index.encoder.layer import EPSILON, HEAD_WIDTH, Layer

# Sections and, for each, two questions: one in ordinary words, one in none of its own.
TRAINING = ROOT / "tests" / "answers" / "paraphrased" / "training.jsonl"
EPOCHS, RATE, LAYER_RATE, DROPOUT = 3, 2e-3, 2e-4, 0.1
# In the first steps, the rates grow to these; then they sink to nothing.
GROWING_STEPS = 20
# The most questions of a site that are asked at once: sites have up to 300.
AT_ONCE = 130
# A quote that more chunks hold tells nothing.
MOST_CHUNKS = 4
# What is learnt starts from these scales of an interaction, a cosine, and the sum of no answer.
SCALES = (15.0, 40.0, 8.0)


@dataclass(frozen=True)
class Asked:
    """A question.

    Attributes:
        states: of its tokens, before the layers that are fitted.
        words: which of the tokens are of its words.
        cosines: with each chunk of its site.
        is_right: which chunks answer.
    """

    states: torch.Tensor
    words: slice
    cosines: torch.Tensor
    is_right: torch.Tensor


@dataclass(frozen=True)
class Site:
    """A site to learn from: the states of each chunk's tokens, and its questions."""

    chunks: list[torch.Tensor]
    questions: list[Asked]


class FittedLayer(torch.nn.Module):  # type: ignore[misc]
    """A layer of the encoder, as :class:`Layer` computes it."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        for each in fields(Layer):
            setattr(self, each.name, torch.nn.Parameter(torch.tensor(getattr(layer, each.name))))

    def forward(self, x: torch.Tensor, counts: list[int]) -> torch.Tensor:
        """The tokens *x* of texts of *counts* tokens each."""
        x = x + self._dropped(self._attended(x, counts) @ self.output.T + self.output_bias[:, 0])
        x = _normalised(x, self.first_norm)
        inner = functional.gelu(x @ self.inner.T + self.inner_bias[:, 0], approximate="tanh")
        # The half of the activation is in the weights.
        x = x + self._dropped(2 * inner @ self.outer.T + self.outer_bias[:, 0])
        return _normalised(x, self.second_norm)

    def _attended(self, x: torch.Tensor, counts: list[int]) -> torch.Tensor:
        width = x.shape[1]
        queries, keys, values = (x @ self.attention.T).split(width, 1)
        queries = queries + self.query_bias[:, 0]
        parts = zip(queries.split(counts), keys.split(counts), values.split(counts), strict=True)
        return torch.cat(
            [
                functional.scaled_dot_product_attention(*map(_by_head, each), scale=1.0)
                .transpose(0, 1)
                .reshape(-1, width)
                for each in parts
            ]
        )

    def _dropped(self, x: torch.Tensor) -> torch.Tensor:
        return functional.dropout(x, DROPOUT, self.training)


def _by_head(x: torch.Tensor) -> torch.Tensor:
    return x.view(len(x), -1, HEAD_WIDTH).transpose(0, 1)


def _normalised(x: torch.Tensor, norm: torch.Tensor) -> torch.Tensor:
    return functional.layer_norm(x, x.shape[1:], norm[0, :, 0], norm[1, :, 0], EPSILON)


class Interaction(torch.nn.Module):  # type: ignore[misc]
    """What is learnt."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(map(FittedLayer, layers))
        self.mean = torch.zeros(0)
        self.scale, self.cosine_scale, self.no_answer = (
            torch.nn.Parameter(torch.tensor(number)) for number in SCALES
        )

    def start_from(self, sites: Sequence[Site]) -> None:
        """Take the mean and the main axes of the tokens of *sites*."""
        with torch.no_grad():
            states = torch.cat([self._states(site.chunks[::4])[::5] for site in sites])
        self.mean = states.mean(0)
        axes = torch.linalg.svd(states - self.mean, full_matrices=False).Vh[:WIDTH]
        self.question, self.section = (torch.nn.Parameter(axes.clone()) for _ in range(2))
        self.weight = torch.nn.Parameter(torch.zeros(len(self.mean)))

    def _states(self, texts: Sequence[torch.Tensor]) -> torch.Tensor:
        x, counts = torch.cat([*texts]).float(), [len(text) for text in texts]
        for layer in self.layers:
            x = layer(x, counts)
        return x

    def sums(self, site: Site, questions: Sequence[Asked]) -> torch.Tensor:
        """The sum of each chunk of *site*: a row for each of *questions*."""
        sections, chunk_of = self._sections(site)
        of_texts = self._states([each.states for each in questions])
        texts = of_texts.split([len(each.states) for each in questions])
        of_words = [text[each.words] for text, each in zip(texts, questions, strict=True)]
        counts = [len(each) for each in of_words]
        states = torch.cat(of_words) - self.mean
        tokens = functional.normalize(states @ self.question.T, dim=-1)
        nearest = torch.full((len(tokens), len(site.chunks)), -1.0)
        nearest = nearest.scatter_reduce(
            1, chunk_of[None].expand(len(tokens), -1), tokens @ sections.T, "amax"
        )
        shares = [torch.softmax(each, 0) for each in (states @ self.weight).split(counts)]
        interactions = torch.stack(
            [share @ near for share, near in zip(shares, nearest.split(counts), strict=True)]
        )
        cosines = torch.stack([each.cosines - each.cosines.mean() for each in questions])
        return self.scale * interactions + self.cosine_scale * cosines

    def _sections(self, site: Site) -> tuple[torch.Tensor, torch.Tensor]:
        """The rows of the tokens that are compared, and of which chunk each is."""
        states = self._states(site.chunks).split([len(chunk) for chunk in site.chunks])
        states = [each[:MOST_TOKENS] for each in states]
        chunk_of = [torch.full((len(each),), at) for at, each in enumerate(states)]
        rows = (torch.cat(states) - self.mean) @ self.section.T
        return functional.normalize(rows, dim=-1), torch.cat(chunk_of)

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

    def arrays(self) -> dict[str, Any]:
        """What :class:`LateInteraction` reads."""
        tensors = {"mean": self.mean, "weight": self.weight}
        tensors |= {"question": self.question, "section": self.section}
        for number, layer in enumerate(self.layers):
            tensors |= {f"{name} {number}": value for name, value in layer.named_parameters()}
        return {name: each.detach().numpy().astype(np.float16) for name, each in tensors.items()}


def read_sites(model: E5) -> dict[str, Site]:
    """The sites of all folders, by name."""
    training: dict[str, list[tuple[str, str | None]]] = {}
    for line in TRAINING.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        training.setdefault(record["site"], []).append((record["q"], record["quote"]))
    sites = {}
    for name, drafts, questions in _all_sites():
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


def _all_sites() -> Iterator[tuple[str, list[Draft], list[Question]]]:
    """Those that are folders of pages, and those that were written as text."""
    for folder in FITTED_FOLDERS:
        yield from small_sites(folder)
    yield from written_sites(TEXTS)


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
    texts = [chunk.searchable_text(title) for title, chunk in chunks]
    vectors = torch.tensor(model.vectors(texts, query=False))
    of_questions = torch.tensor(model.vectors([text for text, _ in asked], query=True))
    questions = []
    for (text, is_right), vector in zip(asked, of_questions, strict=True):
        line, states = model.read(text, query=True)
        if line.spans:
            words = slice(line.spans[0].start, line.spans[-1].stop)
            right = torch.tensor(is_right)
            questions.append(Asked(torch.tensor(states), words, vectors @ vector, right))
    states_of_chunks = [model.read(text, query=False)[1] for text in texts]
    return Site([*map(torch.tensor, states_of_chunks)], questions)


def fitted(model: E5, sites: Sequence[Site]) -> dict[str, Any]:
    """The arrays of the file, fitted on *sites*."""
    random.seed(0)
    torch.manual_seed(0)
    interaction = Interaction(model.last_layers)
    interaction.eval()
    interaction.start_from(sites)
    interaction.train()
    of_layers = [*interaction.layers.parameters()]
    others = [each for name, each in interaction.named_parameters() if "layers." not in name]
    groups = [{"params": others, "lr": RATE}, {"params": of_layers, "lr": LAYER_RATE}]
    optimizer = torch.optim.AdamW(groups)
    steps = EPOCHS * sum(1 for site in sites for _part in _parts(site))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / GROWING_STEPS) * (1 - step / steps)
    )
    for _epoch in range(EPOCHS):
        parts = [(site, part) for site in sites for part in _parts(site)]
        for site, questions in random.sample(parts, len(parts)):
            optimizer.zero_grad()
            interaction.loss(site, questions).backward()
            torch.nn.utils.clip_grad_norm_(interaction.parameters(), 5.0)
            optimizer.step()
            schedule.step()
    return interaction.arrays()


def _parts(site: Site) -> list[list[Asked]]:
    """The questions of *site*, as they are asked at once."""
    questions = random.sample(site.questions, len(site.questions))
    count = -(-len(questions) // AT_ONCE)
    return [questions[number::count] for number in range(count)]


def main() -> int:
    """Fit, and write what is told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--halves", type=Path)
    options = parser.parse_args()
    model = load_model()
    sites = read_sites(model)
    if options.halves:
        for number, is_first in enumerate((True, False)):
            half = [site for name, site in sites.items() if in_first_half(name) is is_first]
            np.savez(options.halves / f"half-{number}.npz", **fitted(model, half))
    if options.write:
        np.savez(WEIGHTS, **fitted(model, [*sites.values()]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
