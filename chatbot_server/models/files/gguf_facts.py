"""From a GGUF's header to the facts people and engines need."""

from __future__ import annotations

from math import isfinite, prod
from typing import NoReturn

import numpy as np

from chatbot_server.errors import ModelError
from chatbot_server.models.base import ModelFile
from chatbot_server.models.files.gguf import Gguf
from chatbot_server.models.files.vocabulary import KINDS, begins_with_bos, special_id

MAX_LAYERS = 512
NOT_FOR_TEXT = {"clip", "bert", "nomic-bert", "whisper", "t5encoder", "wavtokenizer-dec"}


def gguf_facts(gguf: Gguf) -> ModelFile:
    """The facts of a GGUF.

    Raises:
        ModelError: a part of a split model, an adapter, no language model, or a header
            whose parts contradict each other.
    """
    meta = gguf.metadata
    architecture = _checked_architecture(gguf)
    tokens = _checked_tokens(gguf)
    # llama.cpp of today checks its other architectures itself, and refuses cleanly.
    if architecture in ("llama", "falcon"):
        _check_sizes(gguf, architecture, len(tokens))
    bos, eos = special_id(meta, "bos", len(tokens)), special_id(meta, "eos", len(tokens))
    kind = KINDS.get(str(meta.get("tokenizer.ggml.model")), "other")
    template = meta.get("tokenizer.chat_template")
    return ModelFile(
        path=gguf.path,
        size=gguf.size,
        format="gguf",
        version=gguf.version,
        architecture=architecture[:40],
        tokenizer=kind,
        vocab_size=len(tokens),
        name=str(meta.get("general.name", ""))[:200] or gguf.path.stem,
        chat_template=template if isinstance(template, str) else None,
        bos_id=bos,
        eos_id=eos,
        unk_id=special_id(meta, "unknown", len(tokens)),
        bos_token=tokens[bos].decode(errors="replace") if bos >= 0 else "",
        eos_token=tokens[eos].decode(errors="replace") if eos >= 0 else "",
        add_bos=begins_with_bos(meta),
        context_length=_number(gguf, architecture, "context_length"),
        parameters=sum(prod(tensor.shape) for tensor in gguf.tensors.values()),
        layers=_number(gguf, architecture, "block_count"),
        embedding=_number(gguf, architecture, "embedding_length"),
        kv_bytes_per_token=_kv_bytes(gguf, architecture),
        quantisation=gguf.quantisation,
        tensor_types={name: tensor.type for name, tensor in gguf.tensors.items()},
        rope_scaling=str(meta.get(f"{architecture}.rope.scaling.type", "none"))[:40],
        vocabulary=str(meta.get("tokenizer.ggml.model"))[:40],
        has_scores="tokenizer.ggml.scores" in meta,
        has_line_feed=(b"<0x0A>" if kind == "spm" else "Ċ".encode()) in tokens,
    )


def _checked_architecture(gguf: Gguf) -> str:
    """The architecture, if the file is a whole model of language."""
    meta = gguf.metadata
    architecture = meta.get("general.architecture")
    if not isinstance(architecture, str) or not gguf.tensors:
        raise ModelError("model_no_architecture", file=gguf.path)
    if meta.get("split.count", 0) not in (0, 1):
        raise ModelError("model_split", file=gguf.path, parts=meta["split.count"])
    if meta.get("general.type", "model") in ("adapter", "mmproj") or architecture in NOT_FOR_TEXT:
        raise ModelError("model_not_for_text", file=gguf.path, architecture=architecture)
    return architecture


def _checked_tokens(gguf: Gguf) -> list[bytes]:
    """The tokens, if the arrays beside them fit them."""
    meta = gguf.metadata
    tokens = meta.get("tokenizer.ggml.tokens")
    if not isinstance(tokens, list) or not tokens:
        raise ModelError("model_no_tokens", file=gguf.path)
    for key in ("tokenizer.ggml.scores", "tokenizer.ggml.token_type"):
        if key in meta and (not isinstance(meta[key], np.ndarray) or len(meta[key]) != len(tokens)):
            _raise_contradiction(gguf, key)
    if not np.isfinite(meta.get("tokenizer.ggml.scores", 0)).all():
        _raise_contradiction(gguf, "tokenizer.ggml.scores")
    if not isinstance(meta.get("tokenizer.ggml.merges", []), list):
        _raise_contradiction(gguf, "tokenizer.ggml.merges")
    return tokens


def _check_sizes(gguf: Gguf, architecture: str, vocab_size: int) -> None:
    """Refuse sizes that contradict each other: ctransformers divides by them or walks by them."""

    def positive(name: str, default: int = 0) -> int:
        value = gguf.metadata.get(f"{architecture}.{name}", default)
        if not isinstance(value, int) or not 1 <= value < 1 << 24:
            _raise_contradiction(gguf, f"{architecture}.{name}")
        return value

    width, layers = positive("embedding_length"), positive("block_count")
    blocks = {name.split(".")[1] for name in gguf.tensors if name.startswith("blk.")}
    if layers > MAX_LAYERS or len(blocks) > layers:
        _raise_contradiction(gguf, f"{architecture}.block_count")
    embedding = gguf.tensors.get("token_embd.weight")
    if embedding is None:
        raise ModelError("model_tensor_missing", file=gguf.path, name="token_embd.weight")
    if embedding.shape != (width, vocab_size):
        _raise_contradiction(gguf, "token_embd.weight")
    heads = positive("attention.head_count", 1)
    if width % heads or heads % positive("attention.head_count_kv", heads):
        _raise_contradiction(gguf, f"{architecture}.attention.head_count")
    rotary = positive("rope.dimension_count", width // heads)
    if rotary > width // heads or rotary % 2:
        _raise_contradiction(gguf, f"{architecture}.rope.dimension_count")
    for name in ("attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon"):
        epsilon = gguf.metadata.get(f"{architecture}.{name}", 1e-5)
        if not isinstance(epsilon, float) or not isfinite(epsilon) or not 0 <= epsilon < 1:
            _raise_contradiction(gguf, f"{architecture}.{name}")


def _number(gguf: Gguf, architecture: str, name: str) -> int:
    value = gguf.metadata.get(f"{architecture}.{name}", 0)
    if not isinstance(value, int) or not 0 <= value < 1 << 31:
        _raise_contradiction(gguf, f"{architecture}.{name}")
    return value


def _raise_contradiction(gguf: Gguf, what: str) -> NoReturn:
    raise ModelError("model_contradiction", file=gguf.path, what=what)


def _kv_bytes(gguf: Gguf, architecture: str) -> int:
    """2 bytes for each number of each layer's key and value; heads may differ by layer."""
    layers = _number(gguf, architecture, "block_count")
    heads = gguf.metadata.get(f"{architecture}.attention.head_count", 1)
    kv_heads = gguf.metadata.get(f"{architecture}.attention.head_count_kv", heads)
    most = int(np.max(heads)) if np.size(heads) else 1
    head = _number(gguf, architecture, "embedding_length") // max(1, most)
    key = _number(gguf, architecture, "attention.key_length") or head
    value = _number(gguf, architecture, "attention.value_length") or head
    total = int(np.sum(kv_heads)) if np.size(kv_heads) > 1 else int(np.max(kv_heads)) * layers
    return 2 * total * (key + value)
