"""Measures an engine by our own clock, not by the timings that it reports."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from chatbot_server.bench.questions import Questions, written
from chatbot_server.engine.base import Engine, Finished, Sampling, Token
from chatbot_server.prompt.base import Message

# Greedy and without penalty: the cheapest sampling there is, so that evaluation is measured.
GREEDY = Sampling(max_tokens=64, temperature=0, top_k=1, repetition_penalty=1)


@dataclass(frozen=True)
class Run:
    """One answer: seconds to its first token and to its end, and its tokens."""

    first: float
    whole: float
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    text: str

    @property
    def write_speed(self) -> float:
        """Tokens per second after the first."""
        return (self.completion_tokens - 1) / max(1e-9, self.whole - self.first)

    @property
    def read_speed(self) -> float:
        """Prompt tokens per second, of those that were not in the cache."""
        return (self.prompt_tokens - self.cached_tokens) / max(1e-9, self.first)


@dataclass(frozen=True)
class ConcurrentSpeed:
    """*visitors* at once: their tokens per second in all, and their first tokens."""

    visitors: int
    speed: float
    first: tuple[float, ...]

    @property
    def spread(self) -> float:
        """How many times as long as the median the slowest first token took."""
        return max(self.first) / max(1e-9, median(self.first))


def run(
    engine: Engine, messages: Sequence[Message], tokens: int, conversation: str | None = None
) -> Run:
    """Ask *engine* for at most *tokens* tokens."""
    prompt = written(engine, messages)
    sampling = Sampling(**{**vars(GREEDY), "max_tokens": tokens})
    began = time.monotonic()
    first, text, last = 0.0, "", None
    for event in engine.generate(prompt, sampling, conversation=conversation):
        if isinstance(event, Token):
            first = first or time.monotonic() - began
            text += event.text
        elif isinstance(event, Finished):
            last = event
    whole = time.monotonic() - began
    usage = last.usage if last else None
    return Run(
        first or whole,
        whole,
        usage.prompt_tokens if usage else 0,
        usage.cached_tokens if usage else 0,
        usage.completion_tokens if usage else 0,
        text,
    )


def read_speed(engine: Engine, questions: Questions, words: int) -> float:
    """Tokens per second while a prompt of *words* new words is evaluated."""
    return run(engine, questions.first_turn(words, fresh=True), 1).read_speed


def write_speed(engine: Engine, questions: Questions, tokens: int) -> float:
    """Tokens per second while an answer is written."""
    return run(engine, questions.first_turn(8), tokens).write_speed


def second_turns(
    engine: Engine, questions: Questions, conversations: int, words: int
) -> tuple[list[float], list[float]]:
    """First tokens of second turns, and of the same prompts read as a whole.

    *conversations* go on side by side: all first turns, then all second ones.
    """
    talks = [questions.first_turn(words) for _ in range(conversations)]
    for number, messages in enumerate(talks):
        answer = run(engine, messages, 24, f"talk-{number}").text
        messages += [Message("assistant", answer), Message("user", questions.words(12))]
    warm, cold = [], []
    for number, messages in enumerate(talks):
        warm.append(run(engine, messages, 1, f"talk-{number}").first)
        cold.append(run(engine, questions.fresh(messages), 1).first)
    return warm, cold


def together(engine: Engine, questions: Questions, visitors: int, tokens: int) -> ConcurrentSpeed:
    """*visitors* ask at the same moment, each something else."""
    runs: list[Run] = []
    gate = threading.Barrier(visitors + 1)
    first_turns = [questions.first_turn(30) for _ in range(visitors)]

    def ask(messages: list[Message]) -> None:
        gate.wait()
        runs.append(run(engine, messages, tokens))

    threads = [threading.Thread(target=ask, args=(messages,)) for messages in first_turns]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.monotonic()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    total = sum(answer.completion_tokens for answer in runs)
    return ConcurrentSpeed(
        visitors, total / seconds, tuple(sorted(answer.first for answer in runs))
    )
