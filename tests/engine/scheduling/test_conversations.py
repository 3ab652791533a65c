"""Many conversations on few slots: nobody reads twice what was read before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.engine.asking import ENDLESS, GREEDY, ask, chat, plain, read
from support.engine.backends import ctransformers_backend
from support.patience import wait_for

from chatbot_server.engine.base import Queued, Sampling, Token, Usage
from chatbot_server.engine.ctransformers.backend import CTransformersBackend
from chatbot_server.engine.ctransformers.decoder import CtDecoder
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.prompt.base import Prompt, Segment

SHORT = Sampling(max_tokens=12, temperature=0, repetition_penalty=1.0)
SYSTEM = "You are a helpful assistant. Answer briefly. " * 4


@pytest.fixture(scope="module")
def backend(smollm2: Path, prepared_cache: Path) -> Iterator[CTransformersBackend]:
    """Two slots and a state cache, in this process, where they can be looked at."""
    made = ctransformers_backend(smollm2, prepared_cache)
    yield made
    made.close()


def talk(backend: CTransformersBackend, turns: list[str], conversation: str | None) -> Usage:
    """Ask the last of *turns*, and put the answer after it."""
    prompt = chat(*turns, system=SYSTEM)
    asked = read(backend.generate(prompt, SHORT, conversation=conversation))
    turns.append(asked.text)
    return asked.finished.usage


def test_the_second_turn_reads_only_what_is_new(backend: CTransformersBackend) -> None:
    turns = ["Name a colour."]
    first = talk(backend, turns, "colours")
    turns.append("Name another.")
    second = talk(backend, turns, "colours")

    # All that was read and written before, but for the tokens that end a turn.
    assert second.cached_tokens >= first.prompt_tokens + first.completion_tokens - 2
    assert second.prompt_tokens - second.cached_tokens < 20


def test_six_interleaved_conversations_on_two_slots_keep_what_was_read(
    backend: CTransformersBackend,
) -> None:
    talks = {name: [f"My name is {name}."] for name in ("Ann", "Ben", "Cleo", "Dan", "Eve", "Flo")}
    before = {name: talk(backend, turns, name) for name, turns in talks.items()}
    for name, turns in talks.items():
        turns.append("What is my name?")
        usage = talk(backend, turns, name)

        assert usage.cached_tokens >= before[name].prompt_tokens, name


def test_an_evicted_conversation_goes_on_as_if_it_had_never_left(
    backend: CTransformersBackend, smollm2: Path, prepared_cache: Path
) -> None:
    question = ["Tell me one fact about the moon.", "It has no air.", "And another one?"]
    undisturbed = read(backend.generate(chat(*question), GREEDY, conversation="moon"))
    for name in ("x", "y", "z"):  # takes both slots away
        talk(backend, [f"{name * 5}?"], name)

    question += [undisturbed.text, "Why?"]
    restored = read(backend.generate(chat(*question), GREEDY, conversation="moon"))
    # Read from the beginning by an engine that has never seen it: the same words.
    fresh = ctransformers_backend(smollm2, prepared_cache, slots=1, state_cache_mb=0)
    try:
        anew = read(fresh.generate(chat(*question), GREEDY))
    finally:
        fresh.close()

    assert restored.finished.usage.cached_tokens > undisturbed.finished.usage.prompt_tokens
    assert restored.text == anew.text
    assert anew.finished.usage.cached_tokens == 0


def test_a_new_conversation_takes_the_instructions_from_its_neighbour(
    smollm2: Path, prepared_cache: Path
) -> None:
    backend = ctransformers_backend(smollm2, prepared_cache)
    try:
        assert talk(backend, ["Name a colour."], "Ann").cached_tokens == 0
        copied = ["Name an animal."]
        assert talk(backend, copied, "Ben").cached_tokens >= 35
    finally:
        backend.close()
    fresh = ctransformers_backend(smollm2, prepared_cache, slots=1, state_cache_mb=0)
    try:
        anew = ["Name an animal."]
        talk(fresh, anew, "Ben")
    finally:
        fresh.close()

    assert copied == anew


def test_instructions_read_in_advance_are_never_read_again(
    smollm2: Path, prepared_cache: Path
) -> None:
    backend = ctransformers_backend(smollm2, prepared_cache, state_cache_mb=1)
    try:
        begin = Segment("<|im_start|>system\n", trusted=True)
        backend.warm(Prompt(segments=(begin, Segment(SYSTEM))))
        sizes = set()
        for number in range(4):  # a budget of 1 MB keeps no conversation, only the pinned state
            usage = talk(backend, [f"Question {number}: what is {number} plus one?"], str(number))
            assert usage.cached_tokens >= 35, number
            assert backend.cache is not None
            sizes.add(backend.cache.size)
        assert len(sizes) == 1, "the pinned state alone"
    finally:
        backend.close()


def test_the_state_cache_keeps_to_its_budget(smollm2: Path, prepared_cache: Path) -> None:
    backend = ctransformers_backend(smollm2, prepared_cache, slots=1, state_cache_mb=5)
    try:
        for number in range(6):
            talk(backend, [f"Question {number}"], str(number))
            assert backend.cache is not None
            assert backend.cache.size <= 5_000_000
        assert backend.cache is not None
        assert backend.cache.size > 0
    finally:
        backend.close()


def test_without_a_state_cache_the_slots_alone_remember(
    smollm2: Path, prepared_cache: Path
) -> None:
    backend = ctransformers_backend(smollm2, prepared_cache, state_cache_mb=0)
    try:
        assert backend.cache is None
        backend.warm(chat(system=SYSTEM))
        talks = {name: [f"I am {name}."] for name in "AB"}
        first = {name: talk(backend, turns, name) for name, turns in talks.items()}
        assert all(usage.cached_tokens >= 35 for usage in first.values())
        for name, turns in talks.items():
            turns.append("Who am I?")
            assert talk(backend, turns, name).cached_tokens >= first[name].prompt_tokens
    finally:
        backend.close()


Steps = list[tuple[str, CtDecoder]]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """The pieces of prompts that were read and the tokens that were picked, in their order."""
    seen: Steps = []
    evaluate, sample = CtDecoder.evaluate, CtDecoder.sample

    def read_piece(decoder: CtDecoder, tokens: list[int], **how: Any) -> None:
        if len(tokens) > 1:
            seen.append(("piece", decoder))
        evaluate(decoder, tokens, **how)

    def pick(decoder: CtDecoder, *how: Any) -> int:
        seen.append(("token", decoder))
        return sample(decoder, *how)

    monkeypatch.setattr(CtDecoder, "evaluate", read_piece)
    monkeypatch.setattr(CtDecoder, "sample", pick)
    return seen


@pytest.fixture
def running(talker: Path, prepared_cache: Path, steps: Steps) -> Iterator[CTransformersBackend]:
    """A backend that writes an answer without end, with one slot left."""
    backend = ctransformers_backend(talker, prepared_cache, context_length=ENDLESS.max_tokens)
    try:
        endless = backend.generate(plain("a"), ENDLESS)
        next(event for event in endless if isinstance(event, Token))
        steps.clear()  # the next one is of this answer
        yield backend
        assert backend.workload() == (1, 0), "it is still being written"
    finally:
        backend.close()


def test_answers_take_turns_token_by_token(running: CTransformersBackend, steps: Steps) -> None:
    read(running.generate(plain("b"), Sampling(max_tokens=10, temperature=0)))

    (_, first), so_far = steps[0], list(steps)
    own = [place for place, step in enumerate(so_far) if step[0] == "token" and step[1] != first]
    assert len(own) == 10
    assert all(so_far[a + 1 : b] == [("token", first)] for a, b in pairwise(own))


def test_a_long_prompt_does_not_stall_a_running_answer(
    running: CTransformersBackend, steps: Steps
) -> None:
    read(running.generate(plain("word " * 300), Sampling(max_tokens=1, temperature=0)))

    (_, first), so_far = steps[0], list(steps)
    pieces = [place for place, step in enumerate(so_far) if step[0] == "piece"]
    assert len(pieces) >= 300 // 32
    assert all(so_far[a + 1 : b] == [("token", first)] for a, b in pairwise(pieces))


def test_a_visitor_who_leaves_while_the_prompt_is_read_frees_the_slot(
    backend: CTransformersBackend, steps: Steps
) -> None:
    def leaves() -> bool:
        return len(steps) == 3

    events = list(backend.generate(plain("word " * 900), GREEDY, cancelled=leaves))

    assert events == [Queued(0)]
    assert len(steps) == 3, "nothing was read after that"
    wait_for(lambda: backend.workload() == (0, 0))


def test_the_same_seed_gives_the_same_answer_in_company(smol: SocketEngine) -> None:
    sampling = Sampling(max_tokens=16, temperature=1.0, seed=5)
    alone = ask(smol, chat("Describe a tree."), sampling).text
    results: list[str] = []

    def write(question: str) -> None:
        text = ask(smol, chat(question), sampling).text
        if question == "Describe a tree.":
            results.append(text)

    questions = ["Describe a tree.", "Describe a house.", "Describe a tree."]
    threads = [threading.Thread(target=write, args=(question,)) for question in questions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == [alone, alone]
