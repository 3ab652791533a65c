"""Late interaction: how well the words of a section answer those of a question, one by one.

The encoder reads question and section apart, through last layers that were fitted for this. Two
fitted matrices project what these make of the tokens; each token of the question is as near to the
section as the nearest of the section's tokens, and counts by a fitted weight (Khattab and Zaharia,
ColBERT, 2020). See ``docs/decisions/0024-sections-compared-word-by-word.md``.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatbot_server.retrieval.index.encoder_layer import Layer, Matrix, unit_rows

WEIGHTS = Path(__file__).with_name("late_interaction.npz")
# Numbers in a row.
WIDTH = 64
# Tokens of a section that are compared; of a hundred sections, ninety-nine have fewer.
MOST_TOKENS = 320


@cache
def fit_of(path: Path = WEIGHTS) -> str:
    """The name of what was fitted: rows of one fit are not compared with those of another."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


class LateInteraction:
    """What was fitted, read from the arrays of *path*.

    ``mean`` is subtracted from every state; ``question`` and ``section`` project it to fewer
    numbers; ``weight`` tells how much a token of a question counts. The others are of layers.

    Attributes:
        layers: take the place of the encoder's last ones.
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
        """A row for each token of a question, as long as the token counts; lengths sum up to 1."""
        centred = states - self._mean
        scores = centred @ self._weight
        shares = np.exp(scores - scores.max(initial=0.0))
        rows: Matrix = unit_rows(centred @ self._question.T) * (shares / shares.sum())[:, None]
        return rows

    def of_section(self, states: Matrix) -> NDArray[np.float16]:
        """A row of length 1 for each token of a section."""
        return unit_rows((states[:MOST_TOKENS] - self._mean) @ self._section.T).astype(np.float16)


def interaction(question: Matrix, section: NDArray[np.float16]) -> float:
    """The mean cosine of each token of *question* and its nearest of *section*, -1 to 1."""
    return float((question @ section.T.astype(np.float32)).max(axis=1).sum())
