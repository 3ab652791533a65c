"""The vocabulary of a model file, in the one form the engine's tokenisers read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chatbot_server.errors import ModelError
from chatbot_server.models.base import PreparedModel, TokenizerData, TokenizerKind, TokenType
from chatbot_server.models.files.ggml import read_ggml
from chatbot_server.models.files.ggml_facts import ggml_vocabulary
from chatbot_server.models.files.gguf import Gguf, read_gguf

KINDS: dict[str, TokenizerKind] = {"llama": "spm", "gpt2": "bpe"}
# Where a model ends its turn with another token than EOS and the header does not say so.
END_OF_TURN = (b"<|im_end|>", b"<|eot_id|>", b"<end_of_turn>", b"<|end|>", b"<|endoftext|>")
SPECIAL = ("bos", "eos", "unknown", "eot", "eom")
LLAMA_3 = ("llama3", "llama-v3", "llama-bpe", "falcon3", "pixtral")


def load_tokenizer(prepared: PreparedModel) -> TokenizerData:
    """The vocabulary of a prepared model.

    Raises:
        ModelError: a file is gone or was damaged since it was prepared.
    """
    if prepared.tokenizer_path is not None:
        return read_json(prepared.tokenizer_path)
    if prepared.file.format == "gguf":
        return gguf_vocabulary(read_gguf(prepared.file.path))
    return ggml_vocabulary(read_ggml(prepared.file.path))


def gguf_vocabulary(gguf: Gguf) -> TokenizerData:
    """The vocabulary of a GGUF."""
    meta, prefix = gguf.metadata, "tokenizer.ggml."
    kind = KINDS.get(str(meta.get(prefix + "model")), "other")
    tokens: list[bytes] = meta.get(prefix + "tokens", [])
    types = [int(value) for value in meta.get(prefix + "token_type", ())]
    ids = {name: special_id(meta, name, len(tokens)) for name in SPECIAL}
    control_ids = (i for i, type_ in enumerate(types[: len(tokens)]) if type_ == TokenType.CONTROL)
    ends = {i for i in control_ids if tokens[i] in END_OF_TURN}
    ends |= {ids["eos"], ids["eot"], ids["eom"]} - {-1}
    return TokenizerData(
        kind=kind,
        tokens=tokens,
        scores=[float(value) for value in meta.get(prefix + "scores", ())],
        types=types,
        merges=[merge.decode(errors="replace") for merge in meta.get(prefix + "merges", ())],
        pre=str(meta.get(prefix + "pre", "")),
        bos_id=ids["bos"],
        eos_id=ids["eos"],
        unk_id=ids["unknown"],
        add_bos=begins_with_bos(meta),
        add_space_prefix=bool(meta.get(prefix + "add_space_prefix", kind == "spm")),
        eog_ids=tuple(sorted(ends)),
    )


def byte_alphabet() -> dict[str, int]:
    """GPT-2's printable character for each byte (``bytes_to_unicode`` in its encoder.py)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {
        chr(256 + index): byte for index, byte in enumerate(others)
    }


def begins_with_bos(meta: dict[str, Any]) -> bool:
    """Whether prompts begin with BOS; if the file does not say, as llama-vocab.cpp decides."""
    pre = str(meta.get("tokenizer.ggml.pre", ""))
    default = meta.get("tokenizer.ggml.model") == "llama" or pre in LLAMA_3
    return bool(meta.get("tokenizer.ggml.add_bos_token", default))


def special_id(meta: dict[str, Any], name: str, vocab_size: int) -> int:
    """The id of a special token; -1 where it is absent or not an id."""
    value = meta.get(f"tokenizer.ggml.{name}_token_id", -1)
    return value if isinstance(value, int) and 0 <= value < vocab_size else -1


def to_json(data: TokenizerData) -> str:
    """The vocabulary as ASCII JSON; bytes that are not UTF-8 become lone surrogates."""
    tokens = [token.decode(errors="surrogateescape") for token in data.tokens]
    return json.dumps(vars(data) | {"tokens": tokens}, separators=(",", ":"))


def read_json(path: Path) -> TokenizerData:
    """What :func:`to_json` wrote.

    Raises:
        ModelError: it is gone or damaged.
    """
    try:
        record = json.loads(path.read_text(encoding="ascii"))
        tokens = [text.encode(errors="surrogateescape") for text in record.pop("tokens")]
        return TokenizerData(**record | {"tokens": tokens, "eog_ids": tuple(record["eog_ids"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError("model_tokenizer_json", file=path) from error
