"""GPT-2's family in legacy files, which hold the tokens' bytes but no merges.

The ids of those vocabularies are in the order of the merges, so that joining the pair with
the lowest id gives the true byte-pair encoding (tiktoken's way). ggml's own tokeniser takes
the longest token instead, which differs from what the models were trained on.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from tokenizers.pre_tokenizers import ByteLevel

from chatbot_server.engine.tokenizers.base import Tokenizer
from chatbot_server.models.base import TokenizerData
from chatbot_server.models.files.vocabulary import byte_alphabet

# Joining is quadratic in the length of a word: longer runs are cut (20,000 letters keep
# ggml's own tokeniser busy for 37 seconds).
WORD_BYTES = 128


class RankedTokenizer(Tokenizer):
    """Byte-pair encoding by token id."""

    def __init__(self, data: TokenizerData) -> None:
        super().__init__(data)
        self._ids: dict[bytes, int] = {}
        for token, text in self._plain_tokens():
            self._ids.setdefault(text, token)
        self._bytes = byte_alphabet()
        self._split = ByteLevel(add_prefix_space=False, use_regex=True)
        self._word = lru_cache(maxsize=20_000)(self._merge_pairs)

    def encode(self, text: str, *, first: bool = True) -> list[int]:
        ids: list[int] = []
        for word, _ in self._split.pre_tokenize_str(text):
            raw = bytes(self._bytes[char] for char in word)
            for start in range(0, len(raw), WORD_BYTES):
                ids += self._word(raw[start : start + WORD_BYTES])
        return ids

    def _merge_pairs(self, word: bytes) -> tuple[int, ...]:
        parts = [word[index : index + 1] for index in range(len(word))]
        while len(parts) > 1:
            ranks = [self._ids.get(first + second, 1 << 31) for first, second in pairwise(parts)]
            best = min(range(len(ranks)), key=ranks.__getitem__)
            if ranks[best] == 1 << 31:
                break
            parts[best : best + 2] = [parts[best] + parts[best + 1]]
        # Some converters lost the tokens that are half a character: those are left out.
        return tuple(self._ids[part] for part in parts if part in self._ids)

    def _bytes_of(self, token: int) -> bytes:
        return b"" if self._is_hidden(token) else self.data.tokens[token]
