"""Engines beside the current one: the next one while it loads, former ones while they finish.

The next engine loads in a folder of its own. Once it is ready, its socket replaces the current one
in one step: new connections lead to it, and existing ones stay with the engine that began to
answer.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.process.address import SOCKET
from chatbot_server.engine.process.child import Child
from chatbot_server.engine.process.state import Change, write_change

# By then, a question sent at the moment of the change has reached its engine.
SETTLED_SECONDS = 2.0
LONGEST_FINISH = 900.0


@dataclass(frozen=True)
class _Former:
    """An engine that gets no more questions, since the moment *since* (``time.monotonic``)."""

    child: Child
    since: float

    def is_done(self) -> bool:
        """Whether it has finished its last answer, has ended, or takes too long."""
        has_gone = self.child.messages(timeout=0) is None
        age = time.monotonic() - self.since
        is_idle = age > SETTLED_SECONDS and self.child.idle_seconds > SETTLED_SECONDS / 2
        return has_gone or is_idle or age > LONGEST_FINISH


@dataclass(frozen=True)
class _Next:
    """An engine that is being loaded in *folder*."""

    settings: EngineSettings
    child: Child
    folder: Path


class Succession:
    """The engines beside the one that an ``EngineSupervisor`` watches."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._next: _Next | None = None
        self._former: list[_Former] = []
        self._folders: list[Path] = []

    def begin(self, settings: EngineSettings) -> None:
        """Load another model beside the current one, in place of any that is being loaded."""
        self._give_up()
        folder = Path(mkdtemp(prefix="next-", dir=self._run_dir))
        self._folders.append(folder)
        write_change(self._run_dir, Change(settings.model, "loading"))
        self._next = _Next(settings, Child(settings, folder), folder)

    def take_ready(self) -> tuple[EngineSettings, Child] | None:
        """The next engine, if it is ready; from then on, new questions go to it."""
        if self._next is None:
            return None
        settings, child = self._next.settings, self._next.child
        messages = child.messages(timeout=0)
        refusal = next((each["error"] for each in messages or () if "error" in each), None)
        if messages is None or refusal is not None:
            refusal = refusal or {"code": "engine_load_refused", "values": {}}
            self._give_up()
            values = {"file": settings.path.name} | refusal["values"]
            with suppress(OSError):
                write_change(
                    self._run_dir, Change(settings.model, "failed", str(refusal["code"]), values)
                )
            return None
        if not child.is_ready:
            return None
        (self._next.folder / SOCKET).replace(self._run_dir / SOCKET)
        self._next = None
        write_change(self._run_dir, Change(settings.model, "done"))
        return settings, child

    def let_finish(self, child: Child) -> None:
        """Let *child* finish its answers before it is ended."""
        self._former.append(_Former(child, time.monotonic()))

    def end_finished(self) -> bool:
        """End former engines that have finished; whether none is left."""
        for former in [former for former in self._former if former.is_done()]:
            former.child.end()
            self._former.remove(former)
        return not self._former

    def end(self) -> None:
        """End all of them at once."""
        self._give_up()
        for former in self._former:
            former.child.end(0.2)
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)

    def _give_up(self) -> None:
        if self._next is not None:
            self._next.child.end(0.2)
            self._next = None
