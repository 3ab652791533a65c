"""What a file is, told from its header; whatever is wrong with it, told in one sentence."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot_server.engine.registry import refusals
from chatbot_server.errors import ModelError
from chatbot_server.models.files.ggml import OLD_BLOCKS, read_ggml
from chatbot_server.models.files.inspect import inspect_model

KINDS = {
    "gpt_neox": "gpt_neox", "dolly-v2": "dolly-v2", "gptj": "gptj", "gpt2": "gpt2",
    "mpt": "mpt", "replit": "replit", "llama": "llama",
}  # fmt: skip
ALL = [*KINDS, "spm", "bpe"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_legacy_file_says_by_itself_what_it_is(tiny: dict[str, Path], kind: str) -> None:
    facts = inspect_model(tiny[kind])
    assert facts.architecture == KINDS[kind]
    assert facts.format == ("ggjt" if kind == "llama" else "ggml")
    assert facts.layers == 1
    assert facts.embedding == 32
    assert facts.quantisation == "F16"
    assert refusals(facts).keys() == {"llamacpp"}


def test_starcoder_is_told_from_gpt2_by_its_vocabulary(
    tiny: dict[str, Path], tmp_path: Path
) -> None:
    data = tiny["starcoder"].read_bytes()
    token = struct.pack("<I", 4) + b" the"
    assert data.count(token) == 1
    same = struct.pack("<I", 12) + b"<fim_prefix>"
    path = tmp_path / "starcoder.bin"
    path.write_bytes(data.replace(token, same))
    assert inspect_model(path).architecture == "starcoder"


def test_a_gguf_tells_engines_and_people_what_they_need(smollm2: Path) -> None:
    facts = inspect_model(smollm2)
    assert (facts.architecture, facts.tokenizer) == ("llama", "bpe")
    assert (facts.vocab_size, facts.context_length, facts.layers) == (49152, 8192, 30)
    assert facts.parameters == 134_515_008
    assert facts.quantisation == "Q4_1"
    assert facts.kv_bytes_per_token == 23_040  # measured: 23.5 KB a token with its state
    assert facts.family == "chatml"
    assert (facts.bos_token, facts.eos_token) == ("<|im_start|>", "<|im_end|>")
    assert facts.add_bos is False
    assert refusals(facts) == {}


def test_the_name_of_a_file_picks_its_chat_format(tiny: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "vicuna-7B.ggmlv3.q4_0.bin"
    path.write_bytes(tiny["llama"].read_bytes())
    assert inspect_model(path).family == "vicuna"


def changed(
    tiny: dict[str, Path], tmp_path: Path, kind: str, edit: Callable[[bytes], bytes]
) -> str:
    """The code of the error that an edited file raises; it names file and remedy."""
    path = tmp_path / f"broken{tiny[kind].suffix}"
    path.write_bytes(edit(tiny[kind].read_bytes()))
    with pytest.raises(ModelError) as caught:
        inspect_model(path)
    for language in ("en", "fr"):
        sentence = caught.value.sentence(language)
        assert path.name in sentence
        assert "\n" not in sentence
    return caught.value.code


def put(data: bytes, at: int, form: str, *values: int) -> bytes:
    new = struct.pack(form, *values)
    return data[:at] + new + data[at + len(new) :]


def after(data: bytes, key: bytes) -> int:
    return data.index(struct.pack("<Q", len(key)) + key) + 8 + len(key)


TOKENS, NORM = b"tokenizer.ggml.tokens", b"output_norm.weight"
ARCHITECTURE = b"general.architecture"


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (lambda d: b"", "model_empty"),
        (lambda d: b"\x7fELF" + d[4:], "model_format_unknown"),
        (lambda d: b"ccgg" + d[4:], "model_old_falcon"),
        (lambda d: d[:3], "model_format_unknown"),
        (lambda d: d[:20], "model_truncated"),
        (lambda d: d[:3000], "model_truncated"),
        (lambda d: d[:-40000], "model_data_missing"),
        (lambda d: put(d, 4, "<I", 3 << 24), "model_big_endian"),
        (lambda d: put(d, 4, "<I", 77), "model_version"),
        (lambda d: put(d, 8, "<Q", 1 << 60), "model_bad_value"),  # tensors
        (lambda d: put(d, 16, "<Q", 1 << 60), "model_bad_value"),  # keys
        (lambda d: put(d, 24, "<Q", 1 << 63), "model_bad_value"),  # length of the first key
        (lambda d: put(d, 24, "<Q", 0), "model_bad_value"),
        (lambda d: put(d, after(d, b"general.name") + 4, "<Q", 1 << 63), "model_bad_value"),
        (lambda d: put(d, after(d, b"general.name"), "<I", 99), "model_bad_value"),
        (lambda d: put(d, after(d, TOKENS) + 8, "<Q", 1 << 60), "model_bad_value"),
        (lambda d: put(d, after(d, TOKENS) + 8, "<Q", 1 << 19), "model_truncated"),
        (lambda d: put(d, after(d, TOKENS) + 4, "<I", 9), "model_bad_value"),  # nested arrays
        (lambda d: d.replace(b"llama.block_count", b"general.name\0\0\0\0\0"), "model_bad_value"),
        (lambda d: d.replace(b"tokenizer.ggml.model", b"general.architecturE"), "model_x"),
        (lambda d: d.replace(b"tokenizer.ggml.scores", TOKENS), "model_duplicate"),
        (lambda d: d.replace(b"blk.0.ffn_up.weight", b"blk.1.ffn_up.weight"), "model_duplicate"),
        (lambda d: put(d, after(d, NORM), "<I", 0), "model_bad_value"),
        (lambda d: put(d, after(d, NORM), "<I", 1 << 31), "model_bad_value"),
        (lambda d: put(d, after(d, NORM) + 4, "<Q", 1 << 60), "model_bad_value"),
        (lambda d: put(d, after(d, NORM) + 12, "<I", 250), "model_bad_value"),
        (lambda d: put(d, after(d, NORM) + 16, "<Q", 7), "model_bad_value"),
        (lambda d: put(d, after(d, NORM) + 16, "<Q", 0), "model_bad_value"),
        (lambda d: put(d, after(d, NORM) + 16, "<Q", 1 << 62), "model_data_missing"),
        (lambda d: d.replace(ARCHITECTURE, b"general.architecturf"), "model_no_architecture"),
        (lambda d: d.replace(TOKENS, b"tokenizer.ggml.tokenz"), "model_no_tokens"),
    ],
)  # fmt: skip
def test_a_damaged_gguf_is_refused(
    tiny: dict[str, Path], tmp_path: Path, edit: Callable[[bytes], bytes], code: str
) -> None:
    if code == "model_x":  # an unknown tokeniser is no damage, but ctransformers cannot have it
        path = tmp_path / "odd.gguf"
        path.write_bytes(edit(tiny["spm"].read_bytes()))
        assert refusals(inspect_model(path))["ctransformers"].code == "model_ct_tokenizer"
    else:
        assert changed(tiny, tmp_path, "spm", edit) == code


@pytest.mark.parametrize(
    ("kind", "edit", "code"),
    [
        ("gptj", lambda d: d[:4], "model_ggml_unknown"),
        ("gptj", lambda d: d[:500], "model_ggml_unknown"),
        ("gptj", lambda d: d[:-1], "model_data_missing"),
        ("gptj", lambda d: d + b"\0", "model_data_missing"),
        ("gpt_neox", lambda d: put(d, 4, "<i", 1 << 30), "model_ggml_unknown"),
        ("gpt2", lambda d: put(d, 4, "<i", -1), "model_ggml_unknown"),
        ("mpt", lambda d: put(d, 16, "<i", 2), "model_tensor_missing"),  # one layer more
        ("llama", lambda d: put(d, 4, "<i", 9), "model_legacy_version"),
        ("llama", lambda d: d.replace(b"norm.weight", b"norn.weight", 1), "model_tensor_missing"),
    ],
)
def test_a_damaged_legacy_file_is_refused(
    tiny: dict[str, Path], tmp_path: Path, kind: str, edit: Callable[[bytes], bytes], code: str
) -> None:
    assert changed(tiny, tmp_path, kind, edit) == code


@pytest.mark.parametrize("kind", KINDS)
def test_a_legacy_file_cut_between_two_tensors_is_refused(
    tiny: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    """ctransformers loads such a file and talks garbage."""
    ends = {len(tiny[kind].read_bytes())}
    ggml = read_ggml(tiny[kind])
    for name in ggml.tensors:
        data = tiny[kind].read_bytes()
        start = data.index(struct.pack("<i", ggml.tensors[name].shape[-1]) + name.encode())
        ends.add(start - 8 - 4 * len(ggml.tensors[name].shape))
    for end in sorted(ends)[1:-1]:
        code = changed(tiny, tmp_path, kind, itemgetter(slice(end)))
        assert code in ("model_tensor_missing", "model_data_missing")


def old_gptj(path: Path, data: bytes, block: int) -> None:
    """The tiny GPT-J with its 2-D weights as Q4_0 in blocks of *block* bytes."""
    ggml = read_ggml(path)
    place = data.index(struct.pack("<3i", 2, len("transformer.wte.weight"), 1))
    out = put(data[:place], 28, "<i", 2)
    for name, tensor in ggml.tensors.items():
        kind = 2 if len(tensor.shape) == 2 else 0
        weights = 1
        for side in tensor.shape:
            weights *= side
        size = weights // 32 * block if kind else weights * 4
        out += struct.pack("<3i", len(tensor.shape), len(name), kind)
        out += struct.pack(f"<{len(tensor.shape)}i", *tensor.shape) + name.encode() + bytes(size)
    path.write_bytes(out)


@pytest.mark.parametrize("cut", [0, 3000])
def test_the_blocks_of_before_may_2023_are_recognised_by_arithmetic(
    tiny: dict[str, Path], tmp_path: Path, cut: int
) -> None:
    path = tmp_path / "ggml-gpt4all-j-v1.3-groovy.bin"
    path.write_bytes(tiny["gptj"].read_bytes())
    old_gptj(path, path.read_bytes(), OLD_BLOCKS[2])
    path.write_bytes(path.read_bytes()[: len(path.read_bytes()) - cut])
    with pytest.raises(ModelError) as caught:
        inspect_model(path)
    assert caught.value.code == "model_old_blocks"
    path.write_bytes(tiny["gptj"].read_bytes())
    old_gptj(path, path.read_bytes(), 18)
    assert inspect_model(path).architecture == "gptj"


@pytest.mark.parametrize("kind", ALL)
def test_flipped_bytes_and_cuts_never_escape_the_reader(
    tiny: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    """Every place of the header is hit; whatever is read, it is an answer or a ModelError."""
    source = random.Random(kind)
    whole = tiny[kind].read_bytes()
    path = tmp_path / f"fuzz{tiny[kind].suffix}"
    sentences = set()
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(source.choice((1, 1, 4))):
            limit = source.choice((64, 2000, len(data)))
            data[source.randrange(min(limit, len(data)))] = source.choice((0, 255, 128, 1, 65))
        if source.random() < 0.3:
            del data[source.randrange(len(data)) :]
        path.write_bytes(data)
        try:
            inspect_model(path)
        except ModelError as error:
            sentences.add(str(error))
    assert len(sentences) > 5


@settings(max_examples=150)
@given(st.sampled_from([b"GGUF", b"lmgg", b"tjgg", b"fmgg", b""]), st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, magic: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.write_bytes(magic + rest)
    with pytest.raises(ModelError):
        inspect_model(path)


def test_a_small_file_cannot_make_the_reader_take_much_memory(tmp_path: Path) -> None:
    """A million empty strings in each of many arrays: refused before they add up."""
    strings = struct.pack("<IIQ", 9, 8, 1 << 20) + bytes(8 << 20)
    pairs = [struct.pack("<Q", 2) + f"k{n}".encode() + strings for n in range(6)]
    path = tmp_path / "bomb.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 6) + b"".join(pairs))
    program = """if True:
        import re, sys
        from pathlib import Path
        from chatbot_server.errors import ModelError
        from chatbot_server.models.files.inspect import inspect_model
        try:
            inspect_model(Path(sys.argv[1]))
        except ModelError as error:
            # Not ru_maxrss: across fork and exec it keeps the size of the process that ran this.
            status = Path("/proc/self/status").read_text()
            print(error.code, re.search(r"VmHWM:\\s+(\\d+)", status)[1])
    """
    command = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    code, kilobytes = done.stdout.split()
    assert code == "model_bad_value"
    assert int(kilobytes) < 300_000


def test_what_is_no_file_is_named_too(tmp_path: Path) -> None:
    for path, code in ((tmp_path, "model_is_folder"), (tmp_path / "x.gguf", "model_not_found")):
        with pytest.raises(ModelError) as caught:
            inspect_model(path)
        assert caught.value.code == code
        assert str(path) in str(caught.value)
