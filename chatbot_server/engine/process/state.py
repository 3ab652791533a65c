"""The engine's state as other processes read it: a small file beside its socket."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from chatbot_server.engine.base import ASLEEP, EngineState

STATE_FILE = "engine.json"
CHANGE_FILE = "engine-change.json"
WAKE_FILE = "engine.wake"  # created to ask for a model that is asleep


@dataclass(frozen=True)
class EngineRecord:
    """The engine's state as published by its supervisor.

    Attributes:
        reason: the key of a sentence that says why the engine cannot answer.
        pid: the engine's process; 0 if there is none.
        supervisor: the process that watches it.
    """

    state: EngineState
    reason: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    restarts: int = 0
    pid: int = 0
    supervisor: int = 0


NO_ENGINE = EngineRecord("none", reason="engine_none")


@dataclass(frozen=True)
class Change:
    """The progress of the last change of the model while the server runs.

    Attributes:
        model: the name of the next model; empty: no model.
        code, values: the sentence that says why the change failed; the former model stays then.
    """

    model: str
    state: Literal["loading", "done", "failed"]
    code: str = ""
    values: dict[str, Any] = field(default_factory=dict)


def write_state(run_dir: Path, record: EngineRecord) -> None:
    """Publish the engine's state."""
    _write(run_dir, STATE_FILE, asdict(record))


def write_change(run_dir: Path, change: Change) -> None:
    """Publish the progress of a change of the model."""
    _write(run_dir, CHANGE_FILE, asdict(change))


def read_change(run_dir: Path) -> Change | None:
    """The last change of the model, if there was one."""
    try:
        return Change(**json.loads((run_dir / CHANGE_FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def chosen_model(run_dir: Path, at_start: str | None) -> str | None:
    """The model of the running server: *at_start*, unless it was changed since."""
    change = read_change(run_dir)
    return (change.model or None) if change and change.state == "done" else at_start


def _write(run_dir: Path, name: str, record: dict[str, Any]) -> None:
    """Replace the file as a whole, so that a reader never sees half of it."""
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = run_dir / f"{name}.part"
    part.write_text(json.dumps(record))
    part.replace(run_dir / name)


def read_state(run_dir: Path) -> EngineRecord:
    """The published state; ``none`` if there is none, ``failed`` if its supervisor has ended."""
    try:
        record = EngineRecord(**json.loads((run_dir / STATE_FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return NO_ENGINE
    if record.state in ("starting", "ready", "restarting", *ASLEEP):
        try:
            os.kill(record.supervisor, 0)
        except ProcessLookupError:
            return EngineRecord("failed", reason="engine_unwatched")
        except OSError:
            return record  # the supervisor lives, and belongs to another user
    return record
