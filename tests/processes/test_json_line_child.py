"""A child process that answers lines: bounded, replaced when it fails, gone with its parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.patience import LONG

from chatbot_server.processes.json_line_child import WORKER, ChildFailed, JsonLineChild

MODULE = "support.scripted_child"
SETTINGS = {"module": MODULE, "path": sys.path}
SECONDS = 20
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="progress is seen there only")


@pytest.fixture
def start() -> Iterator[Callable[..., JsonLineChild]]:
    children: list[JsonLineChild] = []

    def make(**limits: Any) -> JsonLineChild:
        children.append(JsonLineChild(MODULE, **limits))
        return children[-1]

    yield make
    for child in children:
        child.close()


def has_ended(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_one_process_answers_all_requests(start: Callable[..., JsonLineChild]) -> None:
    child = start()
    assert not child.is_running
    first, second = (child.ask({"text": text}, SECONDS) for text in ("é\ud800\n", "x" * 2_000_000))
    assert child.is_running
    assert first["pid"] == second["pid"] != os.getpid()
    assert (first["text"], len(second["text"])) == ("é\ud800\n", 2_000_000)


def test_a_child_whose_parent_was_killed_while_it_worked_leaves_without_a_word() -> None:
    settings = dict.fromkeys(("memory_bytes", "processor_seconds", "idle_seconds"))
    command = [sys.executable, str(WORKER), json.dumps(settings | SETTINGS)]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command, input=b"{}\n", stdout=writing, stderr=subprocess.PIPE, timeout=LONG
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_parents_secrets_stay_with_it(
    start: Callable[..., JsonLineChild], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATBOT_DATABASE_URL", "postgresql://me:secret@host/")
    answer = start(variables={"OMP_NUM_THREADS": "1"}).ask({}, SECONDS)
    assert "CHATBOT_DATABASE_URL" not in answer["environment"]
    assert {"OMP_NUM_THREADS", "PATH"} <= set(answer["environment"])
    assert answer["path"] == sys.path


@pytest.mark.parametrize("failure", [{"sleep": 60}, {"exit": 0}, {"hold": -1}])
def test_a_child_that_fails_is_replaced_at_the_next_request(
    start: Callable[..., JsonLineChild], failure: dict[str, int]
) -> None:
    child = start()
    first = child.ask({}, SECONDS)["pid"]
    with pytest.raises(ChildFailed):
        child.ask(failure, 1)
    assert has_ended(first)
    assert child.ask({}, SECONDS)["pid"] != first


def test_a_child_that_reads_nothing_ends_in_time_too(start: Callable[..., JsonLineChild]) -> None:
    child = start()
    os.kill(child.ask({}, SECONDS)["pid"], signal.SIGSTOP)
    with pytest.raises(ChildFailed):
        child.ask({"text": "x" * 1_000_000}, 0.5)


@on_linux
def test_a_child_that_makes_progress_is_given_time(start: Callable[..., JsonLineChild]) -> None:
    child = start()
    first = child.ask({"compute": 1.0}, 0.3, LONG)["pid"]
    with pytest.raises(ChildFailed):
        child.ask({"sleep": LONG}, 0.3, LONG)
    assert has_ended(first)


@on_linux
def test_a_child_that_computes_for_ever_is_given_up(start: Callable[..., JsonLineChild]) -> None:
    child = start()
    child.ask({}, SECONDS)
    began = time.monotonic()
    with pytest.raises(ChildFailed):
        child.ask({"compute": LONG}, 0.3, 1.0)
    assert time.monotonic() - began < SECONDS


def test_memory_and_processor_are_limited(start: Callable[..., JsonLineChild]) -> None:
    child = start(memory_bytes=1 << 29, processor_seconds=1)
    assert child.ask({"hold": 1 << 20}, SECONDS) == 1 << 20
    with pytest.raises(ChildFailed):
        child.ask({"hold": 1 << 30}, SECONDS)


def test_a_child_without_requests_leaves_and_comes_back(
    start: Callable[..., JsonLineChild],
) -> None:
    child = start(idle_seconds=0.2)
    first = child.ask({}, SECONDS)["pid"]
    deadline = time.monotonic() + SECONDS
    while child.is_running and time.monotonic() < deadline:
        time.sleep(0.05)
    assert child.ask({}, SECONDS)["pid"] != first


def test_what_a_library_prints_is_no_answer(start: Callable[..., JsonLineChild]) -> None:
    assert start().ask({"print": "a warning"}, SECONDS)["print"] == "a warning"


def test_a_child_leaves_when_its_parent_was_killed() -> None:
    program = f"""
import sys, time
sys.path[:] = {sys.path!r}
from chatbot_server.processes.json_line_child import JsonLineChild
child = JsonLineChild({MODULE!r})
print(child.ask({{}}, {SECONDS})["pid"], flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    assert has_ended(pid)
