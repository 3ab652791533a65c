"""Completions of llama.cpp's own server with the embedded model."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from support.engine.asking import finished, text_of
from support.engine.backends import llamacpp_backend
from support.models.chatml import chatml
from support.models.tiny_architectures import write_architecture
from support.models.tiny_models import write_parrot_gguf
from support.patience import wait_for

from chatbot_server.engine.base import Event, Queued, Sampling, Token
from chatbot_server.engine.llamacpp.backend import LlamaCppBackend
from chatbot_server.engine.llamacpp.parameters import PIECE
from chatbot_server.errors import BadRequest, EngineBusy, ModelError
from chatbot_server.prompt.base import Prompt, Segment

pytestmark = [pytest.mark.model, pytest.mark.xdist_group("llamacpp")]
GREEDY = Sampling(max_tokens=16, temperature=0, repetition_penalty=1)
FRANCE = chatml("What is the capital of France?")


def test_an_answer_comes_token_by_token_with_its_usage(backend: LlamaCppBackend) -> None:
    events = list(backend.generate(FRANCE, GREEDY))

    assert events[0] == Queued(0)
    assert len([event for event in events if isinstance(event, Token)]) > 4
    assert finished(events).usage.prompt_tokens == len(backend.tokenize(FRANCE))
    assert 0 < finished(events).usage.completion_tokens <= 16


def test_the_same_seed_gives_the_same_answer_and_none_another(backend: LlamaCppBackend) -> None:
    seeded = Sampling(max_tokens=24, temperature=1, seed=7)

    def say(sampling: Sampling) -> str:
        return text_of(list(backend.generate(chatml("Tell me a story."), sampling)))

    say(seeded)  # afterwards the prompt is in the cache both times
    assert say(seeded) == say(seeded)
    # So hot, and with all words to choose from, that two alike would be a wonder.
    assert len({say(replace(seeded, seed=None, temperature=2, top_k=0)) for _ in range(4)}) == 4


def test_a_stop_string_across_tokens_ends_the_answer_and_is_not_shown(
    backend: LlamaCppBackend,
) -> None:
    whole = text_of(list(backend.generate(FRANCE, GREEDY)))
    middle = whole[6:14]
    events = list(backend.generate(FRANCE, replace(GREEDY, stop=(middle,))))

    assert text_of(events) == whole.partition(middle)[0]
    assert finished(events).reason == "stop"


def test_what_might_have_begun_a_stop_string_comes_out_at_the_length_limit(
    backend: LlamaCppBackend,
) -> None:
    short = replace(GREEDY, max_tokens=4)
    whole = text_of(list(backend.generate(FRANCE, short)))
    events = list(backend.generate(FRANCE, replace(short, stop=(whole[-4:] + "ZZZ",))))

    assert (text_of(events), finished(events).reason) == (whole, "length")
    assert finished(events).usage.completion_tokens == 4


@pytest.mark.parametrize("token", [-1, 49152, 10**9])
def test_numbers_that_are_no_tokens_are_refused(backend: LlamaCppBackend, token: int) -> None:
    with pytest.raises(BadRequest, match="49151"):
        list(backend.generate(Prompt(tokens=(1, token)), GREEDY))


def test_the_second_turn_reads_only_what_is_new(backend: LlamaCppBackend) -> None:
    first = chatml("Here is a list of birds: " + "sparrow, eagle, owl, " * 20)
    answer = text_of(list(backend.generate(first, GREEDY)))
    question = first.segments[1].text
    events = list(backend.generate(chatml(question, answer, "Which is the largest?"), GREEDY))

    usage = finished(events).usage
    assert usage.cached_tokens >= len(backend.tokenize(first)) - 4
    assert usage.prompt_tokens > usage.cached_tokens


def test_emoji_and_accents_are_never_cut(backend: LlamaCppBackend) -> None:
    loud = Sampling(max_tokens=64, temperature=1.8, top_k=0, top_p=1, seed=3)
    events = list(backend.generate(chatml("Write ten emoji: 😀 é ü 日本"), loud))

    pieces = [event.text for event in events if isinstance(event, Token)]
    assert not "".join(pieces).isascii()
    # So loud, the model also writes bytes that are no character: those become one (U+FFFD).
    assert all(piece.encode().decode() == piece for piece in pieces)


def test_json_is_json_when_it_is_asked_for(backend: LlamaCppBackend) -> None:
    asked = replace(GREEDY, max_tokens=400, json=True)
    events = list(backend.generate(chatml("Describe Paris in JSON with name and country."), asked))

    assert finished(events).reason == "stop"
    assert isinstance(json.loads(text_of(events)), dict)


def test_who_comes_first_is_served_first_and_everybody_hears_a_place(
    backend: LlamaCppBackend,
) -> None:
    # Taken, and left when the test says so.
    slots = [backend.generate(chatml(f"Tell me about the number {n}."), GREEDY) for n in range(2)]
    assert [next(slot) for slot in slots] == [Queued(0), Queued(0)]
    heard: list[list[Event]] = [[], []]

    def wait(number: int) -> None:
        for event in backend.generate(FRANCE, GREEDY):
            heard[number].append(event)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(2)]
    for number, thread in enumerate(threads):
        thread.start()
        wait_for(partial(heard.__getitem__, number))
    with pytest.raises(EngineBusy):
        next(backend.generate(FRANCE, GREEDY))
    assert heard == [[Queued(1)], [Queued(2)]]
    for slot in slots:
        finished(list(slot))
    for thread in threads:
        thread.join()

    for run in heard:
        assert Queued(0) in run
        finished(run)
    assert backend.workload() == (0, 0)


def test_answers_made_together_are_not_mixed(backend: LlamaCppBackend) -> None:
    prompts = [chatml("What is the capital of France?"), chatml("word " * 300)]
    together: list[list[Event]] = [[], []]

    def ask(number: int) -> None:
        together[number] += backend.generate(prompts[number], GREEDY)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for prompt, events in zip(prompts, together, strict=True):
        assert finished(events).usage.prompt_tokens == len(backend.tokenize(prompt))
    assert text_of(together[0]) != text_of(together[1])


def test_a_visitor_who_leaves_frees_the_slot(backend: LlamaCppBackend) -> None:
    events = backend.generate(chatml("Say hello."), replace(GREEDY, max_tokens=900))
    assert [next(events), type(next(events))] == [Queued(0), Token]
    assert isinstance(events, Generator)
    events.close()

    assert backend.workload() == (0, 0)
    assert list(backend.generate(FRANCE, GREEDY, cancelled=lambda: True)) == []


def test_a_visitor_can_leave_while_the_prompt_is_read(backend: LlamaCppBackend) -> None:
    prompt = chatml("birds " * 900)
    asked: list[None] = []

    def leaves() -> bool:
        asked.append(None)  # once before the beginning, then after each piece of the prompt
        return len(asked) > 2

    events = list(backend.generate(prompt, GREEDY, cancelled=leaves))

    assert events == [Queued(0)]
    assert backend.workload() == (0, 0)
    again = finished(list(backend.generate(prompt, GREEDY)))
    assert again.usage.cached_tokens <= 3 * PIECE, "it was not read to its end"


def test_the_time_limit_cuts_an_answer(tmp_path: Path) -> None:
    # A model that never stops, and more tokens than any machine writes in the time.
    length = 131_072
    file = write_parrot_gguf(
        tmp_path / "t.gguf", "on and forever", loop=True, context_length=length
    )
    backend = llamacpp_backend(file, tmp_path, context_length=length, answer_seconds=1)
    events = list(backend.generate(FRANCE, replace(GREEDY, max_tokens=130_000)))
    backend.close()

    assert finished(events).reason == "time"
    assert finished(events).usage.completion_tokens < 130_000


@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        (Prompt(), "engine_prompt_empty"),
        (chatml("bird " * 2000), "engine_prompt_too_long"),
        (chatml("half \ud83d"), "engine_text_invalid"),
    ],
)
def test_a_prompt_that_cannot_be_read_is_refused(
    backend: LlamaCppBackend, prompt: Prompt, code: str
) -> None:
    with pytest.raises(BadRequest) as raised:
        list(backend.generate(prompt, GREEDY))

    assert raised.value.code == code
    assert backend.workload() == (0, 0)


def test_texts_become_vectors_that_know_their_neighbours(backend: LlamaCppBackend) -> None:
    cat, kitten, law = backend.embed(["a cat", "a kitten", "article 12 of the penal code"])

    def alike(left: list[float], right: list[float]) -> float:
        return sum(a * b for a, b in zip(left, right, strict=True))

    assert alike(cat, cat) == pytest.approx(1, abs=0.01)
    assert alike(cat, kitten) > alike(cat, law)


@pytest.mark.parametrize("size", [0, 100, 100_000, 5_000_000])
def test_a_broken_file_is_a_sentence_and_no_crash(smollm2: Path, tmp_path: Path, size: int) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(smollm2.read_bytes()[:size])

    with pytest.raises(ModelError, match=r"broken\.gguf"):
        llamacpp_backend(broken, tmp_path, context_length=512)


def test_nothing_listens_on_a_network(tmp_path: Path) -> None:
    file = write_architecture(tmp_path / "tiny.gguf", "qwen2")
    before = _listening()
    backend = llamacpp_backend(file, tmp_path, context_length=256)
    after = _listening()
    backend.close()

    assert after <= before  # an older test's server may have gone meanwhile


def _listening() -> set[str]:
    """This process's own sockets that wait for connections over TCP."""
    mine = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # another thread may close a file meanwhile
            mine.add(str(entry.readlink()))
    tables = [Path(f"/proc/self/net/{name}") for name in ("tcp", "tcp6")]
    lines = [line for table in tables if table.exists() for line in table.read_text().splitlines()]
    rows = [line.split() for line in lines]
    return mine & {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}


def test_a_prompt_read_in_advance_is_not_read_again(smollm2: Path, tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 20) / ("folder" * 10)
    deep.mkdir(parents=True)
    backend = llamacpp_backend(smollm2, deep, context_length=512, slots=2, state_cache_mb=32)
    system = Segment("<|im_start|>system\nYou speak of birds. Be short.<|im_end|>\n", trusted=True)
    backend.warm(Prompt(segments=(system,)))
    events = list(backend.generate(Prompt(segments=(system, *FRANCE.segments)), GREEDY))
    backend.close()

    length = len(system.text) // 6
    assert finished(events).usage.cached_tokens >= length
