"""What keeps an engine running beside the web server."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.process.state import Recorded, write_state
from chatbot_server.engine.process.supervisor import EngineSupervisor


class EngineRunner(Protocol):
    """An engine that is started and stopped with the server."""

    def start(self) -> None:
        """Begin; returns at once."""
        ...

    def stop(self) -> None:
        """End it and wait until it is gone."""
        ...


class SupervisedEngine:
    """A local model in a process of its own."""

    def __init__(self, settings: EngineSettings, run_dir: Path) -> None:
        self._supervisor = EngineSupervisor(settings, run_dir)

    def start(self) -> None:
        self._supervisor.start()

    def stop(self) -> None:
        self._supervisor.stop()


class NoEngine:
    """No model here: answers come from the pages, or from endpoints elsewhere."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir

    def start(self) -> None:
        write_state(self._run_dir, Recorded("none", reason="engine_none"))

    def stop(self) -> None:
        """Nothing runs."""


def engine_runner(settings: EngineSettings | None, run_dir: Path) -> EngineRunner:
    """What runs an engine with *settings*; None: no engine is wanted."""
    return SupervisedEngine(settings, run_dir) if settings else NoEngine(run_dir)
