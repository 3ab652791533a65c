"""Starts the engine of the chosen model, and exchanges it while the server runs."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.process.state import CHANGE_FILE, EngineRecord, write_state
from chatbot_server.engine.process.supervisor import EngineSupervisor
from chatbot_server.errors import Unavailable

ENGINE_SETTINGS = "engine-settings.json"


class EngineKeeper:
    """Runs the engine that :func:`write_engine_settings` described last."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._supervisor: EngineSupervisor | None = None
        self._text = ""

    def start(self) -> None:
        """Start the engine; returns at once."""
        (self._run_dir / CHANGE_FILE).unlink(missing_ok=True)
        self._text = self._read()
        self._begin(read_engine_settings(self._run_dir))

    def look(self) -> None:
        """Exchange the model if another was chosen; returns at once."""
        text = self._read()
        if text == self._text or not text:
            return
        self._text = text
        settings = read_engine_settings(self._run_dir)
        supervisor = self._supervisor
        if supervisor is None or not supervisor.is_running():
            self.stop()
            self._begin(settings)
        elif isinstance(settings, EngineSettings):
            supervisor.change(settings, beside=json.loads(text).get("beside", True))
        else:
            supervisor.change(None)

    def stop(self) -> None:
        """End the engine and wait until it is gone."""
        if self._supervisor is not None:
            self._supervisor.stop()
            self._supervisor = None

    def _begin(self, settings: EngineSettings | EngineRecord) -> None:
        if isinstance(settings, EngineSettings):
            self._supervisor = EngineSupervisor(settings, self._run_dir)
            self._supervisor.start()
        else:  # answers come from the pages, or from endpoints elsewhere
            with suppress(OSError):  # a full disk; what is not there is read as the same
                write_state(self._run_dir, settings)

    def _read(self) -> str:
        try:
            return (self._run_dir / ENGINE_SETTINGS).read_text(encoding="utf-8")
        except OSError:
            return ""


def write_engine_settings(
    run_dir: Path, settings: EngineSettings | EngineRecord, *, beside: bool = True, at: float = 0
) -> None:
    """Write *settings* for the small parent process, or a record that says why there is no engine.

    Args:
        beside: whether the model may be loaded while another one is still in memory.
        at: the moment of the choice, so that the same choice made again is a new one.

    Raises:
        Unavailable: the folder cannot be written to.
    """
    if isinstance(settings, EngineSettings):
        record = {"run": settings.to_json(), "beside": beside, "at": at}
    else:
        record = {"without": asdict(settings), "at": at}
    try:
        run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        file, text = run_dir / ENGINE_SETTINGS, json.dumps(record)
        # An equal file is not written again, which a full disk would prevent. A new one replaces
        # the former as a whole, so that nobody reads half of it.
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            part = file.with_suffix(".part")
            part.write_text(text, encoding="utf-8")
            part.replace(file)
    except OSError as error:
        raise Unavailable("run_folder", folder=run_dir, why=error.strerror) from error


def read_engine_settings(run_dir: Path) -> EngineSettings | EngineRecord:
    """The settings that were written last."""
    record = json.loads((run_dir / ENGINE_SETTINGS).read_text(encoding="utf-8"))
    if "run" in record:
        return EngineSettings.from_json(record["run"])
    return EngineRecord(**record["without"])
