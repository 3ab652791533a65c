"""Models of today made loadable by ctransformers 0.2.27; every load is real."""

from __future__ import annotations

import errno
import shutil
import struct
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import gguf
import numpy as np
import pytest

from chatbot_server.errors import ModelError
from chatbot_server.models.base import PreparedModel, TokenType
from chatbot_server.models.files.gguf import Gguf, read_gguf
from chatbot_server.models.files.inspect import inspect_model
from chatbot_server.models.files.prepare import forget_prepared, prepare_model
from chatbot_server.models.files.vocabulary import byte_alphabet, load_tokenizer
from chatbot_server.models.machine import cpu_flags, needs_avx2

# Loads a file, reads ids, and writes the most probable next ones and a few raw logits.
LOAD = """if True:
    import sys
    from ctransformers.llm import LLM, Config
    path, kind, mmap, lib = sys.argv[1:5]
    config = Config(context_length=128, mmap=mmap == "1", threads=1)
    model = LLM(path, kind, config=config, lib=lib or None)
    model.eval([3, 40, 41])
    out = []
    for _ in range(5):
        out.append(model.sample(top_k=1, repetition_penalty=1.0))
        model.eval(out[-1:])
    print(*out, *(f"{value:.3f}" for value in (model.logits[i] for i in range(4))))
"""


def load(path: Path, kind: str = "llama", *, mmap: bool = True) -> str:
    # Named, it saves the second in which py-cpuinfo looks for it.
    library = "avx2" if needs_avx2() and "avx2" in cpu_flags() else ""
    command = [sys.executable, "-c", LOAD, str(path), kind, str(int(mmap)), library]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
    return done.stdout


def read_prepared(path: Path) -> Gguf:
    """The header of a prepared file; its two names for one tensor are what makes it special."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chatbot_server.models.files.gguf.pairwise", lambda _: ())  # overlaps
        return read_gguf(path)


def prepared(path: Path, cache: Path) -> PreparedModel:
    return prepare_model(inspect_model(path), cache)


@pytest.mark.model
def test_the_embedded_model_is_prepared_and_runs(smollm2: Path, tmp_path: Path) -> None:
    before = sha256(smollm2.read_bytes()).hexdigest()
    result = prepared(smollm2, tmp_path)
    assert result.path != smollm2
    assert result.path.stat().st_size < 1.01 * smollm2.stat().st_size
    assert sha256(smollm2.read_bytes()).hexdigest() == before
    assert len(load(result.path).split()) == 9


def test_tied_embeddings_are_shared_and_mean_the_same_as_a_copy(
    tiny: dict[str, Path], tmp_path: Path
) -> None:
    """The same weights with an ``output.weight`` of its own give the same logits."""
    result = prepared(tiny["bpe"], tmp_path)
    shared = read_prepared(result.path)
    data = bytearray(result.path.read_bytes())
    data += bytes(-(len(data) - shared.data_start) % 32)
    entry = data.rindex(b"output.weight") + len("output.weight") + 4 + 2 * 8 + 4
    own = struct.pack("<Q", len(data) - shared.data_start)
    weights = shared.tensors["token_embd.weight"]
    assert data[entry : entry + 8] == struct.pack("<Q", weights.offset - shared.data_start)
    data[entry : entry + 8] = own
    data += data[weights.offset : weights.offset + weights.size]
    (tmp_path / "copy.gguf").write_bytes(data)
    expected = load(tmp_path / "copy.gguf")
    assert load(result.path) == load(result.path, mmap=False) == expected


@pytest.mark.parametrize("kind", ["spm", "llama", "gptj", "gpt2"])
def test_a_file_that_loads_as_it_is_stays_as_it_is(
    tiny: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    result = prepared(tiny[kind], tmp_path / "cache")
    assert result == PreparedModel(tiny[kind], None, inspect_model(tiny[kind]))
    assert not (tmp_path / "cache").exists()
    assert load(result.path, result.file.architecture)


@pytest.mark.parametrize("kind", ["gpt_neox", "dolly-v2", "mpt", "replit", "starcoder"])
def test_what_inspection_says_of_a_legacy_file_is_what_loads_it(
    tiny: dict[str, Path], kind: str
) -> None:
    assert load(tiny[kind], inspect_model(tiny[kind]).architecture)


def write_falcon(path: Path, *, tied: bool) -> Path:
    """A one-layer Falcon with grouped heads and a byte-level vocabulary."""
    random, width = np.random.default_rng(1), 64
    tokens = ["<|endoftext|>", *byte_alphabet(), "he", "Ġt"]
    writer = gguf.GGUFWriter(path, "falcon")
    for name, value in {
        "context_length": 256, "embedding_length": width, "block_count": 1,
        "feed_forward_length": 4 * width, "attention.head_count": 2, "attention.head_count_kv": 1,
    }.items():  # fmt: skip
        writer.add_uint32(f"falcon.{name}", value)
    writer.add_layer_norm_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.CONTROL, *[TokenType.NORMAL] * (len(tokens) - 1)])
    writer.add_token_merges(["h e", "Ġ t"])
    writer.add_eos_token_id(0)
    shapes = {
        "token_embd.weight": (len(tokens), width), "output_norm.weight": (width,),
        "output_norm.bias": (width,), "blk.0.attn_norm.weight": (width,),
        "blk.0.attn_norm.bias": (width,), "blk.0.attn_qkv.weight": (2 * width, width),
        "blk.0.attn_output.weight": (width, width), "blk.0.ffn_up.weight": (4 * width, width),
        "blk.0.ffn_down.weight": (width, 4 * width),
    } | ({} if tied else {"output.weight": (len(tokens), width)})  # fmt: skip
    for name, shape in shapes.items():
        writer.add_tensor(name, random.standard_normal(shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("tied", [False, True])
def test_a_falcon_is_prepared_and_runs(tmp_path: Path, tied: bool) -> None:
    result = prepared(write_falcon(tmp_path / "falcon.gguf", tied=tied), tmp_path / "cache")
    assert result.file.architecture == "falcon"
    assert load(result.path, "falcon")


def test_the_vocabulary_is_the_same_from_the_original_and_from_the_cache(
    tiny: dict[str, Path], tmp_path: Path
) -> None:
    result = prepared(tiny["bpe"], tmp_path)
    from_json = load_tokenizer(result)
    assert from_json == load_tokenizer(PreparedModel(tiny["bpe"], None, result.file))
    assert from_json.kind == "bpe"
    assert from_json.pre == "smollm"
    assert from_json.merges == ["h e", "Ġ t"]
    assert from_json.tokens[:3] == [b"<|endoftext|>", b"<|im_start|>", b"<|im_end|>"]
    assert from_json.eog_ids == (0, 2)


def test_the_vocabulary_of_an_old_llama_is_in_the_form_of_a_new_one(tiny: dict[str, Path]) -> None:
    old = load_tokenizer(PreparedModel(tiny["llama"], None, inspect_model(tiny["llama"])))
    assert (old.kind, old.bos_id, old.eos_id, old.add_bos) == ("spm", 1, 2, True)
    assert old.tokens[:4] == [b"<unk>", b"<s>", b"</s>", b"<0x00>"]
    assert "▁the".encode() in old.tokens
    assert old.types[0:4] == [2, 3, 3, 6]
    assert len(old.scores) == len(old.tokens)


def test_mpts_tokens_are_bytes_again(tiny: dict[str, Path]) -> None:
    data = load_tokenizer(PreparedModel(tiny["mpt"], None, inspect_model(tiny["mpt"])))
    assert bytes([0xFF]) in data.tokens
    assert "é".encode() in data.tokens


def test_preparing_again_uses_what_is_there(tiny: dict[str, Path], tmp_path: Path) -> None:
    first = prepared(tiny["bpe"], tmp_path)
    stamp = first.path.stat().st_mtime_ns
    assert prepared(tiny["bpe"], tmp_path) == first
    assert first.path.stat().st_mtime_ns == stamp


def test_a_changed_original_is_prepared_anew_and_the_old_form_goes(
    tiny: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "odd [name]*.gguf"
    shutil.copyfile(tiny["bpe"], path)
    first = prepared(path, tmp_path / "cache")
    path.write_bytes(path.read_bytes().replace(b"general.name", b"general.nama"))
    second = prepared(path, tmp_path / "cache")
    assert second.path != first.path
    assert sorted(file.suffix for file in (tmp_path / "cache").iterdir()) == [".gguf", ".json"]
    forget_prepared(path, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_nothing_half_written_is_left_on_a_full_disk(
    tiny: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = inspect_model(tiny["bpe"])
    monkeypatch.setattr("chatbot_server.models.files.rewrite.shutil.copyfileobj", full)
    with pytest.raises(ModelError) as caught:
        prepare_model(file, tmp_path / "cache")
    assert caught.value.code == "model_disk_full"
    assert [f.suffix for f in (tmp_path / "cache").iterdir()] == [".json"]
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 9))
    with pytest.raises(ModelError) as caught:
        prepare_model(file, tmp_path / "other")
    assert caught.value.code == "model_disk_full"
    assert list((tmp_path / "other").iterdir()) == []


def test_what_a_killed_preparation_left_takes_no_room_from_the_next(
    tiny: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "chatbot-making.left"
    left.mkdir()
    (left / "half.gguf").write_bytes(bytes(1000))
    usage = shutil.disk_usage(tmp_path)

    def room(_: Path) -> object:
        return usage._replace(free=0 if left.exists() else usage.free)

    monkeypatch.setattr("shutil.disk_usage", room)
    prepared(tiny["bpe"], tmp_path)
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".gguf", ".json"]


def test_a_damaged_vocabulary_says_what_to_delete(tiny: dict[str, Path], tmp_path: Path) -> None:
    result = prepared(tiny["bpe"], tmp_path)
    assert result.tokenizer_path is not None
    result.tokenizer_path.write_text('{"tokens": 3}')
    with pytest.raises(ModelError) as caught:
        load_tokenizer(result)
    assert str(result.tokenizer_path) in str(caught.value)
