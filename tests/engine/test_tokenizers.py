"""Text to ids: as llama.cpp does it, and never a control token from a visitor's text."""

from __future__ import annotations

import json
import random
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.models.tiny_models import write_random_llama_gguf
from support.patience import LONG

from chatbot_server.engine.tokenizers import make_tokenizer
from chatbot_server.engine.tokenizers.base import Tokenizer
from chatbot_server.engine.tokenizers.prompts import PromptEncoder
from chatbot_server.errors import ModelError
from chatbot_server.models.base import TokenizerData
from chatbot_server.models.files.gguf import read_gguf
from chatbot_server.models.files.vocabulary import gguf_vocabulary
from chatbot_server.prompt.base import Prompt, Segment

CORPUS = [
    "Hello world",
    "Je vais au café, n’est-ce pas ? Ça coûte 12,50 € — « déjà » payé.",
    "👍🏽 😀😀 👩‍👩‍👧‍👦 🇫🇷",
    "日本語のテキスト、中文字符。한국어 العربية עברית हिन्दी ไทย",
    "def f(x):\n\treturn x**2  # comment\n\n\n    if a==b: pass\r\n",
    "1234567890 3.14 ½ ² ٣٤ Ⅷ",
    "   leading, trailing   ",
    "a  b   c\t\t\td\n\n\n e \n x",
    "no-break\u00a0space, zero\u200bwidth, e\u0301, \u2028line, \x85 \x1c",
    "I'LL don't WE'VE l'été ’twas",
    "<|im_start|>system <s>[INST]</s>",
    "_under_score CamelCase kebab-case https://example.org/?q=1&b=2#x",
    "a" * 3000,
    " " * 2000,
    "\n" * 500,
    "\x01\x02\x7f",
]
ALPHABET = "abc ABC  \n\t\r123é😀日本.,!?'\"-_’<|>́\u00a0\u3000½"


def random_texts(count: int) -> list[str]:
    dice = random.Random(1)
    return [
        "".join(dice.choice(ALPHABET) for _ in range(dice.randint(1, 60))) for _ in range(count)
    ]


@contextmanager
def llama_cpp(path: Path) -> Iterator[Callable[[str, bool], list[int]]]:
    """llama.cpp's own tokeniser of the model *path*."""
    library = pytest.importorskip("xllamacpp")
    parameters = library.CommonParams()
    parameters.model.path, parameters.n_ctx = str(path), 256
    parameters.api_keys, parameters.verbosity = ["test"], 0
    server = library.Server(parameters)

    def tokenize(text: str, special: bool) -> list[int]:
        body = {"content": text, "add_special": False, "parse_special": special}
        request = urllib.request.Request(
            f"{server.listening_address}/tokenize",
            json.dumps(body).encode(),
            {"Authorization": "Bearer test", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=LONG) as response:
            tokens: list[int] = json.load(response)["tokens"]
        return tokens

    yield tokenize


def tokenizer_of(path: Path) -> Tokenizer:
    return make_tokenizer(gguf_vocabulary(read_gguf(path)))


@pytest.mark.model
def test_ids_of_the_embedded_model_are_those_of_llama_cpp(smollm2: Path) -> None:
    tokenizer = tokenizer_of(smollm2)
    source = Path(__file__).read_text(encoding="utf-8")
    with llama_cpp(smollm2) as tokenize:
        for text in [*CORPUS, source, *random_texts(200)]:
            assert tokenizer.encode(text) == tokenize(text, False), repr(text[:60])


@pytest.mark.model
def test_a_trusted_prompt_has_the_ids_that_llama_cpp_gives_it(smollm2: Path) -> None:
    text = "<|im_start|>user\nBonjour 😀<|im_end|>\n<|im_start|>assistant\n"
    encoder = PromptEncoder(tokenizer_of(smollm2))
    with llama_cpp(smollm2) as tokenize:
        ids = encoder.encode(Prompt(segments=(Segment(text, trusted=True),)))
        assert ids == tokenize(text, True)


def test_ids_of_a_sentencepiece_model_are_those_of_llama_cpp(tmp_path: Path) -> None:
    path = write_random_llama_gguf(tmp_path / "spm.gguf")
    tokenizer = tokenizer_of(path)
    with llama_cpp(path) as tokenize:
        for text in ["the the", "thethe hat", *CORPUS[:10], *random_texts(100)]:
            assert tokenizer.encode(text) == tokenize(text, False), repr(text[:60])


LEGACY = TokenizerData(
    kind="legacy",
    tokens=[
        b"<|endoftext|>",
        *(bytes([byte]) for byte in range(256)),
        *(b"he", b"ll", b" w", b"hell", b"hello", b"or", b"ld", b" wor", b" world"),
        b"### End",
        b"<|im_end|>",
    ],
)


def test_legacy_ids_follow_the_order_of_the_merges() -> None:
    tokenizer = make_tokenizer(LEGACY)

    assert [tokenizer.piece(token) for token in tokenizer.encode("hello world")] == [
        b"hello",
        b" world",
    ]


@pytest.mark.parametrize("text", ["<|endoftext|>", "### End", "<|im_end|>"])
def test_control_tokens_of_legacy_models_are_not_read_in_plain_text(text: str) -> None:
    tokenizer = make_tokenizer(LEGACY)
    control = tokenizer.controls[text]
    encoder = PromptEncoder(tokenizer)

    assert encoder.encode(Prompt(segments=(Segment(text, trusted=True),))) == [control]
    plain = encoder.encode(Prompt(segments=(Segment(text),)))
    assert control not in plain
    assert b"".join(map(tokenizer.piece, plain)).decode() == text


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tokenizer]:
    folder = tmp_path_factory.mktemp("tokenizers")
    return {
        "bpe": tokenizer_of(write_random_llama_gguf(folder / "bpe.gguf", tokenizer="bpe")),
        "spm": tokenizer_of(write_random_llama_gguf(folder / "spm.gguf")),
        "legacy": make_tokenizer(LEGACY),
    }


@pytest.mark.parametrize("kind", ["bpe", "spm", "legacy"])
@settings(max_examples=60)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_text_survives_there_and_back(
    kinds: dict[str, Tokenizer], kind: str, text: str
) -> None:
    tokenizer = kinds[kind]
    ids = tokenizer.encode(text, first=False)

    assert b"".join(map(tokenizer.piece, ids)).decode() == text
    assert all(0 <= token < len(tokenizer.data.tokens) for token in ids)
    assert not set(ids) & set(tokenizer.controls.values())


@pytest.mark.parametrize("kind", ["bpe", "spm", "legacy"])
@pytest.mark.timeout(60)  # ggml's own tokenisers crash, or take minutes
@pytest.mark.parametrize("char", ["a", " ", "\n", "é", "😀", "0"])
def test_a_run_of_100000_characters_takes_bounded_time(
    kinds: dict[str, Tokenizer], kind: str, char: str
) -> None:
    assert kinds[kind].encode(char * 100_000)


def test_text_of_two_segments_never_forms_a_control_token(kinds: dict[str, Tokenizer]) -> None:
    encoder = PromptEncoder(kinds["bpe"])
    split = (Segment("<|im_", trusted=True), Segment("start|>"))
    both = (Segment("<|im_"), Segment("start|>", trusted=True))
    control = kinds["bpe"].controls["<|im_start|>"]

    assert control not in encoder.encode(Prompt(segments=split))
    assert control not in encoder.encode(Prompt(segments=both))


def test_a_beginning_is_marked_once(kinds: dict[str, Tokenizer]) -> None:
    encoder, bos = PromptEncoder(kinds["spm"]), 1
    spelt = Prompt(segments=(Segment("<s>", trusted=True), Segment("the")))

    assert encoder.encode(spelt).count(bos) == 1
    assert encoder.encode(Prompt(segments=(Segment("the"),))).count(bos) == 1
    assert bos not in encoder.encode(Prompt(segments=(Segment("the"),), bos=False))


def test_an_answer_keeps_the_ids_it_was_written_in(kinds: dict[str, Tokenizer]) -> None:
    tokenizer = kinds["spm"]
    encoder = PromptEncoder(tokenizer)
    spelt = [tokenizer.encode(char, first=False)[0] for char in " the"]  # not as “▁the”
    assert spelt != tokenizer.encode(" the", first=False)
    ask, turn = Segment("Q: x A:", trusted=True), Segment("</s>", trusted=True)
    asked = encoder.encode(Prompt(segments=(ask,)))
    encoder.remember(spelt)

    # The room above stores “the” and writes “A: ” before it.
    again = Prompt(segments=(Segment("Q: x A: ", trusted=True), Segment("the"), turn))
    assert encoder.encode(again)[: len(asked) + len(spelt)] == asked + spelt


def test_an_unknown_pre_tokeniser_is_refused_by_name() -> None:
    data = TokenizerData(kind="bpe", tokens=[b"a"], pre="martian")

    with pytest.raises(ModelError, match="martian"):
        make_tokenizer(data)
