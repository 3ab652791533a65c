"""Falcon in ggllm.cpp's format: read, refused where broken, loaded, and never rewound in part."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.engine.asking import ask
from support.models.tiny_falcon import SPECIAL, E, write_falcon

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import Sampling
from chatbot_server.engine.ctransformers.decoder import CtDecoder
from chatbot_server.engine.ctransformers.threads import ThreadGovernor
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.engine.registry import refusals
from chatbot_server.engine.tokenizers import make_tokenizer
from chatbot_server.errors import BadRequest, ModelError
from chatbot_server.models.base import PreparedModel
from chatbot_server.models.files.ggml import read_ggml
from chatbot_server.models.files.ggml_facts import ggml_vocabulary
from chatbot_server.models.files.inspect import inspect_model
from chatbot_server.prompt.base import Prompt, Segment

TEXT = "Hello, café 😀 1234"
IDS = list(range(20, 60))
KINDS = pytest.mark.parametrize("kind", [7, 40])


@KINDS
def test_it_loads_generates_and_outlives_hostile_questions(
    start: Callable[..., SocketEngine], tmp_path: Path, kind: int
) -> None:
    engine = start(write_falcon(tmp_path / "falcon.bin", kind), context_length=256, batch_size=32)

    assert engine.info().slots == 1
    first = ask(engine, TEXT)
    assert first.finished.usage.completion_tokens > 0
    assert ask(engine, TEXT).text == first.text
    ask(engine, "😀" * 40)
    hot = Sampling(max_tokens=500, temperature=1.5, top_k=0, seed=1)
    assert ask(engine, "a" * 200, hot).finished.usage.completion_tokens > 0
    with pytest.raises(BadRequest):
        ask(engine, "z" * 40_000)
    assert engine.status().restarts == 0


def test_a_conversation_that_goes_on_is_not_read_again(
    start: Callable[..., SocketEngine], tmp_path: Path
) -> None:
    engine = start(write_falcon(tmp_path / "falcon.bin"), context_length=256)
    greedy = Sampling(max_tokens=4, temperature=0)
    asked = Prompt(segments=(Segment(TEXT),))
    said = ask(engine, asked, greedy)
    # A cut answer: what follows goes on exactly from what is held, or begins anew.
    again = Prompt(segments=(Segment(TEXT), Segment(said.text), Segment(" the more")))

    later = ask(engine, again, greedy)
    fresh = start(write_falcon(tmp_path / "same.bin"), context_length=256)

    assert later.text == ask(fresh, again, greedy).text


def decoder(file: Path, *, rewinds: bool) -> CtDecoder:
    facts = inspect_model(file)
    if rewinds:  # taken for another format, of which the library can go back
        facts = replace(facts, format="ggjt")
    settings = EngineSettings(file, "ctransformers", file.parent, context_length=256, threads=1)
    return CtDecoder(PreparedModel(file, None, facts), settings, ThreadGovernor(1))


@KINDS
def test_the_library_cannot_go_back_in_part_and_is_not_asked_to(tmp_path: Path, kind: int) -> None:
    file = write_falcon(tmp_path / "falcon.bin", kind)
    true = decoder(file, rewinds=False)
    true.evaluate(IDS[:30])
    true.evaluate(IDS[30:])
    wrong = decoder(file, rewinds=True)
    wrong.evaluate([*IDS[:30], 77])
    wrong.rewind(30)
    wrong.evaluate(IDS[30:])
    guarded = decoder(file, rewinds=False)
    guarded.evaluate([*IDS[:30], 77])

    assert guarded.rewind(31) == 31
    assert guarded.rewind(30) == 0
    guarded.evaluate(IDS)
    assert guarded.logits() == true.logits()
    # If this ever fails, the library has learnt to go back, and the guard can go.
    assert not np.allclose(wrong.logits(), true.logits(), atol=0.1)


@KINDS
def test_its_facts_are_read_without_the_library(tmp_path: Path, kind: int) -> None:
    facts = inspect_model(write_falcon(tmp_path / "falcon.bin", kind))

    assert (facts.format, facts.version, facts.architecture) == ("ggcc", 10, "falcon")
    assert (facts.layers, facts.embedding, facts.quantisation) == (2, E, "F16")
    assert facts.eos_token == facts.bos_token == "<|endoftext|>"
    assert refusals(facts).keys() == {"llamacpp"}


def test_what_a_visitor_writes_is_no_control_token(tmp_path: Path) -> None:
    file = write_falcon(tmp_path / "falcon.bin")
    tokenizer = make_tokenizer(ggml_vocabulary(read_ggml(file)))
    typed = "".join(text.decode() for text in SPECIAL)
    ids = tokenizer.encode(typed)

    assert min(ids) >= len(SPECIAL)
    assert b"".join(tokenizer.piece(token) for token in ids).decode() == typed
    assert tokenizer.end_ids == {11}
    assert set(tokenizer.controls) == {text.decode() for text in SPECIAL}


def put(at: int, value: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + struct.pack("<I", value) + data[at + 4 :]


FIRST_TOKEN = 8 + 8 * 4


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (put(4, 9), "model_old_falcon"),
        (put(4, 11), "model_old_falcon"),
        (lambda d: b"tjgg" + put(4, 3)(d)[4:], "model_ggml_unknown"),
        (put(8, 1 << 31), "model_ggml_unknown"),  # n_vocab
        (put(8, 0), "model_ggml_unknown"),
        (put(16, 0), "model_ggml_unknown"),  # n_head
        (put(20, 0), "model_ggml_unknown"),  # n_head_kv
        (put(20, 3), "model_contradiction"),
        (put(24, 9), "model_tensor_missing"),  # n_layer
        (put(28, 40), "model_tensor_missing"),  # the other kind
        (put(28, 180), "model_ggml_unknown"),
        (put(32, 999), "model_ggml_unknown"),  # ftype
        (put(FIRST_TOKEN, 1 << 31), "model_ggml_unknown"),
        (lambda d: d[:200], "model_ggml_unknown"),
        (lambda d: d[:-1], "model_data_missing"),
        (lambda d: d + b"\0" * 12, "model_data_missing"),
        (lambda d: put(merges(d), 1 << 30)(d), "model_ggml_unknown"),
        (lambda d: put(merges(d), 6)(d), "model_ggml_unknown"),
        (lambda d: put(merges(d) + 4, 1 << 30)(d), "model_ggml_unknown"),
        (lambda d: d.replace(b"ln_f.bias", b"ln_f.bia5"), "model_tensor_missing"),
    ],
)
def test_a_broken_one_is_refused_in_words(
    tmp_path: Path, edit: Callable[[bytes], bytes], code: str
) -> None:
    file = write_falcon(tmp_path / "falcon.bin")
    file.write_bytes(edit(file.read_bytes()))

    with pytest.raises(ModelError, match=r"falcon\.bin") as raised:
        inspect_model(file)

    assert raised.value.code == code


def merges(data: bytes) -> int:
    """Where the number of merges stands: before the first of them."""
    return data.index(struct.pack("<IcIc", 1, b"T", 1, b"h")) - 4


def test_a_fine_tunes_padding_token_is_left_out_as_the_library_does(tmp_path: Path) -> None:
    read = read_ggml(write_falcon(tmp_path / "falcon.bin"))
    tokens = [*read.tokens, *(b"x%d" % n for n in range(65_024 - len(read.tokens))), b"[PAD]"]

    assert len(ggml_vocabulary(replace(read, tokens=tokens)).tokens) == 65_024
