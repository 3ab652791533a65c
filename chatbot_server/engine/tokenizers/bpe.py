"""Byte-level byte-pair encoding, by the `tokenizers` library, from a GGUF's own vocabulary."""

from __future__ import annotations

from tokenizers import Regex
from tokenizers import Tokenizer as Backend
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, PreTokenizer, Sequence, Split

from chatbot_server.engine.tokenizers.base import Tokenizer
from chatbot_server.errors import ModelError
from chatbot_server.models.base import TokenizerData
from chatbot_server.models.files.vocabulary import byte_alphabet

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# By `tokenizer.ggml.pre`: the expressions of llama.cpp, llama-vocab.cpp, applied in turn.
PATTERNS: dict[str, tuple[str, ...]] = {
    "": (GPT2,),
    "default": (GPT2,),
    "gpt-2": (GPT2,),
    "mpt": (GPT2,),
    "olmo": (GPT2,),
    "smollm": (r"\p{N}", GPT2),
    "starcoder": (r"\p{N}", GPT2),
    "refact": (r"\p{N}", GPT2),
    "command-r": (r"\p{N}", GPT2),
    "llama-bpe": (LLAMA3,),
    "llama3": (LLAMA3,),
    "qwen2": (LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}"),),
    "falcon": (r"[\p{P}\$\+<=>\^~\|`]+", GPT2, r"[0-9][0-9][0-9]"),
}
# These look a whole word up before any merge (llama.cpp: `ignore_merges`).
WHOLE_WORDS = {"llama-bpe", "llama3"}


class BpeTokenizer(Tokenizer):
    """Same ids as llama.cpp; a run of 100,000 letters takes well under a second."""

    def __init__(self, data: TokenizerData) -> None:
        self._bytes = byte_alphabet()
        super().__init__(data)
        if data.pre not in PATTERNS:
            raise ModelError("engine_tokenizer_unknown", name=data.pre)
        vocabulary = {text.decode(): token for token, text in self._plain_tokens()}
        pairs = (tuple(merge.split(" ", 1)) for merge in data.merges)
        merges = [
            (first, second)
            for first, second in pairs
            if first in vocabulary and second in vocabulary and first + second in vocabulary
        ]
        self._backend = Backend(BPE(vocabulary, merges, ignore_merges=data.pre in WHOLE_WORDS))
        splits: list[PreTokenizer] = [
            Split(Regex(pattern), "isolated") for pattern in PATTERNS[data.pre]
        ]
        self._backend.pre_tokenizer = Sequence(
            [*splits, ByteLevel(add_prefix_space=False, use_regex=False)]
        )

    def encode(self, text: str, *, first: bool = True) -> list[int]:
        ids: list[int] = self._backend.encode(text, add_special_tokens=False).ids
        return ids

    def _bytes_of(self, token: int) -> bytes:
        if self._is_hidden(token):
            return b""
        text = self.data.tokens[token].decode("utf-8", "replace")
        if all(char in self._bytes for char in text):
            return bytes(self._bytes[char] for char in text)
        return text.encode()
