"""SentencePiece's byte-pair encoding with scores, as llama.cpp does it, in plain Python.

Source: llama.cpp, ``llm_tokenizer_spm_session``: characters are joined pair by pair, the
best score first and the leftmost of equals; a character without a token becomes its bytes.
"""

from __future__ import annotations

import heapq
import re

from chatbot_server.engine.tokenizers.base import BYTE, CONTROL, UNKNOWN, Tokenizer
from chatbot_server.models.base import TokenizerData

SPACE = "▁"


class SpmTokenizer(Tokenizer):
    """Linear but for a heap: 100,000 characters take about a second."""

    def __init__(self, data: TokenizerData) -> None:
        super().__init__(data)
        self._ids: dict[str, int] = {}
        self._byte_ids: dict[int, int] = {}
        for token, text in self._plain():
            byte = _byte(text) if self._types[token] == BYTE else None
            if byte is not None:
                self._byte_ids[byte] = token
            else:
                self._ids.setdefault(text.decode("utf-8", "replace"), token)
        self._scores = data.scores or [-float(token) for token in range(len(data.tokens))]

    def encode(self, text: str, *, first: bool = True) -> list[int]:
        if not text:
            return []
        if first and self.data.add_space_prefix:
            text = " " + text
        ids: list[int] = []
        for symbol in self._merge(list(text.replace(" ", SPACE))):
            token = self._ids.get(symbol)
            ids += [token] if token is not None else self._spell(symbol)
        return ids

    def _spell(self, symbol: str) -> list[int]:
        text = symbol.replace(SPACE, " ")
        tokens = [self._byte_ids.get(byte, self.data.unk_id) for byte in text.encode()]
        return [token for token in tokens if token >= 0]

    def _merge(self, symbols: list[str]) -> list[str]:
        """Join *symbols* until no pair is a token; joined ones leave empty places."""
        before = list(range(-1, len(symbols) - 1))
        after = [*range(1, len(symbols)), -1]
        heap: list[tuple[float, int, int, str]] = []

        def offer(left: int, right: int) -> None:
            if left >= 0 and right >= 0:
                joined = symbols[left] + symbols[right]
                token = self._ids.get(joined)
                if token is not None:
                    heapq.heappush(heap, (-self._scores[token], left, right, joined))

        for place in range(len(symbols) - 1):
            offer(place, place + 1)
        while heap:
            _, left, right, joined = heapq.heappop(heap)
            if after[left] != right or symbols[left] + symbols[right] != joined:
                continue  # one of the two has been joined with another since
            symbols[left], symbols[right] = joined, ""
            after[left] = after[right]
            if after[left] >= 0:
                before[after[left]] = left
            after[right] = -2
            offer(before[left], left)
            offer(left, after[left])
        return [symbol for symbol in symbols if symbol]

    def _piece(self, token: int) -> bytes:
        text, kind = self.data.tokens[token], self._types[token]
        if kind in (CONTROL, UNKNOWN):
            return b""
        byte = _byte(text) if kind == BYTE else None
        if byte is not None:
            return bytes([byte])
        return text.replace(SPACE.encode(), b" ")


def _byte(text: bytes) -> int | None:
    """The byte of ``<0x41>``; GGJT files hold the byte itself. None: no byte at all."""
    if len(text) == 1:
        return text[0]
    found = re.fullmatch(rb"<0x([0-9A-Fa-f]{2})>", text)
    return int(found[1], 16) if found else None
