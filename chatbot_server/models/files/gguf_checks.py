"""Numbers of a GGUF that must agree, because ctransformers divides by them or walks by them."""

from __future__ import annotations

from math import isfinite
from typing import NoReturn

from chatbot_server.errors import ModelError
from chatbot_server.models.files.gguf import Gguf

MAX_LAYERS = 512


def check_numbers(gguf: Gguf, architecture: str, vocab_size: int) -> None:
    """Compare the sizes that the header states with each other and with the tensors.

    Raises:
        ModelError: names the first one that contradicts the rest.
    """
    if architecture not in ("llama", "falcon"):
        return  # llama.cpp of today checks its own architectures, and refuses cleanly
    width, layers = _positive(gguf, architecture, "embedding_length"), _layers(gguf, architecture)
    embedding = gguf.tensors.get("token_embd.weight")
    if embedding is None:
        raise ModelError("model_tensor_missing", file=gguf.path, name="token_embd.weight")
    if embedding.shape != (width, vocab_size):
        _contradiction(gguf, "token_embd.weight")
    heads = _positive(gguf, architecture, "attention.head_count", 1)
    key_heads = _positive(gguf, architecture, "attention.head_count_kv", heads)
    if width % heads or heads % key_heads:
        _contradiction(gguf, f"{architecture}.attention.head_count")
    rotary = _positive(gguf, architecture, "rope.dimension_count", width // heads)
    if rotary > width // heads or rotary % 2:
        _contradiction(gguf, f"{architecture}.rope.dimension_count")
    blocks = {name.split(".")[1] for name in gguf.tensors if name.startswith("blk.")}
    if len(blocks) > layers:
        _contradiction(gguf, f"{architecture}.block_count")
    for name in ("attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon"):
        epsilon = gguf.metadata.get(f"{architecture}.{name}", 1e-5)
        if not isinstance(epsilon, float) or not isfinite(epsilon) or not 0 <= epsilon < 1:
            _contradiction(gguf, f"{architecture}.{name}")


def _layers(gguf: Gguf, architecture: str) -> int:
    layers = _positive(gguf, architecture, "block_count")
    if layers > MAX_LAYERS:
        _contradiction(gguf, f"{architecture}.block_count")
    return layers


def _positive(gguf: Gguf, architecture: str, name: str, default: int = 0) -> int:
    value = gguf.metadata.get(f"{architecture}.{name}", default)
    if not isinstance(value, int) or not 1 <= value < 1 << 24:
        _contradiction(gguf, f"{architecture}.{name}")
    return value


def _contradiction(gguf: Gguf, what: str) -> NoReturn:
    raise ModelError("model_contradiction", file=gguf.path, what=what)
