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
WAKE_FILE = "engine.wake"  # is there when somebody asks for a model that left memory


@dataclass(frozen=True)
class EngineRecord:
    """What the supervisor last wrote.

    Attributes:
        reason: a sentence's key, where the engine cannot answer.
        pid: the engine's process, 0 if there is none.
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
    """How far the last change of the model is, which is made while the server runs.

    Attributes:
        model: the name shown to people; empty: to none.
        code, values: of the sentence that says why it failed; the former model goes on then.
    """

    model: str
    state: Literal["loading", "done", "failed"]
    code: str = ""
    values: dict[str, Any] = field(default_factory=dict)


def write_state(run_dir: Path, record: EngineRecord) -> None:
    """Replace the file as a whole: a reader never sees half of it."""
    _write(run_dir, STATE_FILE, asdict(record))


def write_change(run_dir: Path, change: Change) -> None:
    """Replace what was known of a change of the model."""
    _write(run_dir, CHANGE_FILE, asdict(change))


def read_change(run_dir: Path) -> Change | None:
    """The last change of the model; None: there was none."""
    try:
        return Change(**json.loads((run_dir / CHANGE_FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def chosen_model(run_dir: Path, at_start: str | None) -> str | None:
    """The model of the server that runs: another than *at_start* if it was changed since."""
    change = read_change(run_dir)
    return (change.model or None) if change and change.state == "done" else at_start


def _write(run_dir: Path, name: str, record: dict[str, Any]) -> None:
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = run_dir / f"{name}.part"
    part.write_text(json.dumps(record))
    part.replace(run_dir / name)


def read_state(run_dir: Path) -> EngineRecord:
    """What was last written; ``none`` where nothing was, ``failed`` where nobody watches."""
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
