"""Another model answers from now on: what was begun is finished, and nobody sees an error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from engine_helpers import ENDLESS, Asked, ask, plain, read
from support.patience import LONG, wait_for
from support.tiny_models import write_parrot_gguf

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import Sampling, Token
from chatbot_server.engine.process import succession
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.engine.process.state import read_change, read_state
from chatbot_server.engine.process.supervisor import EngineSupervisor, SupervisorTiming
from chatbot_server.errors import EngineError

LONG_ANSWER = Sampling(max_tokens=2000, temperature=0)  # some seconds


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A second model, which says something else."""
    return write_parrot_gguf(tmp_path / "other.gguf", "Bonjour à tous")


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., EngineSupervisor]]:
    """Starts the engine of a model file, and waits until it is ready."""
    monkeypatch.setattr(succession, "SETTLED_SECONDS", 0.4)
    supervisors: list[EngineSupervisor] = []

    def start(settings: EngineSettings) -> EngineSupervisor:
        supervisor = EngineSupervisor(settings, tmp_path / "run", SupervisorTiming())
        supervisors.append(supervisor)
        supervisor.start()
        assert supervisor.wait(LONG) == "ready"
        return supervisor

    yield start
    for supervisor in supervisors:
        supervisor.stop()


def settings_of(path: Path, **values: object) -> EngineSettings:
    wanted = {"model": path.stem, "threads": 1, "slots": 4, "context_length": 512, **values}
    return EngineSettings(path, "ctransformers", path.parent / "cache", **wanted)  # type: ignore[arg-type]


def change_is(run_dir: Path, state: str) -> bool:
    change = read_change(run_dir)
    return change is not None and change.state == state


def until_token(completion: Iterator[object]) -> None:
    while not isinstance(next(completion), Token):
        pass


def test_four_answers_are_finished_while_the_next_is_the_other_models(
    run: Callable[..., EngineSupervisor], talker: Path, other: Path
) -> None:
    supervisor = run(settings_of(talker, context_length=ENDLESS.max_tokens))
    engine = SocketEngine(supervisor.run_dir)
    former = read_state(supervisor.run_dir).pid
    answers = [engine.generate(plain("a"), LONG_ANSWER) for _ in range(4)]
    texts: list[Asked] = []
    visitors = [threading.Thread(target=lambda a=a: texts.append(read(a))) for a in answers]
    for answer in answers:
        until_token(answer)
    supervisor.change(settings_of(other))
    for visitor in visitors:
        visitor.start()
    wait_for(lambda: change_is(supervisor.run_dir, "done"))
    assert engine.info().model == "other"
    assert ask(engine, "a").text == "Bonjour à tous"
    for visitor in visitors:
        visitor.join(LONG)
    assert len(texts) == 4
    assert all(answer.finished.reason == "length" for answer in texts)
    assert engine.status().restarts == 0
    wait_for(lambda: not Path(f"/proc/{former}/cmdline").exists() or is_zombie(former))
    assert ask(engine, "a").text == "Bonjour à tous"


def is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_model_that_cannot_be_loaded_leaves_the_former_one(
    run: Callable[..., EngineSupervisor], parrot: Path, tmp_path: Path
) -> None:
    supervisor = run(settings_of(parrot))
    engine = SocketEngine(supervisor.run_dir)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(parrot.read_bytes()[:2000])
    supervisor.change(settings_of(broken))
    wait_for(lambda: change_is(supervisor.run_dir, "failed"))
    change = read_change(supervisor.run_dir)
    assert change is not None
    assert change.code
    assert ask(engine, "a").text == "Je vais au café demain 😀"


def test_without_room_for_both_the_next_waits_for_the_last_answer(
    run: Callable[..., EngineSupervisor], talker: Path, other: Path
) -> None:
    supervisor = run(settings_of(talker, context_length=ENDLESS.max_tokens))
    engine = SocketEngine(supervisor.run_dir, restart_seconds=LONG)
    answer = engine.generate(plain("a"), LONG_ANSWER)
    until_token(answer)
    supervisor.change(settings_of(other), beside=False)
    wait_for(lambda: engine.status().state == "restarting")
    assert read(answer).finished.reason == "length"
    assert ask(engine, "a").text == "Bonjour à tous"
    assert engine.status().restarts == 0


def test_no_model_any_more(
    run: Callable[..., EngineSupervisor], talker: Path, parrot: Path
) -> None:
    supervisor = run(settings_of(talker, context_length=ENDLESS.max_tokens))
    engine = SocketEngine(supervisor.run_dir)
    answer = engine.generate(plain("a"), LONG_ANSWER)
    until_token(answer)
    supervisor.change(None)
    wait_for(lambda: engine.status().state == "none")
    assert read(answer).finished.reason == "length"
    with pytest.raises(EngineError):
        engine.info()
    wait_for(lambda: not supervisor.is_running())


def test_an_idle_model_is_exchanged_too(
    run: Callable[..., EngineSupervisor], parrot: Path, other: Path
) -> None:
    supervisor = run(replace(settings_of(parrot), idle_seconds=0.2))
    engine = SocketEngine(supervisor.run_dir, restart_seconds=LONG)
    assert engine.info().model == "parrot"
    wait_for(lambda: engine.status().state == "idle")
    supervisor.change(settings_of(other))
    wait_for(lambda: engine.status().state == "ready")
    assert engine.info().model == "other"
