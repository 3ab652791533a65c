"""From the header of a file older than GGUF to the facts people and engines need."""

from __future__ import annotations

import contextlib
from math import prod

from chatbot_server.errors import ModelError
from chatbot_server.models.base import ModelFile, TokenizerData, TokenType
from chatbot_server.models.files.ggml import QUANTISATION_FACTOR, Ggml
from chatbot_server.models.files.tensor_types import F16, F32, FILE_TYPES

END_OF_TEXT = b"<|endoftext|>"
DOLLY_END = b"### End"
FILL_IN_THE_MIDDLE = (b"<fim_prefix>", b"<fim-prefix>")
UNKNOWN, BEGIN, END = 0, 1, 2
LLAMA_CONTEXT = 2048  # the files do not say; every LLaMA-1 and Falcon was trained with it
# ggllm.cpp: tokens 0–11 and those from 65,024 on are its special ones, 11 ends an answer, and
# the library drops one that a fine-tune added.
FALCON_SPECIAL, FALCON_END, FALCON_PLAIN, FALCON_PAD = 12, 11, 65_024, b"[PAD]"


def ggml_facts(ggml: Ggml) -> ModelFile:
    """The facts of a file in a legacy format.

    Raises:
        ModelError: weights are missing, or its blocks are older than May 2023.
    """
    _check_tensors(ggml)
    kind = model_type(ggml)
    header, vocabulary = ggml.header, ggml_vocabulary(ggml)
    bos, eos = vocabulary.bos_id, vocabulary.eos_id
    kv_bytes = 4 * header["n_layer"] * header["n_embd"]
    if ggml.layout.kind == "falcon":
        # Keys once, values twice: the library copies them from one buffer to another.
        width = header["n_embd"] // header["n_head"] * header["n_head_kv"]
        kv_bytes = 6 * header["n_layer"] * width
    return ModelFile(
        path=ggml.path,
        size=ggml.size,
        format=ggml.format,  # type: ignore[arg-type]
        version=ggml.version,
        architecture=kind,
        tokenizer=vocabulary.kind,
        vocab_size=header["n_vocab"],
        name=ggml.path.stem,
        bos_id=bos,
        eos_id=eos,
        unk_id=vocabulary.unk_id,
        bos_token=ggml.tokens[bos].decode(errors="replace") if bos >= 0 else "",
        eos_token=ggml.tokens[eos].decode(errors="replace") if eos >= 0 else "",
        add_bos=vocabulary.add_bos,
        context_length=header.get("n_ctx", LLAMA_CONTEXT),
        parameters=sum(prod(tensor.shape) for tensor in ggml.tensors.values()),
        layers=header["n_layer"],
        embedding=header["n_embd"],
        kv_bytes_per_token=kv_bytes,
        quantisation=FILE_TYPES.get(header["ftype"] % QUANTISATION_FACTOR, ""),
        tensor_types={name: tensor.type for name, tensor in ggml.tensors.items()},
        old_blocks=_has_old_blocks(ggml),
    )


def model_type(ggml: Ggml) -> str:
    """The name by which ctransformers knows the model."""
    if ggml.layout.kind == "gpt_neox" and DOLLY_END in ggml.tokens:
        return "dolly-v2"
    if ggml.layout.kind == "gpt2" and any(token in ggml.tokens for token in FILL_IN_THE_MIDDLE):
        return "starcoder"
    return ggml.layout.kind


def _check_tensors(ggml: Ggml) -> None:
    """ctransformers leaves a missing tensor as whatever is in memory, and talks garbage."""
    layout, header = ggml.layout, ggml.header
    if layout.kind == "falcon" and (
        header["n_vocab"] < FALCON_SPECIAL
        or header["n_head"] % header["n_head_kv"]
        or header["n_layer"] in {7: (60,), 40: (32,)}[header["falcon_type"]]
    ):
        # The library takes 32 and 60 layers for the 7B and the 40B, whatever the file says.
        raise ModelError("model_contradiction", file=ggml.path, what="n_layer, n_head")
    if ggml.old_blocks and ggml.format == "ggml":
        raise ModelError("model_old_blocks", file=ggml.path)
    names = list(layout.head)
    for number in range(header["n_layer"]):
        names += [layout.layer_name.format(number) + name for name in layout.layer]
    missing = next((name for name in names if name not in ggml.tensors), None)
    if missing:
        raise ModelError("model_tensor_missing", file=ggml.path, name=missing)
    if ggml.tensors[layout.embedding].shape != (header["n_embd"], header["n_vocab"]):
        raise ModelError("model_contradiction", file=ggml.path, what=layout.embedding)


def _has_old_blocks(ggml: Ggml) -> bool:
    types = {tensor.type for tensor in ggml.tensors.values()}
    if ggml.format == "ggcc" or types <= {F32, F16}:
        return False  # younger than the last change of the blocks, or without any
    if ggml.format == "ggjt":
        return ggml.version < 3
    return ggml.header["ftype"] // QUANTISATION_FACTOR < 2 and bool({6, 7} & types)


def ggml_vocabulary(ggml: Ggml) -> TokenizerData:
    """The vocabulary; LLaMA's in the form a GGUF has it.

    Replit's is a SentencePiece *unigram* model: ``legacy`` with scores.
    """
    kind = ggml.layout.kind
    if kind == "llama":
        return _llama_vocabulary(ggml)
    tokens = list(ggml.tokens)
    if kind == "falcon":
        if len(tokens) == FALCON_PLAIN + 1 and tokens[FALCON_PLAIN] == FALCON_PAD:
            tokens.pop()
        plain = range(FALCON_SPECIAL, FALCON_PLAIN)
        types: list[int] = [
            TokenType.NORMAL if index in plain else TokenType.CONTROL
            for index in range(len(tokens))
        ]
        return TokenizerData("legacy", tokens, types=types, bos_id=FALCON_END, eos_id=FALCON_END,
                             eog_ids=(FALCON_END,))  # fmt: skip
    if kind == "mpt":
        # MPT's converter wrote each byte as the character of that number, in UTF-8.
        for index, token in enumerate(ggml.tokens):
            with contextlib.suppress(UnicodeError):
                tokens[index] = token.decode().encode("latin-1")
    ends = tuple(i for i, token in enumerate(tokens) if token in (END_OF_TEXT, DOLLY_END))
    if kind == "replit":
        return TokenizerData("legacy", tokens, ggml.scores, bos_id=1, eos_id=2, unk_id=0,
                             eog_ids=(END,))  # fmt: skip
    eos = tokens.index(END_OF_TEXT) if END_OF_TEXT in tokens else -1
    return TokenizerData("legacy", tokens, bos_id=eos, eos_id=eos, eog_ids=ends)


def _llama_vocabulary(ggml: Ggml) -> TokenizerData:
    """As llama.cpp's convert-llama-ggml-to-gguf.py does: 3 special, 256 bytes, then text."""
    special = [b"<unk>", b"<s>", b"</s>", *(b"<0x%02X>" % byte for byte in range(256))]
    text = [token.replace(b" ", "▁".encode()) for token in ggml.tokens[len(special) :]]
    tokens = [*special, *text][: len(ggml.tokens)]
    types: list[int] = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL]
    types += [TokenType.BYTE] * 256 + [TokenType.NORMAL] * len(text)
    return TokenizerData(
        "spm", tokens, ggml.scores, types[: len(tokens)], bos_id=BEGIN, eos_id=END, unk_id=UNKNOWN,
        add_bos=True, add_space_prefix=True, eog_ids=(END,),
    )  # fmt: skip
