"""One layer of the encoder: each token takes from the others of its text, then all are turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
# The numbers of a token that one head of the attention looks at.
HEAD_WIDTH = 32
# Added to variances, as the encoder was trained.
EPSILON = 1e-12
SQRT_2_PI = np.float32(np.sqrt(2 / np.pi))


@dataclass(frozen=True)
class Layer:
    """The weights of a layer, which are multiplied with columns of tokens.

    Attributes:
        attention: projects to queries, keys and values; ``query_bias`` is added to the queries.
        output: projects what a token takes from the others.
        inner, outer: project to more numbers and back, with an activation between.
        first_norm, second_norm: a scale and a shift, after each of the two.
    """

    attention: Matrix
    query_bias: Matrix
    output: Matrix
    output_bias: Matrix
    first_norm: Matrix
    inner: Matrix
    inner_bias: Matrix
    outer: Matrix
    outer_bias: Matrix
    second_norm: Matrix

    def apply(self, x: Matrix, spans: Sequence[slice]) -> None:
        """Change the columns *x* in place; each of *spans* is a text."""
        x += self.output @ self._attended(x, spans)
        x += self.output_bias
        normalise(x, self.first_norm)
        inner = self.inner @ x
        inner += self.inner_bias
        x += self.outer @ _twice_gelu(inner)
        x += self.outer_bias
        normalise(x, self.second_norm)

    def _attended(self, x: Matrix, spans: Sequence[slice]) -> Matrix:
        """Each token with what it takes from those of its own text."""
        projections = self.attention @ x
        width, count = x.shape
        projections[:width] += self.query_bias
        result = np.empty_like(x)
        parts = projections.reshape(3, width // HEAD_WIDTH, HEAD_WIDTH, count)
        for span in spans:
            queries, keys, values = parts[..., span]
            scores = keys.transpose(0, 2, 1) @ queries  # a column for each token that takes
            scores -= scores.max(axis=1, keepdims=True)
            np.exp(scores, out=scores)
            taken = values @ scores
            taken /= scores.sum(axis=1, keepdims=True)
            result[:, span] = taken.reshape(width, -1)
        return result


def normalise(x: Matrix, norm: Matrix) -> None:
    """Give each column of *x* the mean 0 and the variance 1, then scale and shift it by *norm*."""
    x -= x.mean(axis=0)
    x *= 1 / np.sqrt(np.einsum("ij,ij->j", x, x) / len(x) + EPSILON)
    x *= norm[0]
    x += norm[1]


def unit_rows(rows: Matrix) -> Matrix:
    """*rows*, each of length 1."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    units: Matrix = rows / np.maximum(lengths, 1e-6)
    return units


def _twice_gelu(x: Matrix) -> Matrix:
    """As Hendrycks and Gimpel approximate it: off by less than the weights are rounded."""
    inner = x * x
    inner *= 0.044715 * SQRT_2_PI
    inner += SQRT_2_PI
    inner *= x
    np.tanh(inner, out=inner)
    inner += 1
    inner *= x
    return inner
