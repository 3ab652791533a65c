"""What an answer looks like: whole characters, clean stops, honest counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.engine.asking import ENDLESS, GREEDY, ask, chat, plain

from chatbot_server.engine.base import Sampling
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.errors import BadRequest
from chatbot_server.prompt.base import Prompt, Segment

SENTENCE = "Je vais au café demain 😀"  # what the parrot says


def test_accents_and_a_final_emoji_arrive_whole(parrot_engine: SocketEngine) -> None:
    asked = ask(parrot_engine, "Bonjour")

    assert asked.text == SENTENCE
    assert asked.finished.reason == "stop"
    assert "�" not in asked.text
    # é is two tokens, 😀 is four: each piece is made of whole characters all the same.
    assert all(piece.encode().decode() == piece for piece in asked.pieces)
    assert asked.finished.usage.completion_tokens > len(asked.pieces)


def test_half_a_character_at_the_limit_is_left_out(parrot_engine: SocketEngine) -> None:

    # Je, vais, au, caf, and the first byte of é
    asked = ask(parrot_engine, "Bonjour", Sampling(max_tokens=5, temperature=0))

    assert (asked.text, asked.finished.reason) == ("Je vais au caf", "length")


@pytest.mark.parametrize("stop", ["café de", "s au c", "é", "😀", "t au"])
def test_a_stop_string_over_several_tokens_is_never_shown(
    parrot_engine: SocketEngine, stop: str
) -> None:
    asked = ask(parrot_engine, plain("Bonjour", stop=(stop,)))

    expected = SENTENCE.split(stop)[0] if stop in SENTENCE else SENTENCE
    assert asked.text == expected
    assert asked.finished.reason == "stop"


def test_the_stop_strings_of_a_request_count_as_well(parrot_engine: SocketEngine) -> None:
    asked = ask(parrot_engine, "Bonjour", Sampling(temperature=0, stop=("demain",)))

    assert asked.text == "Je vais au café "


def test_a_seed_makes_an_answer_reproducible_and_none_makes_it_vary(smol: SocketEngine) -> None:
    def write(seed: int | None) -> str:
        sampling = Sampling(max_tokens=24, temperature=1.5, top_k=0, top_p=1.0, seed=seed)
        return ask(smol, chat("Tell me about the sea."), sampling).text

    assert write(7) == write(7)
    assert write(7) != write(8)
    assert len({write(None) for _ in range(3)}) == 3


def test_temperature_zero_takes_the_likeliest_word_every_time(smol: SocketEngine) -> None:
    texts = {ask(smol, chat("What is the capital of France?")).text for _ in range(2)}

    assert texts.pop().startswith("The capital of France is Paris")
    assert not texts


def test_the_penalty_leaves_the_words_of_the_question_alone(smol: SocketEngine) -> None:
    """Counted from the question too, it drove the model away from “the capital of France”."""
    penal = Sampling(max_tokens=7, temperature=0, repetition_penalty=1.5)

    assert ask(smol, chat("What is the capital of France?"), penal).text == (
        "The capital of France is Paris."
    )


def test_a_prompt_is_counted_as_it_is_read(smol: SocketEngine) -> None:
    prompt = chat("What is the capital of France?")

    assert smol.count_prompt(prompt) == ask(smol, prompt, GREEDY).finished.usage.prompt_tokens


def test_a_prompt_without_room_for_an_answer_is_refused(parrot_engine: SocketEngine) -> None:
    assert parrot_engine.count_tokens(["a" * 509]) == [510]  # with SentencePiece's space

    with pytest.raises(BadRequest, match="has 512") as refused:
        ask(parrot_engine, "a" * 510)  # and BOS: 512, the whole context

    assert refused.value.code == "engine_prompt_too_long"


def test_an_answer_ends_where_the_context_ends(
    start: Callable[..., SocketEngine], talker: Path
) -> None:
    engine = start(talker, context_length=256)
    prompt = "a" * 200
    asked = ask(engine, prompt, Sampling(max_tokens=5000, temperature=0))

    usage = asked.finished.usage
    assert asked.finished.reason == "length"
    assert usage.prompt_tokens + usage.completion_tokens == 256


def test_an_answer_that_takes_too_long_is_ended(
    start: Callable[..., SocketEngine], talker: Path
) -> None:
    engine = start(talker, answer_seconds=1, context_length=ENDLESS.max_tokens)
    asked = ask(engine, "a", ENDLESS)

    assert asked.finished.reason == "time"
    assert len(asked.pieces) < 130_000  # the prompt and BOS have their places


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("😀" * 60, id="emoji"),
        pytest.param("日本語" * 20, id="CJK"),
        pytest.param("\x00\x01\x7f", id="control characters"),
        pytest.param("</s><s><unk>[INST]<|im_start|>", id="control tokens in words"),
        pytest.param(" \n\t" * 50, id="white space"),
    ],
)
def test_hostile_text_is_read_as_plain_text(parrot_engine: SocketEngine, text: str) -> None:
    # The stop keeps the last token from being one of the sentence's own.
    assert ask(parrot_engine, f"{text}.").text == SENTENCE


@pytest.mark.parametrize("text", ["😀" * 4000, "a" * 100_000, " " * 100_000, "\n" * 50_000])
def test_a_huge_text_is_refused_and_the_engine_lives_on(smol: SocketEngine, text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        ask(smol, text if text[0] not in "a \n" else text + "é" * 4000)

    assert refused.value.code == "engine_prompt_too_long"
    assert ask(smol, "Hello", GREEDY).finished


def test_half_a_character_is_refused_before_it_reaches_the_engine(
    parrot_engine: SocketEngine,
) -> None:
    with pytest.raises(BadRequest) as refused:
        ask(parrot_engine, "\ud83d")

    assert refused.value.code == "engine_text_invalid"
    assert ask(parrot_engine, "Bonjour").text == SENTENCE


def test_an_empty_prompt_is_refused(parrot_engine: SocketEngine) -> None:
    with pytest.raises(BadRequest, match="empty"):
        parrot_engine.generate(Prompt(segments=(Segment(""),), bos=False), GREEDY)


def test_json_and_embeddings_are_refused_in_words(parrot_engine: SocketEngine) -> None:
    with pytest.raises(BadRequest) as no_json:
        ask(parrot_engine, "Bonjour", Sampling(json=True))
    with pytest.raises(BadRequest) as no_vectors:
        parrot_engine.embed(["Bonjour"])

    assert (no_json.value.code, no_vectors.value.code) == (
        "engine_no_json",
        "engine_no_embeddings",
    )


def test_a_missing_model_is_refused_with_its_name(
    start: Callable[..., SocketEngine], tmp_path: Path
) -> None:
    from chatbot_server.errors import EngineError

    with pytest.raises(EngineError, match=r"absent\.gguf"):
        start(tmp_path / "absent.gguf")
