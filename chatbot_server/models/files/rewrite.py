"""Rewrite a GGUF so that ctransformers 0.2.27 can load it.

Small llama models of today have byte-level BPE vocabularies and tied embeddings, both
younger than ctransformers. What it needs, found by trying (SmolLM2-135M):

- ``tokenizer.ggml.tokens`` as raw bytes: while loading it tokenises a line feed and
  aborts when GPT-2's byte alphabet hides it;
- ``tokenizer.ggml.scores`` and an *empty* array of merges (without the key it refuses);
- ``output.weight``. Its entry points at the data of ``token_embd.weight``: no copy is
  needed, with and without mmap, which saves 30 MB of disk and memory for SmolLM2.

The weights are copied as they are. The result is for ctransformers alone: text is
tokenised outside it, from the original vocabulary.
"""

from __future__ import annotations

import contextlib
import shutil
from struct import pack
from typing import IO, Any

from chatbot_server.models.base import TokenType
from chatbot_server.models.files.gguf import MAGIC, Gguf, Tensor
from chatbot_server.models.files.vocabulary import KINDS, byte_alphabet

PREFIX = "tokenizer.ggml."
_STRING, _ARRAY, _FLOAT32 = 8, 9, 6


def rewrite_gguf(gguf: Gguf, source: IO[bytes], target: IO[bytes]) -> None:
    """Write the loadable form of *gguf* (version 2 or 3) from *source* to *target*."""
    pairs = []
    replaced_keys = {PREFIX + name for name in ("tokens", "scores", "merges", "token_type")}
    for key, (start, end) in gguf.spans.items():
        if key not in replaced_keys | {"tokenizer.chat_template"}:
            source.seek(start)
            pairs.append(source.read(end - start))
    pairs += _vocabulary(gguf.metadata)
    tensors = [_entry(tensor.name, tensor, gguf) for tensor in gguf.tensors.values()]
    if "output.weight" not in gguf.tensors:
        tensors.append(_entry("output.weight", gguf.tensors["token_embd.weight"], gguf))
    header = MAGIC + pack("<IQQ", 3, len(tensors), len(pairs)) + b"".join(pairs + tensors)
    target.write(header + bytes(-len(header) % gguf.alignment))
    source.seek(gguf.data_start)
    shutil.copyfileobj(source, target, 1 << 20)


def _vocabulary(meta: dict[str, Any]) -> list[bytes]:
    """The key-values of the vocabulary, with every token as raw bytes if it is BPE's."""
    tokens: list[bytes] = meta[PREFIX + "tokens"]
    types = [
        int(kind) for kind in meta.get(PREFIX + "token_type", [TokenType.NORMAL] * len(tokens))
    ]
    scores = b"".join(
        pack("<f", score) for score in meta.get(PREFIX + "scores", [0.0] * len(tokens))
    )
    if KINDS[meta[PREFIX + "model"]] == "bpe":
        alphabet, tokens = byte_alphabet(), list(tokens)
        for index, (token, kind) in enumerate(zip(tokens, types, strict=True)):
            if kind == TokenType.NORMAL:
                with contextlib.suppress(KeyError, UnicodeDecodeError):
                    tokens[index] = bytes(alphabet[character] for character in token.decode())
    return [
        _array("tokens", _STRING, len(tokens), b"".join(map(_string, tokens))),
        _array("scores", _FLOAT32, len(tokens), scores),
        _array("token_type", 5, len(types), b"".join(pack("<i", kind) for kind in types)),
        _array("merges", _STRING, 0, b""),
    ]


def _string(text: bytes) -> bytes:
    return pack("<Q", len(text)) + text


def _array(name: str, kind: int, count: int, data: bytes) -> bytes:
    key = (PREFIX + name).encode()
    return _string(key) + pack("<IIQ", _ARRAY, kind, count) + data


def _entry(name: str, tensor: Tensor, gguf: Gguf) -> bytes:
    return (
        _string(name.encode())
        + pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape)
        + pack("<IQ", tensor.type, tensor.offset - gguf.data_start)
    )
