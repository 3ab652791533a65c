"""Facts about a model file, read without any native library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, Literal

from chatbot_server.errors import ModelError
from chatbot_server.messages import say

Format = Literal["gguf", "ggjt", "ggmf", "ggml", "ggcc"]
TokenizerKind = Literal["bpe", "spm", "legacy", "other"]
Tier = Literal["quote", "rephrase", "write"]
# ctransformers ignores the context length that it is given for these.
FIXED_CONTEXT = frozenset({"gpt_neox", "dolly-v2", "gptj", "gpt2", "starcoder"})
WORK_SPACE = 100_000_000  # bytes, beside weights, keys and values


@dataclass(frozen=True)
class Refusal:
    """Why an engine cannot run a file: a sentence's key and its values."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self, language: str) -> str:
        """The sentence for a person."""
        return say(self.code, language, **self.values)

    def error(self) -> ModelError:
        """The same as an error."""
        return ModelError(self.code, **self.values)


@dataclass(frozen=True)
class ModelFile:
    """The facts of a model file's header.

    Attributes:
        size: bytes of the file.
        format: ``gguf``, or a legacy format by its magic number.
        version: the format's version; 0 where it has none (``ggml``).
        architecture: GGUF's ``general.architecture``, or the legacy type (``gptj``…).
        tokenizer: ``bpe`` (byte-level), ``spm`` (SentencePiece), ``legacy``
            (byte strings without merges or scores), or ``other``.
        family: the chat format; None where nothing told it.
        bos_id, eos_id, unk_id: token ids; -1 where there is none.
        add_bos: whether a prompt begins with BOS.
        context_length: tokens the model was trained for; 0 if unknown.
        parameters: number of weights.
        kv_bytes_per_token: 16-bit keys and values of one token, in bytes.
        quantisation: such as ``Q4_K_M``.
        tensor_types: GGUF's number of the type of each tensor, by its name.
        old_blocks: its weights are quantised in a way that changed in May 2023.
        rope_scaling: how positions beyond the trained ones are scaled; ``none`` if not.
        vocabulary: GGUF's name of the tokeniser (``llama``, ``gpt2``…).
        has_scores: the vocabulary comes with a score for each token.
        has_line_feed: one of the tokens stands for a line feed.
    """

    path: Path
    size: int
    format: Format
    version: int
    architecture: str
    tokenizer: TokenizerKind
    vocab_size: int
    name: str = ""
    family: str | None = None
    chat_template: str | None = None
    bos_id: int = -1
    eos_id: int = -1
    unk_id: int = -1
    bos_token: str = ""
    eos_token: str = ""
    add_bos: bool = False
    context_length: int = 0
    parameters: int = 0
    layers: int = 0
    embedding: int = 0
    kv_bytes_per_token: int = 0
    quantisation: str = ""
    tensor_types: Mapping[str, int] = field(default_factory=dict)
    old_blocks: bool = False
    rope_scaling: str = "none"
    vocabulary: str = ""
    has_scores: bool = False
    has_line_feed: bool = False

    def memory_bytes(self, context_length: int) -> int:
        """Bytes of memory to run it: the file, keys and values, and work space.

        The libraries make room for the whole context of most formats before GGUF, whatever
        is asked for.
        """
        if self.architecture in FIXED_CONTEXT and self.format == "ggml":
            context_length = self.context_length
        return self.size + self.kv_bytes_per_token * context_length + WORK_SPACE


class TokenType(IntEnum):
    """What a token is, by the numbers of GGUF's ``tokenizer.ggml.token_type``."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True)
class TokenizerData:
    """A model's vocabulary, as its file stores it.

    Attributes:
        kind: how text becomes ids.
        pre: name of the pre-tokeniser (``smollm``, ``llama-bpe``…), empty if not told.
        tokens: one byte string per id. ``bpe``: UTF-8 of GPT-2's byte alphabet;
            ``spm``: UTF-8 with ``▁`` for a space; ``legacy``: the raw bytes themselves.
        scores: SentencePiece's, one per id, or empty.
        types: a :class:`TokenType` per id, as a number; or empty.
        merges: BPE's, best first, two tokens with a space between; or empty.
        add_space_prefix: a space is put before the text (SentencePiece's dummy prefix).
        eog_ids: every id that ends an answer, ``eos_id`` included.
    """

    kind: TokenizerKind
    tokens: list[bytes]
    scores: list[float] = field(default_factory=list)
    types: list[int] = field(default_factory=list)
    merges: list[str] = field(default_factory=list)
    pre: str = ""
    bos_id: int = -1
    eos_id: int = -1
    unk_id: int = -1
    add_bos: bool = False
    add_space_prefix: bool = False
    eog_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class PreparedModel:
    """A model ready to be loaded.

    Attributes:
        path: what ctransformers loads; the original where nothing had to change.
        tokenizer_path: the vocabulary as JSON; None: it is in ``file.path``.
        file: the facts of the original.
    """

    path: Path
    tokenizer_path: Path | None
    file: ModelFile


def tier_by_size(parameters: int) -> Tier:
    """What a model nobody has tested may be trusted with, by its number of weights."""
    if parameters < 1_000_000_000:
        return "quote"
    return "rephrase" if parameters < 3_000_000_000 else "write"
