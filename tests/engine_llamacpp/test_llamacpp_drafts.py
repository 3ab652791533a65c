"""Prompt lookup writes what plain decoding writes; a second turn what a cold start writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.engine.backends import llamacpp_backend
from support.models.chatml import chatml
from support.models.tiny_architectures import ARCHITECTURES, write_architecture
from support.models.tiny_recurrent import CONTEXT, RECURRENT, write_recurrent

from chatbot_server.engine.base import Sampling, Token
from chatbot_server.engine.llamacpp import parameters
from chatbot_server.engine.llamacpp.backend import LlamaCppBackend
from chatbot_server.engine.llamacpp.completion import Request
from chatbot_server.prompt.base import Prompt

pytestmark = [pytest.mark.model, pytest.mark.xdist_group("llamacpp")]
GREEDY = Sampling(max_tokens=160, temperature=0, repetition_penalty=1)
HELLO = "hello hello the hello "
TEXT = (
    "A puncture repair costs 12 euros, tube included. A full service costs 59 euros and takes two "
    "working days. Bicycles that are not collected are stored for 2 euros a day."
)
QUOTE = chatml(f"Repeat this text word for word: {TEXT}")

MakeBackend = Callable[[Path], LlamaCppBackend]


@pytest.fixture
def make_backend(tmp_path: Path) -> MakeBackend:
    def make(file: Path) -> LlamaCppBackend:
        wanted = {"slots": 2, "queue": 1, "state_cache_mb": 32, "answer_seconds": 240}
        return llamacpp_backend(file, tmp_path, context_length=CONTEXT, **wanted)

    return make


def complete(backend: LlamaCppBackend, prompt: Prompt) -> tuple[str, int]:
    """What is written, and how many drafted tokens were right, as the library counts them."""
    chunks: list[dict[str, Any]] = []

    def keep(chunk: dict[str, Any]) -> bool:
        chunks.append(chunk)
        return False

    request = Request(backend.tokenize(prompt), (), GREEDY, 240, 0)
    backend._call(request.body(), keep)
    text = "".join(chunk["choices"][0]["text"] for chunk in chunks if "choices" in chunk)
    return text, chunks[-1]["timings"].get("draft_n_accepted") or 0


def with_and_without_drafts(
    make: MakeBackend, file: Path, prompt: Prompt, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, str, int]:
    backend = make(file)
    drafted_text, right_drafts = complete(backend, prompt)
    backend.close()
    monkeypatch.setattr(parameters, "DRAFT_TOKENS", 0)
    backend = make(file)
    plain_text, none = complete(backend, prompt)
    backend.close()
    assert none == 0
    return drafted_text, plain_text, right_drafts


def test_a_quoting_answer_is_drafted_from_its_prompt_and_stays_the_same(
    make_backend: MakeBackend, smollm2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafted, plain, right = with_and_without_drafts(make_backend, smollm2, QUOTE, monkeypatch)
    assert drafted == plain
    assert right >= 6


@pytest.mark.parametrize("architecture", [*RECURRENT, "qwen2"])
def test_wrong_drafts_leave_no_trace_in_any_kind_of_state(
    architecture: str, make_backend: MakeBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "tiny.gguf", architecture)
    prompt = chatml(3 * HELLO)
    drafted, plain, _right = with_and_without_drafts(make_backend, file, prompt, monkeypatch)
    assert drafted == plain


@pytest.mark.parametrize("architecture", [*RECURRENT, *ARCHITECTURES])
def test_a_second_turn_is_answered_as_by_a_cold_start(
    architecture: str, make_backend: MakeBackend, tmp_path: Path
) -> None:
    file = write(tmp_path / "tiny.gguf", architecture)
    warm = make_backend(file)
    answers = [text_of(warm, chatml(HELLO * turns)) for turns in (1, 2, 3, 1)]
    warm.close()
    cold = make_backend(file)
    assert text_of(cold, chatml(HELLO * 3)) == answers[2]
    cold.close()
    assert answers[3] == answers[0]


def write(path: Path, architecture: str) -> Path:
    if architecture in RECURRENT:
        return write_recurrent(path, architecture)
    return write_architecture(path, architecture, context_length=CONTEXT)


def text_of(backend: LlamaCppBackend, prompt: Prompt) -> str:
    events = backend.generate(prompt, GREEDY)
    return "".join(event.text for event in events if isinstance(event, Token))
