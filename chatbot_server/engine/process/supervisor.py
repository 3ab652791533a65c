"""Starts the engine's process, watches it, and restarts it until it has died too often."""

from __future__ import annotations

import logging
import math
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import EngineState
from chatbot_server.engine.process.address import SOCKET
from chatbot_server.engine.process.child import Child
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.engine.process.state import (
    WAKE_FILE,
    Change,
    EngineRecord,
    read_state,
    write_change,
    write_state,
)
from chatbot_server.engine.process.succession import Succession
from chatbot_server.errors import EngineError
from chatbot_server.temporary import temporary_folder

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 600


@dataclass(frozen=True)
class SupervisorTiming:
    """How long the supervisor waits, in seconds.

    Attributes:
        load: until the model is loaded; a large one comes from a slow disk.
        quiet: without a heart beat (one comes every two seconds), until the engine gets no more
            questions.
        silence: without a heart beat, until it is killed.
        stall: within one step of the model, until it is killed; 32 tokens of a 13B model on two
            cores take 20.
        look: between two checks whether somebody asks for a model that is asleep.
        first_pause: before the first restart; doubled for each further one.
        longest_pause: between two restarts.
    """

    load: float = 900
    quiet: float = 10
    silence: float = 60
    stall: float = 180
    look: float = 0.05
    first_pause: float = 0.2
    longest_pause: float = 5


@dataclass(frozen=True)
class WantedChange:
    """A change of the model that was asked for.

    Attributes:
        settings: of the next model; None: no model.
        beside: it is loaded while the other answers.
    """

    settings: EngineSettings | None
    beside: bool


class EngineSupervisor:
    """Keeps one engine running in the background of this process.

    Its state is published in a file in *run_dir*, beside the socket, where
    :class:`~chatbot_server.engine.process.client.SocketEngine` reads it.
    """

    def __init__(
        self, settings: EngineSettings, run_dir: Path, timing: SupervisorTiming = SupervisorTiming()
    ) -> None:
        self.run_dir = run_dir
        self._settings = settings
        self._timing = timing
        self._stopping = threading.Event()
        self._deaths: list[float] = []
        self._restarts = 0
        self._state_until_ready: EngineState = "starting"
        self._is_idle = self._is_quiet = False
        self._last_message = 0.0
        self._wanted: list[WantedChange] = []
        self._succession = Succession(run_dir)
        self._ready_child: Child | None = None
        self._is_replaced = self._has_no_model = False
        self._unwritten_record: EngineRecord | None = None
        # All children are started by one thread, because the system kills them when the thread
        # ends that started them (PR_SET_PDEATHSIG).
        self._thread = threading.Thread(target=self._keep_running, name="engine", daemon=True)

    def start(self) -> None:
        """Begin; returns at once, while the model is read."""
        self._record("starting")
        self._thread.start()

    def change(self, settings: EngineSettings | None, *, beside: bool = True) -> None:
        """Let another model answer from now on, or none; returns at once.

        Running answers are finished by the model that began them.

        Args:
            beside: both models fit into memory, so that the next one is loaded while the other
                answers. Otherwise it is loaded after the other's last answer, and only pages are
                quoted in between.
        """
        self._wanted.append(WantedChange(settings, beside))

    def stop(self) -> None:
        """End the engine's process and wait until it is gone."""
        self._stopping.set()
        if self._thread.ident:
            self._thread.join()
        (self.run_dir / SOCKET).unlink(missing_ok=True)
        self._record("none", reason="engine_none")

    def is_running(self) -> bool:
        """Whether it still watches the engine, and has not given up."""
        return self._thread.is_alive()

    def wait(self, seconds: float) -> EngineState:
        """The state once it is decided (``ready`` or ``failed``), or after *seconds*."""
        deadline = time.monotonic() + seconds
        while (state := read_state(self.run_dir).state) in ("starting", "restarting"):
            if time.monotonic() > deadline or self._stopping.wait(0.02):
                break
        return state

    # -- the supervisor's thread --------------------------------------------------------

    def _keep_running(self) -> None:
        try:
            self._run_children()
        finally:
            self._succession.end()

    def _run_children(self) -> None:
        while not self._stopping.is_set():
            self._make_changes_at_rest()
            if self._has_no_model:
                return
            refusal, status = self._run_child()
            if self._stopping.is_set():
                return
            if self._is_replaced:
                self._wait_for_former_model()
                continue
            if self._is_idle:
                self._wait_for_question()
                continue
            if refusal:
                self._record("failed", reason=str(refusal["code"]), values=refusal["values"])
                if refusal["code"] != "model_disk_full":
                    return
                self._wait_for_disk_space(refusal["values"])
                continue
            if not self._may_restart(status):
                return

    def _run_child(self) -> tuple[dict[str, Any] | None, int]:
        """Run one child to its end.

        Returns:
            The error, if it refused to start, and its exit status.
        """
        try:
            child = self._ready_child or Child(self._settings, self.run_dir)
        except OSError:
            logger.exception("the engine's process could not be started")
            return None, 1
        self._record("ready" if child.is_ready else self._state_until_ready, pid=child.pid)
        self._state_until_ready, self._ready_child = "restarting", None
        refusal, self._is_replaced = None, False
        try:
            refusal = self._watch_child(child)
        finally:
            is_wanted = self._stopping.is_set() or self._is_idle or self._is_replaced
            if self._is_replaced:
                self._succession.let_finish(child)
            status = 0 if self._is_replaced else child.end(3 if is_wanted else 0.2)
        if not (refusal or is_wanted):
            logger.error("the engine ended (%s): %s", _exit_reason(status), child.log_tail())
        return refusal, status

    def _watch_child(self, child: Child) -> dict[str, Any] | None:
        """Read the messages of *child* until it ends, is replaced, or is killed for being silent.

        Returns:
            The error, if it refused to start.
        """
        self._last_message, self._is_quiet = time.monotonic(), False
        while not (self._stopping.is_set() or self._is_idle):
            with suppress(OSError):
                self._write_record()
            messages = child.messages(timeout=0.1)
            if messages is None:
                return None
            for message in messages:
                if "error" in message:
                    error: dict[str, Any] = message["error"]
                    return error
                self._note_message(child, message)
            if not self._is_responding(child):
                logger.error("the engine does not respond any more; it is killed")
                child.kill()
                return None
            self._succession.end_finished()
            if self._begin_changes(child):
                self._is_replaced = True
                return None
        return None

    def _note_message(self, child: Child, message: dict[str, Any]) -> None:
        self._last_message = time.monotonic()
        if self._is_quiet or message.get("ready"):
            self._is_quiet = False
            self._record("ready", pid=child.pid)
        if message.get("stalled", 0) > self._timing.stall:
            self._last_message = -math.inf
        is_idle = 0 < self._settings.idle_seconds < child.idle_seconds
        self._is_idle = child.is_ready and is_idle

    def _is_responding(self, child: Child) -> bool:
        """Whether *child* has sent something lately; a quiet one gets no more questions."""
        silence = time.monotonic() - self._last_message
        if child.is_ready and not self._is_quiet and silence > self._timing.quiet:
            self._is_quiet = True
            self._record("restarting", reason="engine_restarting", pid=child.pid)
        return silence <= (self._timing.silence if child.is_ready else self._timing.load)

    def _begin_changes(self, child: Child) -> bool:
        """Begin the wanted changes.

        Returns:
            Whether *child*, which answers now, is to be replaced.
        """
        while self._wanted:
            change = self._wanted.pop(0)
            if change.settings is not None and change.beside:
                self._succession.begin(change.settings)
                continue
            (self.run_dir / SOCKET).unlink(missing_ok=True)
            self._wanted.insert(0, change)
            if change.settings is None:
                self._record("none", reason="engine_none")
            else:
                self._record("restarting", reason="engine_restarting", pid=child.pid)
            return True
        if successor := self._succession.take_ready():
            self._settings, self._ready_child = successor
        return self._ready_child is not None

    def _make_changes_at_rest(self) -> None:
        """Make the wanted changes while no engine answers."""
        while self._wanted and self._ready_child is None:
            settings = self._wanted.pop(0).settings
            self._has_no_model = settings is None
            if settings is None:
                self._record("none", reason="engine_none")
            else:
                self._settings, self._state_until_ready = settings, "restarting"
                write_change(self.run_dir, Change(settings.model, "done"))

    def _wait_for_former_model(self) -> None:
        """Wait until the former model has left memory, so that the next one fits into it."""
        while self._ready_child is None and not self._succession.end_finished():
            if self._stopping.wait(0.1):
                return

    def _wait_for_disk_space(self, values: dict[str, Any]) -> None:
        """Wait until the model's prepared form fits on the disk, or another model is wanted."""
        folder, needed_bytes = Path(values["folder"]), (int(values["needed"]) + 1) * 1_000_000
        while not (self._wanted or self._stopping.wait(self._timing.look)):
            with suppress(OSError):
                if shutil.disk_usage(folder).free >= needed_bytes:
                    return

    def _wait_for_question(self) -> None:
        """Wait, without a model in memory, until somebody asks for it or this supervisor stops."""
        wake_file = self.run_dir / WAKE_FILE
        wake_file.unlink(missing_ok=True)
        self._record("idle")
        while not (wake_file.exists() or self._wanted or self._stopping.wait(self._timing.look)):
            pass
        self._is_idle, self._state_until_ready = False, "waking"

    def _may_restart(self, status: int) -> bool:
        """Wait before the next start; False after too many deaths."""
        now = time.monotonic()
        self._deaths = [death for death in self._deaths if now - death < WINDOW_SECONDS] + [now]
        deaths = len(self._deaths)
        if deaths > self._settings.max_restarts:
            values = {"times": str(deaths), "how": _exit_reason(status), "log": str(self.run_dir)}
            self._record("failed", reason="engine_keeps_dying", values=values)
            return False
        self._restarts += 1
        self._record("restarting", reason="engine_restarting")
        pause = self._timing.first_pause * 2 ** (deaths - 1)
        return not self._stopping.wait(min(pause, self._timing.longest_pause))

    def _record(
        self,
        state: EngineState,
        *,
        reason: str | None = None,
        values: dict[str, str] | None = None,
        pid: int = 0,
    ) -> None:
        self._unwritten_record = EngineRecord(
            state, reason, values or {}, self._restarts, pid, os.getpid()
        )
        try:
            self._write_record()
        except OSError:  # such as a full disk; tried again while the engine is watched
            logger.exception("the engine's state could not be written down")

    def _write_record(self) -> None:
        if self._unwritten_record:
            write_state(self.run_dir, self._unwritten_record)
            self._unwritten_record = None


@contextmanager
def local_engine(settings: EngineSettings, seconds: float = 900) -> Iterator[SocketEngine]:
    """An engine in a process of its own, for the duration of a command.

    Raises:
        EngineError: it did not become ready; says why.
    """
    with temporary_folder("engine") as folder:
        supervisor = EngineSupervisor(settings, folder)
        supervisor.start()
        engine = SocketEngine(folder)
        try:
            if supervisor.wait(seconds) != "ready":
                status = engine.status()
                raise EngineError(status.reason or "engine_starting", **status.values)
            yield engine
        finally:
            engine.close()
            supervisor.stop()


def _exit_reason(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"exit {status}"
