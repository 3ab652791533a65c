"""Engines beside the one that answers: the next one while it loads, former ones while they finish.

The next one loads in a folder of its own. Once it is ready, its socket takes the place of the
other's in one step: who connects from then on talks to it, and who is connected already is
answered to the end by the engine that began.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.process.address import SOCKET
from chatbot_server.engine.process.child import Child
from chatbot_server.engine.process.state import Change, write_change

# A question that was sent in the moment of the change is in the engine's hands by then.
SETTLED_SECONDS = 2.0
LONGEST_FINISH = 900.0


@dataclass(frozen=True)
class _Former:
    """An engine that gets no more questions; *since*: by ``time.monotonic``."""

    child: Child
    since: float

    def is_done(self) -> bool:
        """Whether its last answer is given, or it has gone, or takes for ever."""
        has_gone = self.child.messages(timeout=0) is None
        age = time.monotonic() - self.since
        is_idle = age > SETTLED_SECONDS and self.child.idle_seconds > SETTLED_SECONDS / 2
        return has_gone or is_idle or age > LONGEST_FINISH


class Succession:
    """What :class:`~chatbot_server.engine.process.supervisor.EngineSupervisor` does beside."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._next: tuple[EngineSettings, Child, Path] | None = None
        self._former: list[_Former] = []
        self._folders: list[Path] = []

    def begin(self, settings: EngineSettings) -> None:
        """Load another model beside the one that answers, instead of any that is being loaded."""
        self._give_up()
        folder = Path(mkdtemp(prefix="next-", dir=self._run_dir))
        self._folders.append(folder)
        write_change(self._run_dir, Change(settings.model, "loading"))
        self._next = settings, Child(settings, folder), folder

    def take_ready(self) -> tuple[EngineSettings, Child] | None:
        """The next engine once it is ready: from now on new questions are its own."""
        if self._next is None:
            return None
        settings, child, folder = self._next
        messages = child.messages(timeout=0)
        refusal = next((each["error"] for each in messages or () if "error" in each), None)
        if messages is None or refusal is not None:
            self._refuse(settings, refusal or {"code": "engine_load_refused", "values": {}})
            return None
        if not child.is_ready:
            return None
        (folder / SOCKET).replace(self._run_dir / SOCKET)
        self._next = None
        write_change(self._run_dir, Change(settings.model, "done"))
        return settings, child

    def let_finish(self, child: Child) -> None:
        """Have *child* end by itself, after its last answer."""
        self._former.append(_Former(child, time.monotonic()))

    def end_finished(self) -> bool:
        """End the former engines that have nothing more to do; whether all are gone."""
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
            self._next[1].end(0.2)
            self._next = None

    def _refuse(self, settings: EngineSettings, refusal: dict[str, Any]) -> None:
        self._give_up()
        values = {"file": settings.path.name} | refusal["values"]
        with suppress(OSError):
            write_change(
                self._run_dir, Change(settings.model, "failed", str(refusal["code"]), values)
            )
