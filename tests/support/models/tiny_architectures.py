"""Tiny GGUF files of architectures that only llama.cpp can run, with random weights.

Tensor names and metadata keys are those of llama.cpp's converter (gguf-py's constants).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gguf
import numpy as np
from support.models.tiny_models import _add_tokenizer, _byte_alphabet

WIDTH, INNER, HEADS = 32, 64, 2
CONTROLS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
Shapes = dict[str, tuple[int, ...]]
_FUSED: Shapes = {"attn_qkv": (3 * WIDTH, WIDTH), "attn_output": (WIDTH, WIDTH)}
_SPLIT: Shapes = {f"attn_{part}": (WIDTH, WIDTH) for part in ("q", "k", "v", "output")}
_PLAIN: Shapes = {"ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER)}
_GATED: Shapes = _PLAIN | {"ffn_gate": (INNER, WIDTH)}
_HEAD_NORMS: Shapes = {"attn_q_norm": (WIDTH // HEADS,), "attn_k_norm": (WIDTH // HEADS,)}
_POST_NORMS: Shapes = {"post_attention_norm": (WIDTH,), "post_ffw_norm": (WIDTH,)}
# Weights of a layer; which of them have a bias; whether the norms have one.
LAYERS: dict[str, tuple[Shapes, tuple[str, ...], bool]] = {
    "bloom": (_FUSED | _PLAIN, ("attn_qkv", "attn_output", "ffn_up", "ffn_down"), True),
    "gptneox": (_FUSED | _PLAIN, ("attn_qkv", "attn_output", "ffn_up", "ffn_down"), True),
    "stablelm": (_SPLIT | _GATED, (), True),
    "qwen2": (_SPLIT | _GATED, ("attn_q", "attn_k", "attn_v"), False),
    "phi3": (_FUSED | _PLAIN | {"ffn_up": (2 * INNER, WIDTH)}, (), False),
    "gemma": (_SPLIT | _GATED, (), False),
    "qwen3": (_SPLIT | _GATED | _HEAD_NORMS, (), False),
    "smollm3": (_SPLIT | _GATED, (), False),
    "granite": (_SPLIT | _GATED, (), False),
    "mistral3": (_SPLIT | _GATED, (), False),
    "gemma3": (_SPLIT | _GATED | _HEAD_NORMS | _POST_NORMS, (), False),
}
# llama.cpp looks for Phi's own control tokens by the model's name: not with those above.
ARCHITECTURES = tuple(name for name in LAYERS if name != "phi3")


def write_architecture(
    path: Path,
    architecture: str,
    *,
    context_length: int = 256,
    controls: Sequence[str] = tuple(CONTROLS),
    chat_template: str | None = None,
) -> Path:
    """A one-layer model of *architecture* with a byte-level vocabulary.

    *controls* come first in it; the third ends an answer.
    """
    random = np.random.default_rng(1)
    tokens = [*controls, *_byte_alphabet(), "he", "Ġt"]
    writer = gguf.GGUFWriter(path, architecture)
    _add_facts(writer, context_length)
    if chat_template:
        writer.add_chat_template(chat_template)
    _add_tokenizer(writer, tokens, spm=False, controls=len(controls))
    weights, biases, norm_bias = LAYERS[architecture]

    def add(name: str, shape: tuple[int, ...], *, bias: bool) -> None:
        norm = "norm" in name
        data = np.ones(shape) if norm else random.standard_normal(shape) * 0.2
        writer.add_tensor(f"{name}.weight", data.astype(np.float32))
        if bias:
            writer.add_tensor(f"{name}.bias", np.zeros(shape[0], dtype=np.float32))

    add("token_embd", (len(tokens), WIDTH), bias=False)
    if architecture not in ("gemma", "gemma3"):  # its output is its embedding
        add("output", (len(tokens), WIDTH), bias=False)
    add("output_norm", (WIDTH,), bias=norm_bias)
    if architecture == "bloom":
        add("token_embd_norm", (WIDTH,), bias=True)
    for name in ("attn_norm", "ffn_norm"):
        add(f"blk.0.{name}", (WIDTH,), bias=norm_bias)
    for name, shape in weights.items():
        add(f"blk.0.{name}", shape, bias=name in biases)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_facts(writer: gguf.GGUFWriter, context_length: int) -> None:
    writer.add_name(f"tiny {writer.arch}")
    writer.add_context_length(context_length)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_layer_norm_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_parallel_residual(writer.arch == "gptneox")
    if writer.arch == "phi3":
        writer.add_sliding_window(context_length)
    if writer.arch == "gemma3":  # it sees less than a conversation
        writer.add_sliding_window(context_length // 8)
    if writer.arch == "granite":
        writer.add_logit_scale(1.0)
    if writer.arch in ("gemma", "gemma3"):
        writer.add_key_length(WIDTH // HEADS)
        writer.add_value_length(WIDTH // HEADS)
