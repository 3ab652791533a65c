"""A model whose states cannot be kept goes on; one that can do no more is started again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.engine.asking import ask, chat, read
from support.engine.backends import ctransformers_backend
from support.patience import LONG, wait_for

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import Sampling
from chatbot_server.engine.ctransformers.backend import CTransformersBackend
from chatbot_server.engine.ctransformers.decoder import CtDecoder
from chatbot_server.engine.ctransformers.native_state import NativeState
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.engine.process.state import read_state
from chatbot_server.engine.process.supervisor import EngineSupervisor
from chatbot_server.engine.scheduling.cache import StateCache
from chatbot_server.errors import EngineError

SHORT = Sampling(max_tokens=8, temperature=0, repetition_penalty=1.0)


@pytest.fixture
def backend(smollm2: Path, prepared_cache: Path) -> Iterator[CTransformersBackend]:
    """The real model on one slot: each conversation puts the one before it into the cache."""
    made = ctransformers_backend(smollm2, prepared_cache, slots=1)
    yield made
    made.close()


def broken(error: BaseException) -> Callable[..., Any]:
    """A double of a function that fails."""

    def fail(*_given: object, **_named: object) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    ("function", "double"),
    [
        ("restore", lambda native, state: False),  # the library refuses the state
        ("restore", broken(MemoryError())),
        ("save", broken(OSError("no memory to map"))),
    ],
    ids=["refused", "restore", "save"],
)
def test_what_cannot_be_kept_or_restored_is_read_anew(
    backend: CTransformersBackend,
    function: str,
    double: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = read(backend.generate(chat("Name a colour."), SHORT, conversation="Ann"))
    read(backend.generate(chat("Name an animal."), SHORT, conversation="Ben"))
    monkeypatch.setattr(NativeState, function, double)
    again = read(backend.generate(chat("Name a colour."), SHORT, conversation="Ann"))

    assert again.text == first.text
    assert again.finished.usage.cached_tokens == 0
    assert backend.workload() == (0, 0)


def test_what_nobody_thought_of_costs_one_answer(
    backend: CTransformersBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(StateCache, "find", broken(ValueError("nobody thought of this")))
        with pytest.raises(EngineError):
            read(backend.generate(chat("Name a colour."), SHORT))
    assert read(backend.generate(chat("Name a colour."), SHORT)).text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_model_whose_thread_has_ended_stands_still_for_ever(
    backend: CTransformersBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert backend.stalled_seconds() == 0
    monkeypatch.setattr(CtDecoder, "sample", broken(SystemExit()))
    backend.generate(chat("Name a colour."), SHORT)
    wait_for(lambda: backend.stalled_seconds() == math.inf)


# Put before the real engine's process: its first token ends the thread that owns the model.
BREAK_ONCE = """
import pathlib
from chatbot_server.engine.ctransformers.decoder import CtDecoder

sample, broken = CtDecoder.sample, pathlib.Path({flag!r})

def once(decoder, *how):
    if not broken.exists():
        broken.touch()
        raise SystemExit
    return sample(decoder, *how)

CtDecoder.sample = once
"""


def test_an_engine_whose_scheduler_has_ended_is_started_again(
    parrot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = tmp_path / "broken"
    (tmp_path / "sitecustomize.py").write_text(BREAK_ONCE.format(flag=str(flag)))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    settings = EngineSettings(parrot, "ctransformers", tmp_path, threads=1, slots=1)
    supervisor = EngineSupervisor(settings, tmp_path / "run")
    supervisor.start()
    try:
        assert supervisor.wait(LONG) == "ready"
        first = read_state(tmp_path / "run").pid
        engine = SocketEngine(tmp_path / "run", restart_seconds=LONG)
        # Nothing was said yet, so the question is asked again, and the visitor sees nothing.
        assert ask(engine, "a", Sampling(max_tokens=3, temperature=0)).text
        assert flag.exists()
        assert read_state(tmp_path / "run").pid != first
    finally:
        supervisor.stop()
