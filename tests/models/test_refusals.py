"""Why an engine cannot run a file is known before it is tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from chatbot_server.engine.registry import refusals
from chatbot_server.errors import ModelError
from chatbot_server.messages import say
from chatbot_server.models.files.inspect import inspect_model


def write(path: Path, architecture: str = "llama", **edits: Any) -> Path:
    """A GGUF with nothing but a header; *edits*: metadata, and ``tensor``, a further name."""
    writer = gguf.GGUFWriter(path, architecture)
    for name, value in (("block_count", 1), ("embedding_length", 32), ("context_length", 64)):
        writer.add_uint32(f"{architecture}.{name}", int(str(edits.pop(name, value))))
    writer.add_tokenizer_model(str(edits.pop("model", "llama")))
    writer.add_token_list(["<unk>", "<s>", "</s>", "<0x0A>", "Ċ"])
    if edits.pop("scores", True):
        writer.add_token_scores([0.0] * 5)
    writer.add_token_types([2, 3, 3, 6, 1])
    names = ["token_embd.weight", "output.weight", str(edits.pop("tensor", "output_norm.weight"))]
    names += [str(edits.pop("more"))] if "more" in edits else []
    kind = edits.pop("type", None)
    for name, value in edits.items():
        key = name.replace("__", ".")
        add = writer.add_string if isinstance(value, str) else writer.add_uint32
        add(key, value)
    for name in names:
        if kind is None:
            writer.add_tensor(name, np.zeros((5, 32), dtype=np.float32))
        else:
            writer.add_tensor(name, np.zeros((5, 18), dtype=np.uint8), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("name", ["qwen2", "gemma3", "bloom", "stablelm", "phi3", "gptneox"])
def test_ctransformers_is_passed_over_for_a_new_architecture(tmp_path: Path, name: str) -> None:
    file = inspect_model(write(tmp_path / "m.gguf", name))
    assert set(refusals(file)) == {"ctransformers"}
    refusal = refusals(file)["ctransformers"]
    for language in ("en", "fr"):
        assert name in say(refusal.code, language, **refusal.values)


@pytest.mark.parametrize(
    ("edits", "code"),
    [
        ({}, None),
        ({"tensor": "rope_freqs.weight"}, "model_ct_tensor"),  # Llama 3.2
        ({"tensor": "blk.0.attn_q.bias"}, "model_ct_tensor"),
        ({"llama__rope__scaling__type": "yarn"}, "model_ct_rope"),
        ({"llama__rope__scaling__type": "none"}, None),
        ({"model": "t5"}, "model_ct_tokenizer"),
        ({"model": "gpt2"}, None),
        ({"scores": False}, "model_ct_tokenizer"),
        ({"type": gguf.GGMLQuantizationType.IQ4_NL}, "model_ct_quantisation"),
        ({"type": gguf.GGMLQuantizationType.Q4_0}, None),
    ],
)
def test_what_ctransformers_would_die_of_is_refused(
    tmp_path: Path, edits: dict[str, Any], code: str | None
) -> None:
    refusal = refusals(inspect_model(write(tmp_path / "m.gguf", **edits))).get("ctransformers")
    assert (refusal.code if refusal else None) == code


@pytest.mark.parametrize(
    ("edits", "code"),
    [
        ({"architecture": "clip"}, "model_not_for_text"),
        ({"general__type": "adapter"}, "model_not_for_text"),
        ({"split__count": 3}, "model_split"),
        ({"tokenizer__ggml__merges": "x"}, "model_contradiction"),
        ({"llama__attention__head_count": 0}, "model_contradiction"),
        ({"llama__attention__head_count": 5}, "model_contradiction"),
        ({"llama__attention__head_count_kv": 0}, "model_contradiction"),
        ({"llama__rope__dimension_count": 33}, "model_contradiction"),
        ({"llama__attention__layer_norm_rms_epsilon": "x"}, "model_contradiction"),
        ({"tensor": "blk.7.attn_q.weight", "more": "blk.8.attn_q.weight"}, "model_contradiction"),
        ({"block_count": 1 << 20}, "model_contradiction"),
        ({"embedding_length": 64}, "model_contradiction"),
    ],
)
def test_what_is_no_chat_model_is_refused(tmp_path: Path, edits: dict[str, Any], code: str) -> None:
    with pytest.raises(ModelError) as caught:
        inspect_model(write(tmp_path / "m.gguf", **edits))
    assert caught.value.code == code


def test_a_strange_template_is_used_itself(tmp_path: Path) -> None:
    path = write(tmp_path / "m.gguf", tokenizer__chat_template="{{ messages }}")
    assert inspect_model(path).family == "template"


def test_grouped_heads_need_less_memory(tmp_path: Path) -> None:
    heads: dict[str, Any] = {
        "llama__attention__head_count": 8,
        "llama__attention__head_count_kv": 2,
    }
    file = inspect_model(write(tmp_path / "m.gguf", **heads))
    assert file.kv_bytes_per_token == 4 * 1 * 32 * 2 // 8
