"""Tiny model files in the true formats, written for the tests (numpy and gguf only).

A *parrot* is a GGUF llama whose attention and feed-forward weights are zero: what comes
next depends on the last token alone, so it says one scripted sentence whatever the prompt.
The others have random weights; they load and generate noise.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

import gguf
import numpy as np

LEGACY_KINDS = ("gpt_neox", "dolly-v2", "gptj", "gpt2", "mpt", "starcoder", "replit", "llama")
SPECIAL = ["<unk>", "<s>", "</s>"]


# -- GGUF -------------------------------------------------------------------------------


def write_parrot_gguf(
    path: Path, text: str, *, loop: bool = False, context_length: int = 512, **facts: str
) -> Path:
    """A model that says *text*, then ``</s>`` (or *text* again and again, with *loop*).

    What is not ASCII is spelt in single bytes, as a model without the right token does.
    Every token of *text* must be different, as the model has no memory:
    ``ValueError`` if not. *facts*: further string metadata, ``chat_template`` by that name.
    """
    words = _pieces(text)
    if len(set(words)) != len(words):
        raise ValueError(f"a parrot cannot say a token twice: {text!r}")
    tokens = _spm_base() + [word for word in words if not word.startswith("<0x")]
    script = [tokens.index(word) for word in words]
    width = -(-(len(script) + 1) // 32) * 32
    embedding = np.zeros((len(tokens), width), dtype=np.float32)
    embedding[:, 0] = 1
    output = np.zeros((len(tokens), width), dtype=np.float32)
    output[script[0], 0] = 10
    for place, (token, following) in enumerate(
        zip(script, [*script[1:], script[0] if loop else 2], strict=True), 1
    ):
        embedding[token] = np.eye(width)[place]
        output[following, place] = 10
    sizes = {"embedding": width, "feed_forward": 32, "layers": 1, "heads": 2}
    _write_llama(path, tokens, embedding, output, sizes, context_length, None, facts)
    return path


def write_random_llama_gguf(
    path: Path,
    *,
    seed: int = 1,
    tokenizer: str = "spm",
    layers: int = 2,
    context_length: int = 512,
    **facts: str,
) -> Path:
    """A llama with random weights; *tokenizer* ``bpe``: tied and byte-level, as SmolLM2 is."""
    random = np.random.default_rng(seed)
    if tokenizer == "bpe":
        tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *_byte_alphabet(), "he", "Ġt"]
    else:
        tokens = [*_spm_base(), "▁", "e", "t", "▁t", "h", "▁th", "▁the"]
    embedding = random.standard_normal((len(tokens), 32)).astype(np.float32)
    output = None
    if tokenizer == "spm":
        output = random.standard_normal((len(tokens), 32)).astype(np.float32)
    sizes = {"embedding": 32, "feed_forward": 64, "layers": layers, "heads": 2}
    _write_llama(path, tokens, embedding, output, sizes, context_length, random, facts)
    return path


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for number, word in enumerate(text.split(" ")):
        token = word if number == 0 else f"▁{word}"
        for run in re.findall(r"[▁\x00-\x7f]+|[^▁\x00-\x7f]+", token):
            plain = run.replace("▁", " ").isascii()
            pieces += [run] if plain else [f"<0x{byte:02X}>" for byte in run.encode()]
    return pieces


def _spm_base() -> list[str]:
    return SPECIAL + [f"<0x{byte:02X}>" for byte in range(256)]


def _byte_alphabet() -> list[str]:
    """GPT-2's printable stand-ins of the 256 bytes, by byte."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


def _write_llama(
    path: Path,
    tokens: list[str],
    embedding: np.ndarray,
    output: np.ndarray | None,
    sizes: dict[str, int],
    context_length: int,
    random: np.random.Generator | None,
    facts: dict[str, str],
) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(path.stem)
    writer.add_context_length(context_length)
    writer.add_embedding_length(sizes["embedding"])
    writer.add_block_count(sizes["layers"])
    writer.add_feed_forward_length(sizes["feed_forward"])
    writer.add_head_count(sizes["heads"])
    writer.add_head_count_kv(sizes["heads"])
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(sizes["embedding"] // sizes["heads"])
    _add_tokenizer(writer, tokens, spm=output is not None)
    if "chat_template" in facts:
        writer.add_chat_template(facts.pop("chat_template"))
    for key, value in facts.items():
        writer.add_string(key, value)
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output_norm.weight", np.ones(sizes["embedding"], dtype=np.float32))
    if output is not None:
        writer.add_tensor("output.weight", output)
    for layer in range(sizes["layers"]):
        _add_layer(writer, layer, sizes["embedding"], sizes["feed_forward"], random)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(
    writer: gguf.GGUFWriter, tokens: list[str], *, spm: bool, controls: int = 3
) -> None:
    writer.add_tokenizer_model("llama" if spm else "gpt2")
    writer.add_token_list(tokens)
    if spm:
        writer.add_token_scores([-float(number) for number in range(len(tokens))])
        types = [
            gguf.TokenType.BYTE if token.startswith("<0x") else gguf.TokenType.NORMAL
            for token in tokens
        ]
        writer.add_token_types(
            [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL, *types[3:]]
        )
    else:
        writer.add_tokenizer_pre("smollm")
        writer.add_token_types(
            [gguf.TokenType.CONTROL] * controls + [gguf.TokenType.NORMAL] * (len(tokens) - controls)
        )
        writer.add_token_merges(["h e", "Ġ t"])
        writer.add_add_bos_token(False)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)


def _add_layer(
    writer: gguf.GGUFWriter,
    layer: int,
    width: int,
    inner: int,
    random: np.random.Generator | None,
) -> None:
    shapes = {f"attn_{part}": (width, width) for part in ("q", "k", "v", "output")}
    shapes |= {"ffn_gate": (inner, width), "ffn_up": (inner, width), "ffn_down": (width, inner)}
    for name, shape in shapes.items():
        weights = random.standard_normal(shape) * 0.2 if random else np.zeros(shape)
        writer.add_tensor(f"blk.{layer}.{name}.weight", weights.astype(np.float32))
    for name in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(width, dtype=np.float32))


# -- GGML and GGJT ----------------------------------------------------------------------

E, HEADS, CONTEXT, INNER = 32, 2, 256, 96
FILL_IN_THE_MIDDLE = [b"<fim_prefix>", b"<fim_middle>", b"<fim_suffix>", b"<fim_pad>"]
WORDS = [b"Th", b"The", b" t", b" th", b" the", b"\xc3\xa9"]


def write_legacy(path: Path, kind: str, *, seed: int = 1) -> Path:
    """A ``.bin`` with random 16-bit weights of one of :data:`LEGACY_KINDS`.

    Layouts: the converters of ggml's examples; ``llama`` is GGJT version 3.
    """
    vocabulary = [b"<|endoftext|>", *(bytes([byte]) for byte in range(256)), *WORDS]
    if kind in ("llama", "replit"):
        vocabulary = [b"<unk>", b"<s>", b"</s>", *vocabulary[1:]]
    if kind == "starcoder":  # without them it would be taken for a gpt2
        vocabulary[1:1] = FILL_IN_THE_MIDDLE
    if kind == "dolly-v2":
        vocabulary += [b"### End", b"### Instruction:", b"### Response:\n"]
    random = np.random.default_rng(seed)
    with path.open("wb") as file:
        file.write(_legacy_header(kind, len(vocabulary)))
        for token in vocabulary:
            text = token.decode("latin-1").encode() if kind == "mpt" else token
            file.write(struct.pack("<I", len(text)) + text)
            if kind in ("llama", "replit"):
                file.write(struct.pack("<f", -float(vocabulary.index(token))))
        for name, shape in _legacy_tensors(kind, len(vocabulary)):
            _write_tensor(file, kind, name, shape, random)
    return path


def _legacy_header(kind: str, vocab: int) -> bytes:
    magic, layers, rotary, half = 0x67676D6C, 1, E // HEADS, 1
    if kind in ("gpt_neox", "dolly-v2"):
        return struct.pack("<I8i", magic, vocab, CONTEXT, E, HEADS, layers, rotary, 1, half)
    if kind == "gptj":
        return struct.pack("<I8i", magic, vocab, CONTEXT, E, HEADS, layers, rotary, half, vocab)
    if kind in ("gpt2", "starcoder"):
        return struct.pack("<I7i", magic, vocab, CONTEXT, E, HEADS, layers, half, vocab)
    if kind == "mpt":
        return struct.pack("<I5i2fi", magic, E, CONTEXT, HEADS, layers, vocab, 8.0, 0.0, half)
    if kind == "replit":
        return struct.pack("<I6i", magic, E, CONTEXT, HEADS, layers, vocab, half)
    multiple = 32  # of the feed-forward width: INNER = 8·E/3 rounded up
    return struct.pack("<I8i", 0x67676A74, 3, vocab, E, multiple, HEADS, layers, rotary, half)


def _legacy_tensors(kind: str, vocab: int) -> Iterable[tuple[str, Sequence[int]]]:
    """Name and shape, innermost dimension first, as the file stores it."""
    head, layer = {
        "gpt_neox": (_NEOX, "gpt_neox.layers.0."),
        "dolly-v2": (_NEOX, "gpt_neox.layers.0."),
        "gptj": (_GPTJ, "transformer.h.0."),
        "gpt2": (_GPT2, "model/h0/"),
        "starcoder": (_GPT2, "model/h0/"),
        "mpt": (_MPT, "transformer.blocks.0."),
        "replit": (_MPT, "transformer.blocks.0."),
        "llama": (_LLAMA, "layers.0."),
    }[kind]
    sizes = {"E": E, "3E": 3 * E, "4E": 4 * E, "F": INNER, "V": vocab, "C": CONTEXT}
    for line in head.split():
        name, _, shape = line.partition(":")
        full = layer + name[1:] if name.startswith("@") else name
        yield full, [sizes[size] for size in shape.split(",")]


def _write_tensor(
    file: BinaryIO, kind: str, name: str, shape: Sequence[int], random: np.random.Generator
) -> None:
    half = len(shape) == 2 and not name.endswith("wpe")
    weights = random.standard_normal(shape[::-1]) * (0.5 if len(shape) == 2 else 0.1)
    if len(shape) == 1 and not name.endswith(("bias", "/b")):
        weights += 1
    file.write(struct.pack("<3i", len(shape), len(name), int(half)))
    file.write(struct.pack(f"<{len(shape)}i", *shape) + name.encode())
    if kind == "llama":
        file.write(bytes(-file.tell() % 32))
    file.write(weights.astype(np.float16 if half else np.float32).tobytes())


_NEOX = """gpt_neox.embed_in.weight:E,V gpt_neox.final_layer_norm.weight:E
gpt_neox.final_layer_norm.bias:E embed_out.weight:E,V
@input_layernorm.weight:E @input_layernorm.bias:E
@post_attention_layernorm.weight:E @post_attention_layernorm.bias:E
@attention.query_key_value.weight:E,3E @attention.query_key_value.bias:3E
@attention.dense.weight:E,E @attention.dense.bias:E
@mlp.dense_h_to_4h.weight:E,4E @mlp.dense_h_to_4h.bias:4E
@mlp.dense_4h_to_h.weight:4E,E @mlp.dense_4h_to_h.bias:E"""
_GPTJ = """transformer.wte.weight:E,V transformer.ln_f.weight:E transformer.ln_f.bias:E
lm_head.weight:E,V lm_head.bias:V @ln_1.weight:E @ln_1.bias:E
@attn.q_proj.weight:E,E @attn.k_proj.weight:E,E @attn.v_proj.weight:E,E @attn.out_proj.weight:E,E
@mlp.fc_in.weight:E,4E @mlp.fc_in.bias:4E @mlp.fc_out.weight:4E,E @mlp.fc_out.bias:E"""
_GPT2 = """model/ln_f/g:E model/ln_f/b:E model/wte:E,V model/wpe:E,C model/lm_head:E,V
@ln_1/g:E @ln_1/b:E @ln_2/g:E @ln_2/b:E @attn/c_attn/w:E,3E @attn/c_attn/b:3E
@attn/c_proj/w:E,E @attn/c_proj/b:E @mlp/c_fc/w:E,4E @mlp/c_fc/b:4E
@mlp/c_proj/w:4E,E @mlp/c_proj/b:E"""
_MPT = """transformer.wte.weight:E,V transformer.norm_f.weight:E @norm_1.weight:E @norm_2.weight:E
@attn.Wqkv.weight:E,3E @attn.out_proj.weight:E,E @ffn.up_proj.weight:E,4E
@ffn.down_proj.weight:4E,E"""
_LLAMA = """tok_embeddings.weight:E,V norm.weight:E output.weight:E,V
@attention.wq.weight:E,E @attention.wk.weight:E,E @attention.wv.weight:E,E
@attention.wo.weight:E,E @attention_norm.weight:E @feed_forward.w1.weight:E,F
@feed_forward.w2.weight:F,E @feed_forward.w3.weight:E,F @ffn_norm.weight:E"""
