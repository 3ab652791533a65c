"""Engines in real processes, and short ways to ask them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.engine.asking import ENDLESS
from support.models.tiny_models import write_parrot_gguf
from support.patience import LONG

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.engine.process.supervisor import (
    EngineSupervisor,
    SupervisorTiming,
    local_engine,
)

Start = Callable[..., SocketEngine]


@pytest.fixture(scope="session")
def prepared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prepared")


@pytest.fixture
def start(prepared_cache: Path) -> Iterator[Start]:
    """Start an engine for a model file, with any setting changed; ended after the test."""
    with ExitStack() as engines:

        def run(path: Path, **settings: object) -> SocketEngine:
            wanted = {"threads": 1, "slots": 1, "context_length": 512, **settings}
            all_settings = EngineSettings(path, "ctransformers", prepared_cache, **wanted)  # type: ignore[arg-type]
            return engines.enter_context(local_engine(all_settings, seconds=LONG))

        yield run


HASTY = SupervisorTiming(first_pause=0.01, longest_pause=0.05)


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., EngineSupervisor]]:
    """Start a supervisor for a model; stopped after the test."""
    started = []

    def run(path: Path, timing: SupervisorTiming = HASTY, **settings: object) -> EngineSupervisor:
        wanted = {"threads": 1, "slots": 1, "context_length": ENDLESS.max_tokens, **settings}
        supervisor = EngineSupervisor(
            EngineSettings(path, "ctransformers", tmp_path / "cache", **wanted),  # type: ignore[arg-type]
            tmp_path / "run",
            timing,
        )
        supervisor.start()
        started.append(supervisor)
        return supervisor

    yield run
    for supervisor in started:
        supervisor.stop()


SENTENCE = "Je vais au café demain 😀"


@pytest.fixture
def parrot(tmp_path: Path) -> Path:
    """A model that says one sentence."""
    return write_parrot_gguf(tmp_path / "parrot.gguf", SENTENCE)


@pytest.fixture
def talker(tmp_path: Path) -> Path:
    """A model that never stops."""
    name = tmp_path / "talker.gguf"
    length = ENDLESS.max_tokens
    return write_parrot_gguf(name, "on and forever", loop=True, context_length=length)


@pytest.fixture(scope="session")
def parrot_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SocketEngine]:
    """A running parrot."""
    folder = tmp_path_factory.mktemp("parrot")
    path = write_parrot_gguf(folder / "parrot.gguf", SENTENCE)
    settings = EngineSettings(path, "ctransformers", folder, threads=1, slots=1)
    with local_engine(settings, seconds=LONG) as engine:
        yield engine


@pytest.fixture(scope="session")
def smol(smollm2: Path, prepared_cache: Path) -> Iterator[SocketEngine]:
    """The embedded model, on four slots."""
    settings = EngineSettings(smollm2, "ctransformers", prepared_cache, threads=1, slots=4, queue=8)
    with local_engine(settings, seconds=LONG) as engine:
        yield engine
