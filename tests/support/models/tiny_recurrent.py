"""Tiny GGUF files of models whose state cannot be cut back to a beginning, with random weights.

``mamba`` has nothing but such layers; ``lfm2`` has one of them and one of attention. Tensor
names, shapes and metadata keys are those of llama.cpp's loader.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
from support.models.tiny_architectures import CONTROLS, HEADS, INNER, WIDTH
from support.models.tiny_models import _add_tokenizer, _byte_alphabet

RECURRENT = ("mamba", "lfm2")
CONTEXT = 512
STATE, KERNEL, RANK = 8, 4, 2


def write_recurrent(path: Path, architecture: str) -> Path:
    """A model of *architecture*, one of :data:`RECURRENT`, with a byte-level vocabulary."""
    tokens = [*CONTROLS, *_byte_alphabet(), "he", "Ġt"]
    model = _TinyModel(path, architecture)
    _add_tokenizer(model.writer, tokens, spm=False, controls=len(CONTROLS))
    model.add("token_embd", len(tokens), WIDTH)
    if architecture == "mamba":
        _add_mamba(model, len(tokens))
    else:
        _add_lfm2(model, len(tokens))
    model.writer.write_header_to_file()
    model.writer.write_kv_data_to_file()
    model.writer.write_tensors_to_file()
    model.writer.close()
    return path


class _TinyModel:
    """A file in the making."""

    def __init__(self, path: Path, architecture: str) -> None:
        self._random = np.random.default_rng(1)
        self.writer = gguf.GGUFWriter(path, architecture)
        self.writer.add_name(f"tiny {architecture}")
        self.writer.add_context_length(CONTEXT)
        self.writer.add_embedding_length(WIDTH)
        self.writer.add_feed_forward_length(INNER)
        self.writer.add_layer_norm_rms_eps(1e-5)

    def add(self, name: str, *shape: int) -> None:
        """Random weights, or a norm of ones."""
        is_norm = name.endswith("norm")
        values = np.ones(shape) if is_norm else self._random.standard_normal(shape) * 0.2
        self.writer.add_tensor(f"{name}.weight", values.astype(np.float32))

    def add_values(self, name: str, values: np.ndarray) -> None:
        self.writer.add_tensor(name, values.astype(np.float32))


def _add_mamba(model: _TinyModel, vocabulary: int) -> None:
    writer = model.writer
    writer.add_block_count(1)
    writer.add_head_count(0)
    writer.add_ssm_conv_kernel(KERNEL)
    writer.add_ssm_inner_size(INNER)
    writer.add_ssm_state_size(STATE)
    writer.add_ssm_time_step_rank(RANK)
    model.add("output", vocabulary, WIDTH)
    model.add("output_norm", WIDTH)
    model.add("blk.0.attn_norm", WIDTH)
    model.add("blk.0.ssm_in", 2 * INNER, WIDTH)
    model.add("blk.0.ssm_conv1d", INNER, KERNEL)
    model.add("blk.0.ssm_x", RANK + 2 * STATE, INNER)
    model.add("blk.0.ssm_dt", INNER, RANK)
    model.add("blk.0.ssm_out", WIDTH, INNER)
    model.add_values("blk.0.ssm_conv1d.bias", np.zeros(INNER))
    model.add_values("blk.0.ssm_dt.bias", np.full(INNER, 0.1))
    model.add_values("blk.0.ssm_a", -np.tile(np.arange(1, STATE + 1), (INNER, 1)))
    model.add_values("blk.0.ssm_d", np.ones(INNER))


def _add_lfm2(model: _TinyModel, vocabulary: int) -> None:
    writer = model.writer
    writer.add_block_count(2)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv([0, HEADS])  # no heads: a layer of short convolutions
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_shortconv_l_cache(KERNEL - 1)
    writer.add_vocab_size(vocabulary)
    model.add("token_embd_norm", WIDTH)
    for layer in ("blk.0", "blk.1"):
        model.add(f"{layer}.attn_norm", WIDTH)
        model.add(f"{layer}.ffn_norm", WIDTH)
        model.add(f"{layer}.ffn_gate", INNER, WIDTH)
        model.add(f"{layer}.ffn_up", INNER, WIDTH)
        model.add(f"{layer}.ffn_down", WIDTH, INNER)
    model.add("blk.0.shortconv.conv", WIDTH, KERNEL - 1)
    model.add("blk.0.shortconv.in_proj", 3 * WIDTH, WIDTH)
    model.add("blk.0.shortconv.out_proj", WIDTH, WIDTH)
    for part in ("q", "k", "v", "output"):
        model.add(f"blk.1.attn_{part}", WIDTH, WIDTH)
    model.add("blk.1.attn_q_norm", WIDTH // HEADS)
    model.add("blk.1.attn_k_norm", WIDTH // HEADS)
