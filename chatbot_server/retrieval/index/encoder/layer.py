"""One layer of the encoder: self-attention within each text, then a feed-forward network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
# Numbers of a token in one head of the attention.
HEAD_WIDTH = 32
# Added to variances, as the encoder was trained.
EPSILON = 1e-12
SQRT_2_PI = np.float32(np.sqrt(2 / np.pi))


@dataclass(frozen=True)
class Layer:
    """The weights of a layer, multiplied from the left with a column for each token.

    Attributes:
        attention: projects a token to its query, key and value, one below the other.
        query_bias: is added to the queries.
        output, output_bias: project the result of the attention.
        inner, outer: the feed-forward network, with a GELU in between. ``outer`` is halved, because
            :func:`_twice_gelu` is twice a GELU.
        first_norm, second_norm: scale and shift of the normalisation after the attention, and after
            the feed-forward network.
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
        """Change the columns *x* in place; each of *spans* holds the columns of one text."""
        x += self.output @ self._attend(x, spans)
        x += self.output_bias
        normalise(x, self.first_norm)
        inner = self.inner @ x
        inner += self.inner_bias
        x += self.outer @ _twice_gelu(inner)
        x += self.outer_bias
        normalise(x, self.second_norm)

    def _attend(self, x: Matrix, spans: Sequence[slice]) -> Matrix:
        """The result of the attention for each column of *x*, within its text."""
        projections = self.attention @ x
        width, count = x.shape
        projections[:width] += self.query_bias
        result = np.empty_like(x)
        parts = projections.reshape(3, width // HEAD_WIDTH, HEAD_WIDTH, count)
        for span in spans:
            queries, keys, values = parts[..., span]
            scores = keys.transpose(0, 2, 1) @ queries  # a column for each query
            scores -= scores.max(axis=1, keepdims=True)
            np.exp(scores, out=scores)
            weighted_values = values @ scores
            weighted_values /= scores.sum(axis=1, keepdims=True)
            result[:, span] = weighted_values.reshape(width, -1)
        return result


def normalise(x: Matrix, norm: Matrix) -> None:
    """Give each column of *x* the mean 0 and the variance 1, then scale and shift it by *norm*."""
    x -= x.mean(axis=0)
    x *= 1 / np.sqrt(np.einsum("ij,ij->j", x, x) / len(x) + EPSILON)
    x *= norm[0]
    x += norm[1]


def unit_rows(rows: Matrix) -> Matrix:
    """*rows*, each scaled to length 1; a row of zeros stays as it is."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    units: Matrix = rows / np.maximum(lengths, 1e-6)
    return units


def _twice_gelu(x: Matrix) -> Matrix:
    """Twice the GELU of *x*, approximated with tanh (Hendrycks and Gimpel, 2016).

    The error is smaller than that of the weights, which are rounded to 4 bits.
    """
    inner = x * x
    inner *= 0.044715 * SQRT_2_PI
    inner += SQRT_2_PI
    inner *= x
    np.tanh(inner, out=inner)
    inner += 1
    inner *= x
    return inner
