"""The ctransformers library as a local engine: what it cannot run, and how it loads the rest."""

from __future__ import annotations

import re
from pathlib import Path

from chatbot_server.engine.backend import Backend, EngineSettings, LocalEngine
from chatbot_server.models.base import ModelFile, Refusal
from chatbot_server.models.files.prepare import prepare_model
from chatbot_server.models.files.tensor_types import F16, F32, Q4_0, Q4_1, TENSOR_TYPES

# What ggml knew when ctransformers 0.2.27 was made (September 2023).
KNOWN_TYPES = frozenset({F32, F16, Q4_0, Q4_1, *range(6, 16)})
# What ctransformers 0.2.27 creates for a llama; it refuses any other tensor.
LLAMA_TENSOR = re.compile(
    r"(token_embd|output_norm|output|blk\.\d+\.(attn_norm|attn_q|attn_k|attn_v|attn_output"
    r"|ffn_norm|ffn_gate|ffn_down|ffn_up))\.weight"
)


def refuses(file: ModelFile) -> Refusal | None:
    """Why ctransformers cannot run *file*, if it cannot."""
    if file.format != "gguf":
        return _refuses_legacy(file)
    if file.architecture not in ("llama", "falcon"):
        return Refusal("model_ct_architecture", {"name": file.architecture})
    for name, kind in file.tensor_types.items():
        if kind not in KNOWN_TYPES:
            return Refusal("model_ct_quantisation", {"name": TENSOR_TYPES[kind][0]})
        if file.architecture == "llama" and not LLAMA_TENSOR.fullmatch(name):
            return Refusal("model_ct_tensor", {"name": name})
    # The keys of the scaling are younger than the library, which would ignore them silently.
    if file.rope_scaling != "none":
        return Refusal("model_ct_rope", {"name": file.rope_scaling})
    # Loading looks up the line feed's token and aborts without one.
    has_scores = file.has_scores or file.tokenizer == "bpe"
    if file.tokenizer not in ("spm", "bpe") or not (file.has_line_feed and has_scores):
        return Refusal("model_ct_tokenizer", {"name": file.vocabulary})
    return None


def _refuses_legacy(file: ModelFile) -> Refusal | None:
    types = set(file.tensor_types.values())
    if not types <= KNOWN_TYPES:
        return Refusal("model_ct_quantisation", {"name": str(max(types))})
    if file.architecture == "llama" and file.format == "ggml":
        return Refusal("model_ct_unversioned")
    return Refusal("model_ct_old_quantisation") if file.old_blocks else None


def load(file: ModelFile, settings: EngineSettings, _run_dir: Path) -> Backend:
    """Load *file* into this process."""
    # Imported by the process that runs it, and by no other.
    from chatbot_server.engine.ctransformers.backend import CTransformersBackend

    if refusal := refuses(file):
        raise refusal.error()
    return CTransformersBackend(prepare_model(file, settings.cache_dir), settings)


CTRANSFORMERS = LocalEngine("ctransformers", refuses, load)
