"""How the engine is to be run, written down between checking the model and starting it."""

from __future__ import annotations

import json
from pathlib import Path

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.process import protocol
from chatbot_server.errors import Unavailable

FILE = "engine-orders.json"


def write_orders(run_dir: Path, settings: EngineSettings | None) -> None:
    """Keep *settings* for :func:`read_orders`; None: no engine is wanted.

    Raises:
        Unavailable: the folder cannot be written to.
    """
    record = None
    if settings:
        warm = [protocol.prompt_record(prompt) for prompt in settings.warm]
        record = settings.to_json() | {"warm": warm}
    try:
        run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        (run_dir / FILE).write_text(json.dumps(record), encoding="utf-8")
    except OSError as error:
        raise Unavailable("run_folder", folder=run_dir, why=error.strerror) from error


def read_orders(run_dir: Path) -> EngineSettings | None:
    """What was last written."""
    record = json.loads((run_dir / FILE).read_text(encoding="utf-8"))
    if record is None:
        return None
    warm = tuple(protocol.prompt_of(prompt) for prompt in record["warm"])
    return EngineSettings.from_json(record | {"warm": warm})
