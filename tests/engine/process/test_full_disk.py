"""A full disk under the engine: it is watched all the same, and loaded when there is room."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.patience import LONG, wait_for

from chatbot_server.engine.process.state import EngineRecord, read_state, write_state
from chatbot_server.engine.process.supervisor import EngineSupervisor


def test_a_full_disk_does_not_end_the_watching(
    supervise: Callable[..., EngineSupervisor], parrot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(run_dir: Path, recorded: EngineRecord) -> None:
        if recorded.reason == "engine_restarting":
            raise OSError("no space left")
        write_state(run_dir, recorded)

    monkeypatch.setattr("chatbot_server.engine.process.supervisor.write_state", full)
    supervisor = supervise(parrot)
    assert supervisor.wait(LONG) == "ready"
    first = read_state(supervisor.run_dir).pid
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: read_state(supervisor.run_dir).pid not in (0, first))
    assert supervisor.wait(LONG) == "ready"


def test_what_a_full_disk_kept_from_being_written_is_written_when_there_is_room(
    supervise: Callable[..., EngineSupervisor], parrot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = 0

    def full(run_dir: Path, recorded: EngineRecord) -> None:
        nonlocal refused
        if recorded.state == "ready" and refused < 3:
            refused += 1
            raise OSError("no space left")
        write_state(run_dir, recorded)

    monkeypatch.setattr("chatbot_server.engine.process.supervisor.write_state", full)
    assert supervise(parrot).wait(LONG) == "ready"
    assert refused == 3


def test_a_state_that_cannot_be_written_leaves_no_files_behind(tmp_path: Path) -> None:
    (tmp_path / "engine.json").mkdir()
    for _ in range(3):
        with pytest.raises(OSError, match="engine"):
            write_state(tmp_path, EngineRecord("ready"))
    assert len(list(tmp_path.iterdir())) <= 2


def test_a_model_without_room_on_the_disk_is_loaded_when_there_is_some(
    supervise: Callable[..., EngineSupervisor],
    parrot: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free, refusals = [0], [{"folder": str(tmp_path), "needed": "148", "free": "54"}]
    usage, run_child = shutil.disk_usage(tmp_path), EngineSupervisor._run_child

    def child(supervisor: EngineSupervisor) -> tuple[dict[str, Any] | None, int]:
        if refusals:
            return {"code": "model_disk_full", "values": refusals.pop()}, 1
        return run_child(supervisor)

    monkeypatch.setattr(EngineSupervisor, "_run_child", child)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=free[0]))
    supervisor = supervise(parrot)
    assert supervisor.wait(LONG) == "failed"
    assert read_state(supervisor.run_dir).reason == "model_disk_full"
    free[0] = 149_000_000
    wait_for(lambda: read_state(supervisor.run_dir).state == "ready")
