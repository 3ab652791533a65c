"""Late interaction: how well the words of a section answer those of a question, one by one.

The encoder reads question and section apart; its last layers are replaced by some that were fitted
for this. Two fitted matrices project the states of the tokens to rows of length 1. Each token of
the question counts with its cosine to the nearest token of the section, times a fitted weight
(Khattab and Zaharia, ColBERT, 2020). See
``docs/decisions/0024-sections-compared-word-by-word.md``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chatbot_server.retrieval.index.encoder.layer import Layer, Matrix, unit_rows

if TYPE_CHECKING:  # the embedder's child would load the database's library with it, 25 MB
    from chatbot_server.retrieval.index.vectors import Tokens

WEIGHTS = Path(__file__).with_name("late_interaction.npz")
# Numbers in the row of a token.
WIDTH = 64
# The most tokens of a section that are compared; of a hundred sections, ninety-nine have fewer.
MOST_TOKENS = 320


@cache
def fit_of(path: Path = WEIGHTS) -> str:
    """The name of the fit in *path*: rows of one fit must not be compared with those of another."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


class LateInteraction:
    """The fitted layers and projections, read from the arrays of *path*.

    ``mean`` is subtracted from every state; ``question`` and ``section`` project a state to
    :data:`WIDTH` numbers; ``weight`` gives the weight of a question's token. All other arrays
    belong to layers: ``attention 0``, ``output 0``, and so on.

    Attributes:
        layers: replace the last layers of the encoder, first to last.
    """

    def __init__(self, path: Path = WEIGHTS) -> None:
        with np.load(path) as file:
            arrays = {name: file[name].astype(np.float32) for name in file.files}
        self._mean, self._question, self._section, self._weight = (
            arrays[name] for name in ("mean", "question", "section", "weight")
        )
        count = sum(name.startswith("attention ") for name in arrays)
        self.layers = [
            Layer(**{each.name: arrays[f"{each.name} {number}"] for each in fields(Layer)})
            for number in range(count)
        ]

    def of_question(self, states: Matrix) -> Matrix:
        """A row for each token of a question; its length is the token's weight.

        The weights sum up to 1 (softmax).
        """
        centred_states = states - self._mean
        scores = centred_states @ self._weight
        weights = np.exp(scores - scores.max(initial=0.0))
        weights /= weights.sum()
        rows: Matrix = unit_rows(centred_states @ self._question.T) * weights[:, None]
        return rows

    def of_section(self, states: Matrix) -> NDArray[np.float16]:
        """A row of length 1 for each token of a section."""
        return unit_rows((states[:MOST_TOKENS] - self._mean) @ self._section.T).astype(np.float16)


class TokenIndex:
    """The tokens of several sections, compared with those of a question in one pass.

    Args:
        tokens: of each section, by chunk.
    """

    def __init__(self, tokens: Mapping[int, Tokens]) -> None:
        self._chunks = [chunk for chunk, rows in tokens.items() if len(rows)]
        counts = [len(tokens[chunk]) for chunk in self._chunks]
        self._starts = np.cumsum([0, *counts[:-1]])
        # Half as large in float16, but to be turned into this for each question takes longer than
        # to compare it. As columns, because BLAS first copies rows, which takes longer than the
        # product.
        self._columns = np.ascontiguousarray(
            np.concatenate(
                [np.zeros((0, WIDTH), np.float32), *(tokens[chunk] for chunk in self._chunks)]
            ).T,
            dtype=np.float32,
        )

    @property
    def size(self) -> int:
        """Its number of bytes."""
        return self._columns.nbytes

    def compare(self, question: Matrix) -> dict[int, float]:
        """The interaction of each section with *question*, -1 to 1, by chunk.

        It is the weighted mean of the cosines of each token of the question and the nearest of the
        section. The rows of *question* are as long as their weights, so that a sum is the mean.
        """
        if not self._chunks:
            return {}
        nearest = np.maximum.reduceat(question @ self._columns, self._starts, axis=1)
        return dict(zip(self._chunks, nearest.sum(axis=0).tolist(), strict=True))
