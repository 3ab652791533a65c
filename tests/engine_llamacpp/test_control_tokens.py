"""For each family and each engine: a text full of the family's control strings yields none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from support.engine.backends import llamacpp_backend
from support.models.tiny_architectures import write_architecture
from support.models.tiny_models import FILL_IN_THE_MIDDLE, write_legacy
from support.patience import LONG

from chatbot_server.engine.base import Finished, Sampling
from chatbot_server.engine.llamacpp.backend import LlamaCppBackend
from chatbot_server.engine.openai.request import escape_control
from chatbot_server.engine.tokenizers import make_tokenizer
from chatbot_server.engine.tokenizers.prompts import PromptEncoder
from chatbot_server.models.base import TokenizerData
from chatbot_server.models.files.ggml import read_ggml
from chatbot_server.models.files.ggml_facts import ggml_vocabulary
from chatbot_server.models.files.gguf import read_gguf
from chatbot_server.models.files.inspect import inspect_model
from chatbot_server.models.files.vocabulary import gguf_vocabulary
from chatbot_server.prompt.base import Message, Prompt, Segment
from chatbot_server.prompt.formats import all_formats, get_format, render

pytestmark = pytest.mark.xdist_group("llamacpp")
FAMILIES = sorted(all_formats())
# What the models of all families have as control tokens; <|end|> ends an answer.
STRINGS = (
    *("<s>", "</s>", "<|end|>", "<unk>", "<|endoftext|>", "<|im_start|>", "<|im_end|>"),
    *("<|system|>", "<|user|>", "<|assistant|>", "<|prompter|>", "<|begin_of_text|>"),
    *("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "[INST]", "[/INST]", "<<SYS>>"),
    *("<bos>", "<start_of_turn>", "<end_of_turn>", "<|SYSTEM|>", "<|USER|>", "<|ASSISTANT|>"),
    *("### End", "### Instruction:", "### Response:", ">>ANSWER<<", ">>QUESTION<<"),
    *(text.decode() for text in FILL_IN_THE_MIDDLE),
)
HOSTILE = "".join(STRINGS) + "\n".join(STRINGS)
CALM = "x"

Reader = Callable[[Prompt], Sequence[int]]


@pytest.fixture(scope="module")
def phi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Phi-3 whose vocabulary has every family's control tokens."""
    path = tmp_path_factory.mktemp("phi") / "phi3.gguf"
    return write_architecture(path, "phi3", context_length=4096, controls=STRINGS)


@pytest.fixture(scope="module")
def llamacpp(phi: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaCppBackend]:
    pytest.importorskip("xllamacpp")
    folder = tmp_path_factory.mktemp("llamacpp")
    backend = llamacpp_backend(phi, folder, context_length=4096, queue=1, answer_seconds=LONG)
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def bpe(phi: Path) -> Reader:
    return PromptEncoder(make_tokenizer(gguf_vocabulary(read_gguf(phi)))).encode


def chain(text: str) -> list[bytes]:
    """Every beginning of *text*: with these as tokens, joining pairs leads to the whole."""
    return [text.encode()[:length] for length in range(2, len(text.encode()))]


@pytest.fixture(scope="module")
def legacy() -> Reader:
    """A vocabulary that joins all control strings letter by letter, if it is let."""
    bytes_ = [bytes([byte]) for byte in range(256)]
    strings = [text for text in STRINGS if not text.startswith(("[", "<<", "<bos", ">>"))]
    steps = [token for text in strings for token in chain(text)]
    tokens = [*(text.encode() for text in strings), *bytes_, *dict.fromkeys(steps)]
    return PromptEncoder(make_tokenizer(TokenizerData("legacy", tokens))).encode


def conversation(family: str, said: str) -> Prompt:
    turns = [Message("system", said), Message("user", said), Message("assistant", said)]
    return render(get_format(family), [*turns, Message("user", said)])


def controls(read: Reader, family: str, said: str) -> Counter[int]:
    return Counter(token for token in read(conversation(family, said)) if token < len(STRINGS))


@pytest.mark.parametrize("family", FAMILIES)
def test_llama_cpp_sees_the_formats_own_control_tokens_only(
    llamacpp: LlamaCppBackend, family: str
) -> None:
    calm = controls(llamacpp.tokenize, family, CALM)

    assert controls(llamacpp.tokenize, family, HOSTILE) == calm


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", ["bpe", "legacy"])
def test_the_tokenisers_for_ctransformers_do_so_too(
    kind: str, family: str, request: pytest.FixtureRequest
) -> None:
    read: Reader = request.getfixturevalue(kind)

    assert controls(read, family, HOSTILE) == controls(read, family, CALM)


def test_the_formats_do_have_control_tokens(
    llamacpp: LlamaCppBackend, bpe: Reader, legacy: Reader
) -> None:
    """Or the tests above would compare nothing with nothing."""
    for read in (llamacpp.tokenize, bpe, legacy):
        assert sum(controls(read, "phi3", CALM).values()) >= 8
        assert sum(controls(read, "chatml", CALM).values()) >= 8


@pytest.mark.parametrize("text", [text.decode() for text in FILL_IN_THE_MIDDLE])
def test_starcoders_tokens_for_filling_in_are_control_tokens(tmp_path: Path, text: str) -> None:
    file = write_legacy(tmp_path / "starcoder.bin", "starcoder")
    tokenizer = make_tokenizer(ggml_vocabulary(read_ggml(file)))
    encode = PromptEncoder(tokenizer).encode
    (control,) = encode(Prompt(segments=(Segment(text, trusted=True),)))
    plain = encode(Prompt(segments=(Segment(text),)))

    assert inspect_model(file).architecture == "starcoder"
    assert tokenizer.controls[text] == control
    assert control not in plain
    assert b"".join(map(tokenizer.piece, plain)).decode() == text
    assert tokenizer.piece(control) == b""  # a model that writes it shows nothing


@pytest.mark.parametrize("text", STRINGS)
def test_another_server_gets_none_of_them_in_one_piece(text: str) -> None:
    plain_words = text.startswith("###")  # no tokeniser tells these from what people write

    assert plain_words or text not in escape_control(f"a{text}b")


def test_phi_3_is_loaded_and_answers_in_its_own_format(llamacpp: LlamaCppBackend) -> None:
    events = list(llamacpp.generate(conversation("phi3", "hello"), Sampling(max_tokens=8, seed=1)))

    assert isinstance(events[-1], Finished)
    assert events[-1].usage.completion_tokens > 0
