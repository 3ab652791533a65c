"""What prompt lookup gives where an answer quotes its passage: the same texts, sooner."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path

from chatbot_server.bench.report import Row
from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import Sampling, Token
from chatbot_server.engine.ctransformers.decoder import CtDecoder
from chatbot_server.engine.ctransformers.threads import ThreadGovernor
from chatbot_server.engine.llamacpp import parameters
from chatbot_server.engine.llamacpp.backend import LlamaCppBackend
from chatbot_server.engine.scheduling.cache import common_prefix
from chatbot_server.engine.tokenizers import make_tokenizer
from chatbot_server.engine.tokenizers.prompts import PromptEncoder
from chatbot_server.models.files.inspect import inspect_model
from chatbot_server.models.files.prepare import prepare_model
from chatbot_server.models.files.vocabulary import load_tokenizer
from chatbot_server.prompt.base import Prompt, Segment

PASSAGES = (
    "The workshop is open from Tuesday to Saturday, from 9 am to 12:30 pm and from 2 pm to 6:30. "
    "A puncture repair costs 12 euros, tube included. A full service costs 59 euros.\n"
    "Guests may arrive between 3 pm and 10 pm; later the key is in the box by the side door. "
    "Breakfast is served from 7:30 to 10 in the winter garden and costs 14 euros for adults.\n"
    "Membership costs 120 pounds a year for adults and 60 pounds for juniors under eighteen. "
    "Courts are booked on the notice board at most seven days in advance.\n"
    "Orders above 45 euros are delivered free of charge within three working days. "
    "Unopened tea may be returned within thirty days of delivery."
).splitlines()
ASKED = (
    "Repeat the text above word for word.",
    "List every figure of the text, with the sentence it stands in.",
    "What does the text say? Copy its sentences.",
    "Quote the first half of the text.",
    "Answer with the exact words of the text: what may I do, and what does it cost?",
)
PROMPT_TOKENS, ROUNDS, LONGEST_STEP = 128, 20, 17
GREEDY = Sampling(max_tokens=80, temperature=0, repetition_penalty=1)


def quoting_speed(model: Path, threads: int) -> Iterator[Row]:
    """Twenty quoting prompts, each written without drafts and with them, in turns.

    In processor time, which other programs of the machine disturb less than the clock's.
    """
    drafts = parameters.DRAFT_TOKENS
    plain_seconds, drafted_seconds = 0.0, 0.0
    plain_texts, drafted_texts = [], []
    prompts = [_prompt(passage, asked) for passage in PASSAGES for asked in ASKED]
    with _backend(model, threads, 0) as plain, _backend(model, threads, drafts) as drafted:
        for prompt in prompts:
            text, seconds = _write(plain, prompt)
            plain_texts.append(text)
            plain_seconds += seconds
            text, seconds = _write(drafted, prompt)
            drafted_texts.append(text)
            drafted_seconds += seconds
    same = sum(map(str.__eq__, plain_texts, drafted_texts))
    speedup = plain_seconds / drafted_seconds
    yield Row("llama.cpp: 20 quoting prompts, with lookup ÷ without", speedup, "", 1.6)
    yield Row("equal texts of them", same / len(prompts), "", 1.0)
    yield from _ceilings(model, threads, list(zip(prompts, plain_texts, strict=True)))


def _ceilings(model: Path, threads: int, written: list[tuple[Prompt, str]]) -> Iterator[Row]:
    """What no lookup can exceed with ctransformers, whatever it drafts."""
    with tempfile.TemporaryDirectory() as folder:
        settings = EngineSettings(model, "ctransformers", Path(folder), slots=1, threads=threads)
        prepared = prepare_model(inspect_model(model), Path(folder))
        tokenizer = make_tokenizer(load_tokenizer(prepared))
        costs = _step_costs(CtDecoder(prepared, settings, ThreadGovernor(threads)))
    encode = PromptEncoder(tokenizer).encode
    answers = [
        (encode(asked), encode(Prompt(segments=(Segment(text),)))) for asked, text in written
    ]
    steps = [step for prompt, answer in answers for step in _right_steps(prompt, answer)]
    tokens = parameters.DRAFT_TOKENS + 1
    most = tokens * costs[1] / costs[tokens]
    yield Row("ctransformers: most that right drafts could give", most, "", 1.6)
    most = sum(steps) * costs[1] / sum(costs[step] for step in steps)
    yield Row("the same, with what these answers have in common with their prompts", most, "", 1.6)
    yield Row("the same, if drafts cost nothing", sum(steps) / len(steps), "", 1.6)


def _step_costs(decoder: CtDecoder) -> dict[int, float]:
    """Seconds of the processor by the number of tokens read together, the least of some rounds."""
    decoder.evaluate(range(1000, 1000 + PROMPT_TOKENS), exact=True)
    costs = dict.fromkeys(range(1, LONGEST_STEP + 1), inf)
    for _ in range(ROUNDS):
        for tokens in costs:
            decoder.rewind(PROMPT_TOKENS)
            began_at = time.process_time()
            decoder.evaluate(range(tokens), exact=True)
            costs[tokens] = min(costs[tokens], time.process_time() - began_at)
    return costs


def _right_steps(prompt: list[int], answer: list[int]) -> Iterator[int]:
    """Tokens of each step, where a draft begins at the best match and ends before an error."""
    done = 1  # the first token comes from the prompt's own evaluation
    while done < len(answer):
        before, rest = prompt + answer[:done], answer[done:]
        matches = (at for at in range(1, len(before)) if before[at - 1] == before[-1])
        right = max((common_prefix(before[at:], rest) for at in matches), default=0)
        step = min(right + 1, LONGEST_STEP, len(rest))
        done += step
        yield step


@contextmanager
def _backend(model: Path, threads: int, drafts: int) -> Iterator[LlamaCppBackend]:
    usual, parameters.DRAFT_TOKENS = parameters.DRAFT_TOKENS, drafts
    with tempfile.TemporaryDirectory() as folder:
        settings = EngineSettings(model, "llamacpp", Path(folder), slots=1, threads=threads)
        backend = LlamaCppBackend(settings, Path(folder))
        parameters.DRAFT_TOKENS = usual
        yield backend
        backend.close()


def _prompt(passage: str, asked: str) -> Prompt:
    """In the chat format of the embedded model."""
    question = Segment(f"Text: {passage}\n\n{asked}")
    before = Segment("<|im_start|>user\n", trusted=True)
    after = Segment("<|im_end|>\n<|im_start|>assistant\n", trusted=True)
    return Prompt(segments=(before, question, after))


def _write(backend: LlamaCppBackend, prompt: Prompt) -> tuple[str, float]:
    """The text, and the seconds of the processor after the prompt was read."""
    text, first_at = "", None
    for event in backend.generate(prompt, GREEDY):
        if isinstance(event, Token):
            first_at = first_at or time.process_time()
            text += event.text
    return text, time.process_time() - (first_at or time.process_time())
