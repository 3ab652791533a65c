"""Layouts of the formats before GGUF: ``ggml``, ``ggmf``, ``ggjt`` and Falcon's ``ggcc``.

Source: the converters of ggml's examples and of llama.cpp before August 2023, and the
loaders of ctransformers 0.2.27. All numbers are little-endian 32-bit integers unless named
``f32_…``. Then come the vocabulary (length, bytes, and a score where ``scores``), where
``merges`` their number and pairs of texts, and the tensors to the end of the file: n_dims,
length of name, type, sides, name, data.
"""

from __future__ import annotations

from dataclasses import dataclass

MAGICS = {b"lmgg": "ggml", b"fmgg": "ggmf", b"tjgg": "ggjt", b"ccgg": "ggcc"}
VERSIONS = {"ggmf": (1,), "ggjt": (1, 2, 3), "ggcc": (10,)}
ALIGNED = ("ggjt", "ggcc")  # each tensor's data begins on a multiple of 32 bytes


@dataclass(frozen=True)
class Layout:
    """One kind of file.

    Attributes:
        fields: the header's numbers, in order.
        again: ``n_vocab`` is repeated before the vocabulary.
        scores: a 32-bit float follows each token.
        head, layer: names of tensors that must be there, once and for each layer.
        embedding: the tensor of shape n_embd × n_vocab.
        fixed: numbers of the header that make a file this one and no other.
    """

    kind: str
    formats: tuple[str, ...]
    fields: tuple[str, ...]
    layer_name: str
    embedding: str
    head: tuple[str, ...]
    layer: tuple[str, ...]
    again: bool = False
    scores: bool = False
    merges: bool = False
    fixed: tuple[tuple[str, int], ...] = ()


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_LLAMA = {
    "layer_name": "layers.{}.",
    "embedding": "tok_embeddings.weight",
    "fields": _names("n_vocab n_embd n_mult n_head n_layer n_rot ftype"),
    "head": _names("tok_embeddings.weight norm.weight output.weight"),
    "layer": _names(
        "attention.wq.weight attention.wk.weight attention.wv.weight attention.wo.weight "
        "attention_norm.weight feed_forward.w1.weight feed_forward.w2.weight "
        "feed_forward.w3.weight ffn_norm.weight"
    ),
}
_FALCON = {
    "formats": ("ggcc",),
    "fields": _names("n_vocab n_embd n_head n_head_kv n_layer falcon_type ftype n_merges"),
    "layer_name": "transformer.h.{}.",
    "embedding": "transformer.word_embeddings.weight",
    "head": _names(
        "transformer.word_embeddings.weight transformer.ln_f.weight transformer.ln_f.bias "
        "lm_head.weight"
    ),
    "scores": True,
    "merges": True,
}
_FALCON_LAYER = _names(
    "self_attention.query_key_value.weight self_attention.dense.weight "
    "mlp.dense_h_to_4h.weight mlp.dense_4h_to_h.weight"
)
_MPT = {
    "layer_name": "transformer.blocks.{}.",
    "embedding": "transformer.wte.weight",
    "head": _names("transformer.wte.weight transformer.norm_f.weight"),
    "layer": _names(
        "norm_1.weight norm_2.weight attn.Wqkv.weight attn.out_proj.weight "
        "ffn.up_proj.weight ffn.down_proj.weight"
    ),
}

LAYOUTS = (
    Layout("llama", ("ggjt", "ggmf"), scores=True, **_LLAMA),  # type: ignore[arg-type]
    Layout("llama", ("ggml",), **_LLAMA),  # type: ignore[arg-type]
    Layout(
        "gpt_neox",
        ("ggml",),
        _names("n_vocab n_ctx n_embd n_head n_layer n_rot par_res ftype"),
        "gpt_neox.layers.{}.",
        "gpt_neox.embed_in.weight",
        _names(
            "gpt_neox.embed_in.weight gpt_neox.final_layer_norm.weight "
            "gpt_neox.final_layer_norm.bias embed_out.weight"
        ),
        _names(
            "input_layernorm.weight input_layernorm.bias post_attention_layernorm.weight "
            "post_attention_layernorm.bias attention.query_key_value.weight "
            "attention.query_key_value.bias attention.dense.weight attention.dense.bias "
            "mlp.dense_h_to_4h.weight mlp.dense_h_to_4h.bias mlp.dense_4h_to_h.weight "
            "mlp.dense_4h_to_h.bias"
        ),
    ),
    Layout(
        "gptj",
        ("ggml",),
        _names("n_vocab n_ctx n_embd n_head n_layer n_rot ftype"),
        "transformer.h.{}.",
        "transformer.wte.weight",
        _names(
            "transformer.wte.weight transformer.ln_f.weight transformer.ln_f.bias "
            "lm_head.weight lm_head.bias"
        ),
        _names(
            "ln_1.weight ln_1.bias attn.q_proj.weight attn.k_proj.weight attn.v_proj.weight "
            "attn.out_proj.weight mlp.fc_in.weight mlp.fc_in.bias mlp.fc_out.weight "
            "mlp.fc_out.bias"
        ),
        again=True,
    ),
    Layout(
        "gpt2",  # and starcoder: told apart by the vocabulary
        ("ggml",),
        _names("n_vocab n_ctx n_embd n_head n_layer ftype"),
        "model/h{}/",
        "model/wte",
        _names("model/ln_f/g model/ln_f/b model/wte model/wpe"),
        _names(
            "ln_1/g ln_1/b ln_2/g ln_2/b attn/c_attn/w attn/c_attn/b attn/c_proj/w "
            "attn/c_proj/b mlp/c_fc/w mlp/c_fc/b mlp/c_proj/w mlp/c_proj/b"
        ),
        again=True,
    ),
    Layout(
        "mpt",
        ("ggml",),
        fields=_names("n_embd n_ctx n_head n_layer n_vocab f32_alibi f32_clip ftype"),
        **_MPT,  # type: ignore[arg-type]
    ),
    Layout(
        "replit",
        ("ggml",),
        fields=_names("n_embd n_ctx n_head n_layer n_vocab ftype"),
        scores=True,
        **_MPT,  # type: ignore[arg-type]
    ),
    Layout(
        "falcon",
        layer=(*_names("input_layernorm.weight input_layernorm.bias"), *_FALCON_LAYER),
        fixed=(("falcon_type", 7),),
        **_FALCON,  # type: ignore[arg-type]
    ),
    Layout(
        "falcon",
        layer=(
            *_names("ln_mlp.weight ln_mlp.bias ln_attn.weight ln_attn.bias"),
            *_FALCON_LAYER,
        ),
        fixed=(("falcon_type", 40),),
        **_FALCON,  # type: ignore[arg-type]
    ),
)

# What each number of the header can be at most, far above any real model.
LIMITS = {
    "n_vocab": 1 << 20,
    "n_ctx": 1 << 20,
    "n_embd": 1 << 16,
    "n_head": 1 << 10,
    "n_head_kv": 1 << 10,
    "n_merges": 1 << 20,
    "n_layer": 1 << 9,
    "n_mult": 1 << 16,
    "n_rot": 1 << 16,
}
