"""The engine's process dies, hangs, or never comes up: the rest goes on."""

from __future__ import annotations

import os
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.engine.asking import ENDLESS, GREEDY, ask, plain, read
from support.models.tiny_models import write_random_llama_gguf
from support.patience import LONG, wait_for

from chatbot_server.engine.base import Queued, Sampling, Token
from chatbot_server.engine.process import protocol
from chatbot_server.engine.process.address import SOCKET
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.engine.process.state import read_state
from chatbot_server.engine.process.supervisor import EngineSupervisor, SupervisorTiming
from chatbot_server.engine.process.worker import read_in_advance
from chatbot_server.errors import EngineBusy, EngineCrashed, EngineError
from chatbot_server.models.files.inspect import inspect_model
from chatbot_server.models.files.prepare import prepare_model
from chatbot_server.prompt.base import Prompt


def running(pid: int) -> bool:
    """Not ended; what ended may stay in the list of processes until somebody asks for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def client_of(supervisor: EngineSupervisor) -> SocketEngine:
    """One that waits for a restart as long as a busy machine may need."""
    return SocketEngine(supervisor.run_dir, restart_seconds=LONG)


def until_token(completion: Iterator[object]) -> None:
    while not isinstance(next(completion), Token):
        pass


def test_a_crash_in_mid_answer_is_told_and_the_engine_comes_back(
    supervise: Callable[..., EngineSupervisor], talker: Path
) -> None:
    supervisor = supervise(talker)
    assert supervisor.wait(LONG) == "ready"
    engine = client_of(supervisor)
    completion = engine.generate(plain("a"), ENDLESS)
    until_token(completion)

    os.kill(read_state(supervisor.run_dir).pid, signal.SIGKILL)
    with pytest.raises(EngineCrashed) as crashed:
        read(completion)

    assert crashed.value.code == "engine_crashed"
    assert ask(engine, "a", Sampling(max_tokens=3, temperature=0)).text == "on and forever"
    assert engine.status().restarts == 1


def test_a_crash_before_the_first_token_is_mended_unseen(
    supervise: Callable[..., EngineSupervisor], talker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = supervise(talker)
    assert supervisor.wait(LONG) == "ready"
    pid = read_state(supervisor.run_dir).pid
    os.kill(pid, signal.SIGSTOP)  # so that it dies with the question in its hands
    asked: list[socket.socket] = []
    read_lines = protocol.read_lines

    def sent(connection: socket.socket) -> Iterator[dict[str, Any]]:
        if not asked:
            os.kill(pid, signal.SIGKILL)
        asked.append(connection)
        return read_lines(connection)

    monkeypatch.setattr(protocol, "read_lines", sent)
    answer = ask(client_of(supervisor), "a", Sampling(max_tokens=3, temperature=0))

    assert answer.text == "on and forever"
    assert len(asked) == 2


def test_a_model_that_kills_its_process_is_given_up(
    supervise: Callable[..., EngineSupervisor], tmp_path: Path
) -> None:
    path = write_random_llama_gguf(tmp_path / "tied.gguf", tokenizer="bpe")
    prepared = prepare_model(inspect_model(path), tmp_path / "cache").path
    # No attention heads: the library divides by them while it loads.
    heads = b"llama.attention.head_count" + struct.pack("<I", 4)
    prepared.write_bytes(
        prepared.read_bytes().replace(heads + struct.pack("<I", 2), heads + bytes(4))
    )
    supervisor = supervise(path, max_restarts=3)
    assert supervisor.wait(LONG) == "failed"

    engine = SocketEngine(supervisor.run_dir)
    status = engine.status()
    assert (status.state, status.reason) == ("failed", "engine_keeps_dying")
    assert status.restarts == 3
    assert status.values["how"] == "SIGFPE"
    with pytest.raises(EngineError, match="SIGFPE"):
        ask(engine, "a")


def test_a_file_that_shrinks_under_a_live_engine_costs_that_engine_only(
    supervise: Callable[..., EngineSupervisor], talker: Path
) -> None:
    supervisor = supervise(talker, max_restarts=2)
    assert supervisor.wait(LONG) == "ready"
    os.truncate(talker, 4096)
    engine = client_of(supervisor)

    with pytest.raises(EngineError):
        ask(engine, "a", GREEDY)

    assert supervisor.wait(LONG) == "failed"


def test_a_file_that_cannot_be_loaded_is_not_tried_twice(
    supervise: Callable[..., EngineSupervisor], tmp_path: Path
) -> None:
    path = tmp_path / "wrong.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    supervisor = supervise(path)

    assert supervisor.wait(LONG) == "failed"
    status = SocketEngine(supervisor.run_dir).status()
    assert status.restarts == 0
    assert status.reason is not None
    assert status.reason.startswith("model_")


def test_an_engine_that_stops_moving_is_ended_and_started_again(
    supervise: Callable[..., EngineSupervisor], talker: Path
) -> None:
    supervisor = supervise(talker, SupervisorTiming(first_pause=0.01, quiet=3, silence=8))
    assert supervisor.wait(LONG) == "ready"
    frozen = read_state(supervisor.run_dir).pid
    os.kill(frozen, signal.SIGSTOP)
    wait_for(lambda: read_state(supervisor.run_dir).state == "restarting")
    assert read_state(supervisor.run_dir).pid == frozen  # no question is given to it any more

    wait_for(lambda: read_state(supervisor.run_dir).pid not in (frozen, 0))
    assert supervisor.wait(LONG) == "ready"
    assert not running(frozen)
    assert read_state(supervisor.run_dir).pid != frozen


def test_a_model_that_nobody_asks_leaves_memory_and_comes_back_for_a_question(
    supervise: Callable[..., EngineSupervisor], talker: Path
) -> None:
    supervisor = supervise(talker, idle_seconds=0.1)
    assert supervisor.wait(LONG) == "ready"
    engine = client_of(supervisor)
    info, pid = engine.info(), read_state(supervisor.run_dir).pid
    wait_for(lambda: engine.status().state == "idle")
    assert not running(pid)
    assert (engine.workload(), engine.info()) == ((0, 0), info)  # looking wakes nobody
    assert engine.status().state == "idle"

    assert ask(engine, "a", Sampling(max_tokens=3, temperature=0)).text == "on and forever"
    assert engine.status().restarts == 0


def test_a_visitor_who_leaves_frees_the_slot(
    start: Callable[..., SocketEngine], talker: Path
) -> None:
    engine = start(talker, context_length=ENDLESS.max_tokens)
    completion = engine.generate(plain("a"), ENDLESS)
    until_token(completion)
    completion.close()

    assert list(completion) == []
    assert ask(engine, "a", Sampling(max_tokens=3, temperature=0)).text == "on and forever"
    wait_for(lambda: engine.status().state == "ready" and not engine.workload()[0])


def test_closing_wakes_a_thread_that_waits_for_a_token(
    start: Callable[..., SocketEngine], talker: Path
) -> None:
    engine = start(talker, context_length=ENDLESS.max_tokens)
    busy = engine.generate(plain("a"), ENDLESS)
    until_token(busy)
    waiting = engine.generate(plain("a"), GREEDY)
    assert next(waiting) == Queued(1)
    ended = threading.Event()

    def wait() -> None:
        assert list(waiting) == []
        ended.set()

    threading.Thread(target=wait).start()
    waiting.close()

    assert ended.wait(LONG)
    busy.close()


def test_everyone_in_the_queue_is_told_the_place_and_one_too_many_is_refused(
    start: Callable[..., SocketEngine], talker: Path
) -> None:
    engine = start(talker, queue=2, context_length=ENDLESS.max_tokens)
    first = engine.generate(plain("a"), ENDLESS)
    until_token(first)
    second = engine.generate(plain("a"), Sampling(max_tokens=2, temperature=0))
    third = engine.generate(plain("a"), Sampling(max_tokens=2, temperature=0))
    with pytest.raises(EngineBusy) as busy:
        engine.generate(plain("a"), GREEDY)
    first.close()

    assert busy.value.retry_after
    assert read(second).positions == [1, 0]
    assert read(third).positions == [2, 1, 0]


def test_the_first_to_leave_the_queue_moves_the_others_up(
    start: Callable[..., SocketEngine], talker: Path
) -> None:
    engine = start(talker, queue=2, context_length=ENDLESS.max_tokens)
    first = engine.generate(plain("a"), ENDLESS)
    until_token(first)
    second = engine.generate(plain("a"), GREEDY)
    third = engine.generate(plain("a"), GREEDY)
    assert next(third) == Queued(2)
    second.close()

    assert next(third) == Queued(1)
    third.close()
    first.close()


def test_instructions_are_read_while_questions_are_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, may_end = threading.Event(), threading.Event()
    prompts = []

    class SlowReader:
        def warm(self, prompt: Prompt) -> None:
            begun.set()
            assert may_end.wait(LONG)
            prompts.append(prompt)
            if len(prompts) == 2:
                raise EngineBusy("engine_busy", waiting=1)

    wanted = [plain(word) for word in ("a", "b", "c")]
    reading = read_in_advance(SlowReader(), wanted)
    assert begun.wait(LONG)
    assert prompts == []  # and here the engine serves already
    may_end.set()
    reading.join(LONG)
    assert prompts == wanted[:2]
    assert "could not be read in advance" in caplog.text


def test_only_its_own_user_reaches_the_engine(
    supervise: Callable[..., EngineSupervisor], parrot: Path
) -> None:
    supervisor = supervise(parrot, context_length=512)
    assert supervisor.wait(LONG) == "ready"

    modes = [
        stat.S_IMODE(path.stat().st_mode) for path in (supervisor.run_dir, socket_of(supervisor))
    ]
    assert modes == [0o700, 0o600]


def socket_of(supervisor: EngineSupervisor) -> Path:
    return supervisor.run_dir / SOCKET


def test_the_end_of_the_engine_is_clean(
    supervise: Callable[..., EngineSupervisor], parrot: Path
) -> None:
    supervisor = supervise(parrot, context_length=512)
    assert supervisor.wait(LONG) == "ready"
    pid = read_state(supervisor.run_dir).pid
    supervisor.stop()

    assert not running(pid)
    engine = SocketEngine(supervisor.run_dir)
    assert (engine.status().state, engine.status().reason) == ("none", "engine_none")
    with pytest.raises(EngineError):
        ask(engine, "a")


def test_the_engine_dies_with_its_supervisor(parrot: Path, tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from chatbot_server.engine.backend import EngineSettings\n"
        "from chatbot_server.engine.process.supervisor import EngineSupervisor\n"
        "model, folder = map(Path, sys.argv[1:])\n"
        "supervisor = EngineSupervisor(EngineSettings(model, 'ctransformers', folder), folder)\n"
        "supervisor.start()\n"
        "print(supervisor.wait(120), flush=True)\n"
        "time.sleep(600)\n"
    )
    folder = tmp_path / "run"
    command = [sys.executable, "-c", script, str(parrot), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        pid = read_state(folder).pid
        parent.kill()

    wait_for(lambda: not running(pid))
    status = SocketEngine(folder).status()
    assert (status.state, status.reason) == ("failed", "engine_unwatched")
