"""From a GGUF's header to the facts people and engines need."""

from __future__ import annotations

from collections import Counter
from math import prod

import numpy as np

from chatbot_server.errors import ModelError
from chatbot_server.models.base import ModelFile
from chatbot_server.models.files.gguf import Gguf
from chatbot_server.models.files.gguf_checks import check_numbers
from chatbot_server.models.files.tensor_types import FILE_TYPES, TENSOR_TYPES
from chatbot_server.models.files.vocabulary import KINDS, begins_with_bos, special_id

NOT_FOR_TEXT = {"clip", "bert", "nomic-bert", "whisper", "t5encoder", "wavtokenizer-dec"}


def gguf_facts(gguf: Gguf) -> ModelFile:
    """The facts of a GGUF.

    Raises:
        ModelError: a part of a split model, an adapter, no language model, or a header
            whose parts contradict each other.
    """
    meta = gguf.metadata
    architecture = meta.get("general.architecture")
    if not isinstance(architecture, str) or not gguf.tensors:
        raise ModelError("model_no_architecture", file=gguf.path)
    _check_purpose(gguf, architecture)
    tokens = _tokens(gguf)
    check_numbers(gguf, architecture, len(tokens))
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
        bos_token=_text(tokens, bos),
        eos_token=_text(tokens, eos),
        add_bos=begins_with_bos(meta),
        context_length=_number(gguf, architecture, "context_length"),
        parameters=sum(prod(tensor.shape) for tensor in gguf.tensors.values()),
        layers=_number(gguf, architecture, "block_count"),
        embedding=_number(gguf, architecture, "embedding_length"),
        kv_bytes_per_token=_kv_bytes(gguf, architecture),
        quantisation=_quantisation(gguf),
        tensor_types={name: tensor.type for name, tensor in gguf.tensors.items()},
        rope_scaling=str(meta.get(f"{architecture}.rope.scaling.type", "none"))[:40],
        vocabulary=str(meta.get("tokenizer.ggml.model"))[:40],
        has_scores="tokenizer.ggml.scores" in meta,
        has_line_feed=(b"<0x0A>" if kind == "spm" else "Ċ".encode()) in tokens,
    )


def _check_purpose(gguf: Gguf, architecture: str) -> None:
    meta = gguf.metadata
    if meta.get("split.count", 0) not in (0, 1):
        raise ModelError("model_split", file=gguf.path, parts=meta["split.count"])
    if meta.get("general.type", "model") in ("adapter", "mmproj") or architecture in NOT_FOR_TEXT:
        raise ModelError("model_not_for_text", file=gguf.path, architecture=architecture)


def _tokens(gguf: Gguf) -> list[bytes]:
    """The tokens, after the arrays beside them were found to be of the same length."""
    meta = gguf.metadata
    tokens = meta.get("tokenizer.ggml.tokens")
    if not isinstance(tokens, list) or not tokens:
        raise ModelError("model_no_tokens", file=gguf.path)
    for key in ("tokenizer.ggml.scores", "tokenizer.ggml.token_type"):
        if key in meta and (not isinstance(meta[key], np.ndarray) or len(meta[key]) != len(tokens)):
            raise ModelError("model_contradiction", file=gguf.path, what=key)
    scores = meta.get("tokenizer.ggml.scores")
    if scores is not None and not np.isfinite(scores).all():
        raise ModelError("model_contradiction", file=gguf.path, what="tokenizer.ggml.scores")
    if not isinstance(meta.get("tokenizer.ggml.merges", []), list):
        raise ModelError("model_contradiction", file=gguf.path, what="tokenizer.ggml.merges")
    return tokens


def _text(tokens: list[bytes], token_id: int) -> str:
    return tokens[token_id].decode(errors="replace") if token_id >= 0 else ""


def _number(gguf: Gguf, architecture: str, name: str) -> int:
    value = gguf.metadata.get(f"{architecture}.{name}", 0)
    if not isinstance(value, int) or not 0 <= value < 1 << 31:
        raise ModelError("model_contradiction", file=gguf.path, what=f"{architecture}.{name}")
    return value


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


def _quantisation(gguf: Gguf) -> str:
    declared = FILE_TYPES.get(gguf.metadata.get("general.file_type", -1))
    if declared:
        return declared
    bytes_of: Counter[int] = Counter()
    for tensor in gguf.tensors.values():
        bytes_of[tensor.type] += tensor.size
    return TENSOR_TYPES[bytes_of.most_common(1)[0][0]][0]
