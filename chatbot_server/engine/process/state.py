"""The engine's state as other processes read it: a small file beside its socket."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chatbot_server.engine.base import ASLEEP, EngineState

STATE_FILE = "engine.json"
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


def write_state(run_dir: Path, record: EngineRecord) -> None:
    """Replace the file as a whole: a reader never sees half of it."""
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = run_dir / f"{STATE_FILE}.part"
    part.write_text(json.dumps(asdict(record)))
    part.replace(run_dir / STATE_FILE)


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
