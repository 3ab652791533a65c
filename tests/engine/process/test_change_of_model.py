"""Another model answers from now on: what was begun is finished, and nobody sees an error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.engine.asking import ENDLESS, GREEDY, Asked, ask, plain, read
from support.models.tiny_models import write_parrot_gguf
from support.patience import LONG, wait_for

from chatbot_server.config.sections import LimitsSection
from chatbot_server.conversation.events import TextPiece
from chatbot_server.conversation.model.prompting import Dialogue
from chatbot_server.conversation.model.writing import Writer
from chatbot_server.conversation.record import Record
from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import Sampling, Token
from chatbot_server.engine.process import succession
from chatbot_server.engine.process.client import SocketCompletion, SocketEngine
from chatbot_server.engine.process.state import read_change, read_state
from chatbot_server.engine.process.supervisor import EngineSupervisor, SupervisorTiming
from chatbot_server.errors import EngineError
from chatbot_server.prompt.base import Prompt
from chatbot_server.storage.database import Database
from chatbot_server.web.middleware.limits.rate_limits import RateLimits
from chatbot_server.web.v1.bodies import ChatCompletionBody
from chatbot_server.web.v1.routes import ModelApi

SAYS = "Bonjour à tous"
LONG_ANSWER = Sampling(max_tokens=2000, temperature=0)  # some seconds


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A second model, which says something else."""
    return write_parrot_gguf(tmp_path / "other.gguf", SAYS)


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
    assert ask(engine, "a").text == SAYS
    for visitor in visitors:
        visitor.join(LONG)
    assert len(texts) == 4
    assert all(answer.finished.reason == "length" for answer in texts)
    assert engine.status().restarts == 0
    wait_for(lambda: not Path(f"/proc/{former}/cmdline").exists() or is_zombie(former))
    assert ask(engine, "a").text == SAYS


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
    assert ask(engine, "a").text == SAYS
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


class ChangedMeanwhile(SocketEngine):
    """Another model has come whenever *method* is called for the first time."""

    def __init__(self, supervisor: EngineSupervisor, path: Path, method: str) -> None:
        super().__init__(supervisor.run_dir, restart_seconds=LONG)
        self._supervisor, self._path, self._method = supervisor, path, method
        self.prompts: list[Prompt] = []

    def count_prompt(self, prompt: Prompt) -> int:
        self._change("count_prompt")
        return super().count_prompt(prompt)

    def generate(
        self, prompt: Prompt, sampling: Sampling, *, conversation: str | None = None
    ) -> SocketCompletion:
        self.prompts.append(prompt)
        self._change("generate")
        return super().generate(prompt, sampling, conversation=conversation)

    def _change(self, method: str) -> None:
        if self._method == method:
            self._method = ""
            self._supervisor.change(settings_of(self._path))
            wait_for(lambda: change_is(self._run_dir, "done"))


@pytest.mark.parametrize(("method", "count"), [("count_prompt", 1), ("generate", 2)])
def test_a_prompt_made_while_the_model_changed_is_made_again(
    run: Callable[..., EngineSupervisor], parrot: Path, other: Path, method: str, count: int
) -> None:
    engine = ChangedMeanwhile(run(settings_of(parrot)), other, method)
    record = Record()
    events = list(Writer(engine, GREEDY, "a").freely(Dialogue("Be kind.", (), "Hi"), record))
    assert "".join(event.text for event in events if isinstance(event, TextPiece)) == SAYS
    assert record.model == "other"
    assert len(engine.prompts) == count
    assert engine.prompts[-1].model == engine.info().identity
    assert len({prompt.model for prompt in engine.prompts}) == count


def test_an_application_is_answered_by_the_model_that_came_meanwhile(
    run: Callable[..., EngineSupervisor], parrot: Path, other: Path
) -> None:
    engine = ChangedMeanwhile(run(settings_of(parrot)), other, "generate")
    database = Database("sqlite://")
    api = ModelApi(engine, database, RateLimits(LimitsSection()), GREEDY, None)
    messages = [{"role": "user", "content": "Hi"}]
    body = ChatCompletionBody.model_validate({"model": "default", "messages": messages})
    completion, model = api.chat(body)
    assert model == "other"
    assert read(completion).text == SAYS
    with pytest.raises(EngineError) as refused:  # made for the former one
        engine.generate(engine.prompts[0], GREEDY)
    assert refused.value.code == "engine_changed"
    database.close()
