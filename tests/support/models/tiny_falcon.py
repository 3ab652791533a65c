"""A Falcon in ggllm.cpp's format (GGCC version 10), with random weights."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from support.models.tiny_models import WORDS

E, HEADS, INNER = 64, 4, 256
SPECIAL = (
    *(f">>{name}<<".encode() for name in ("TITLE", "ABSTRACT", "INTRODUCTION", "SUMMARY")),
    *(f">>{name}<<".encode() for name in ("COMMENT", "ANSWER", "QUESTION", "DOMAIN")),
    *(f">>{name}<<".encode() for name in ("PREFIX", "SUFFIX", "MIDDLE")),
    b"<|endoftext|>",
)
MERGES = [(b"T", b"h"), (b"Th", b"e"), (b" ", b"t"), (b" t", b"h"), (b" th", b"e")]


def write_falcon(path: Path, kind: int = 7, *, layers: int = 2, seed: int = 1) -> Path:
    """*kind*: 7 has one norm and one key head, 40 two of each.

    Layout: ``libfalcon.cpp`` of ctransformers 0.2.27 and the converter of ggllm.cpp.
    """
    heads_kv = 1 if kind == 7 else 2
    vocabulary = [*SPECIAL, *(bytes([byte]) for byte in range(256)), *WORDS]
    random = np.random.default_rng(seed)
    with path.open("wb") as file:
        file.write(struct.pack("<II", 0x67676363, 10))
        sizes = (len(vocabulary), E, HEADS, heads_kv, layers, kind, 1, len(MERGES))
        file.write(struct.pack("<8I", *sizes))
        for token in vocabulary:
            file.write(struct.pack("<I", len(token)) + token + struct.pack("<f", 0))
        file.write(struct.pack("<I", len(MERGES)))
        for text in (side for pair in MERGES for side in pair):
            file.write(struct.pack("<I", len(text)) + text)
        for name, shape in _tensors(kind, heads_kv, layers, len(vocabulary)):
            half = len(shape) == 2
            weights = random.standard_normal(shape[::-1]) * (0.5 if half else 0.1)
            weights += name.endswith(("norm.weight", "ln_f.weight", "mlp.weight", "attn.weight"))
            file.write(struct.pack("<3I", len(shape), len(name), int(half)))
            file.write(struct.pack(f"<{len(shape)}I", *shape) + name.encode())
            file.write(bytes(-file.tell() % 32))
            file.write(weights.astype(np.float16 if half else np.float32).tobytes())
    return path


def _tensors(
    kind: int, heads_kv: int, layers: int, vocab: int
) -> Iterable[tuple[str, tuple[int, ...]]]:
    """Name and shape, innermost side first, as the file stores it."""
    yield "transformer.word_embeddings.weight", (E, vocab)
    norms = ("input_layernorm",) if kind == 7 else ("ln_mlp", "ln_attn")
    for number in range(layers):
        layer = f"transformer.h.{number}."
        for norm in norms:
            yield f"{layer}{norm}.weight", (E,)
            yield f"{layer}{norm}.bias", (E,)
        yield (
            f"{layer}self_attention.query_key_value.weight",
            (E, (HEADS + 2 * heads_kv) * (E // HEADS)),
        )
        yield f"{layer}self_attention.dense.weight", (E, E)
        yield f"{layer}mlp.dense_h_to_4h.weight", (E, INNER)
        yield f"{layer}mlp.dense_4h_to_h.weight", (INNER, E)
    yield "transformer.ln_f.weight", (E,)
    yield "transformer.ln_f.bias", (E,)
    yield "lm_head.weight", (E, vocab)
