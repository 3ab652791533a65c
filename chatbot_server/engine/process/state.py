"""The engine's state as other processes read it: a small file beside its socket."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from chatbot_server.engine.base import EngineState

FILE = "engine.json"


@dataclass(frozen=True)
class Recorded:
    """What the supervisor last wrote.

    Attributes:
        reason: a sentence's key, where the engine cannot answer.
        pid: the engine's process, 0 if there is none.
        supervisor: the process that watches it.
    """

    state: EngineState
    reason: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    restarts: int = 0
    pid: int = 0
    supervisor: int = 0


NOTHING = Recorded("none", reason="engine_none")


def write_state(run_dir: Path, recorded: Recorded) -> None:
    """Replace the file as a whole: a reader never sees half of it."""
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = run_dir / f"{FILE}.part"
    part.write_text(json.dumps(asdict(recorded)))
    part.replace(run_dir / FILE)


def read_state(run_dir: Path) -> Recorded:
    """What was last written; ``none`` where nothing was, ``failed`` where nobody watches."""
    try:
        recorded = Recorded(**json.loads((run_dir / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return NOTHING
    if recorded.state in ("starting", "ready", "restarting") and not _alive(recorded.supervisor):
        return Recorded("failed", reason="engine_unwatched")
    return recorded


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it belongs to another user
    return True
