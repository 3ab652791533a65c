"""The engine as other processes use it: by a socket, and a small file with its state."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from chatbot_server.engine.base import (
    ASLEEP,
    EngineInfo,
    EngineStatus,
    Event,
    Finished,
    Sampling,
    Token,
    Workload,
)
from chatbot_server.engine.process import protocol
from chatbot_server.engine.process.address import SOCKET, connect, is_listening
from chatbot_server.engine.process.state import NO_ENGINE, WAKE_FILE, EngineRecord, read_state
from chatbot_server.errors import EngineChanged, EngineCrashed, EngineError, EngineTimeout
from chatbot_server.prompt.base import Prompt

# How long a question waits for a restart; a small model is loaded again in under a second.
RESTART_SECONDS = 15.0
# How long a question waits for a model that is asleep; a large one comes from a slow disk.
WAKE_SECONDS = 120.0
# On a busy machine, a healthy engine may need a second to respond.
STATUS_SECONDS = 2.0
# How long the published state is used: each answer asks for it several times.
STATE_SECONDS = 0.05
CALL_SECONDS = 60.0


@dataclass(frozen=True)
class _InfoOfProcess:
    """The facts about the model that the process *pid* has told."""

    info: EngineInfo
    pid: int


class SocketEngine:
    """An :class:`~chatbot_server.engine.base.Engine` in another process of this machine."""

    def __init__(self, run_dir: Path, *, restart_seconds: float = RESTART_SECONDS) -> None:
        self._run_dir = run_dir
        self._restart_seconds = restart_seconds
        self._info: _InfoOfProcess | None = None
        self._record = NO_ENGINE
        self._state_read_at = -STATE_SECONDS
        self._closed = threading.Event()

    def info(self) -> EngineInfo:
        record, last_info = self._published_state(), self._info
        if last_info and (record.state in ASLEEP or 0 < record.pid == last_info.pid):
            return last_info.info
        info = EngineInfo(**self._call({"op": "info"}))
        self._info = _InfoOfProcess(info, read_state(self._run_dir).pid)
        return info

    def status(self) -> EngineStatus:
        record = self._published_state()
        return EngineStatus(record.state, record.reason, record.values, record.restarts)

    def is_answering(self) -> bool:
        try:
            self._exchange({"op": "status"}, STATUS_SECONDS)
        except (OSError, EngineError):
            return False
        return True

    def workload(self) -> Workload:
        try:
            return Workload(*self._exchange({"op": "status"}, STATUS_SECONDS))
        except (OSError, EngineError):
            return Workload(0, 0)

    def pids(self) -> Collection[int]:
        pid = self._published_state().pid
        return (pid,) if pid else ()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        result: list[int] = self._call({"op": "count", "texts": list(texts)})
        return result

    def count_prompt(self, prompt: Prompt) -> int:
        result: int = self._call({"op": "count_prompt", "prompt": prompt.to_json()})
        return result

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        result: list[list[float]] = self._call({"op": "embed", "texts": list(texts)})
        return result

    def generate(
        self, prompt: Prompt, sampling: Sampling, *, conversation: str | None = None
    ) -> SocketCompletion:
        """Complete *prompt*; see :class:`chatbot_server.engine.base.Engine`."""
        request = {
            "op": "generate",
            "prompt": prompt.to_json(),
            "sampling": asdict(sampling),
            "conversation": conversation,
        }
        return SocketCompletion(self._open, protocol.encode(request), self._forget_info)

    def close(self) -> None:
        self._closed.set()

    def _forget_info(self) -> None:
        self._info = None

    def _published_state(self) -> EngineRecord:
        """The engine's state as its supervisor published it; a frozen engine would not respond.

        Whether its socket still listens is checked here, to notice a death before the supervisor.
        """
        now = time.monotonic()
        if now - self._state_read_at >= STATE_SECONDS:
            record = read_state(self._run_dir)
            if record.state == "ready" and not is_listening(self._run_dir / SOCKET):
                record = replace(record, state="restarting", reason="engine_restarting")
            self._record, self._state_read_at = record, now
        return self._record

    def _call(self, request: dict[str, Any]) -> Any:
        self._wake(self._closed)
        try:
            return self._exchange(request, CALL_SECONDS)
        except TimeoutError as error:
            raise EngineTimeout("engine_timeout") from error
        except OSError as error:
            raise self._engine_error() from error

    def _exchange(self, request: dict[str, Any], seconds: float) -> Any:
        line = protocol.encode(request)
        with connect(self._run_dir / SOCKET) as connection:
            connection.settimeout(seconds)
            connection.sendall(line)
            answer = next(protocol.read_lines(connection), None)
        if answer is None:
            raise ConnectionResetError
        if "error" in answer:
            error = protocol.error_of(answer["error"])
            if isinstance(error, EngineChanged):
                self._forget_info()
            raise error
        return answer.get("result")

    def _open(self, dead_pid: int, closed: threading.Event) -> tuple[socket.socket, int]:
        """A connection to the engine, and the pid at its other end; waits for a restart.

        A process that is being ended may accept connections for another moment: one to *dead_pid*
        is of no use.

        Raises:
            EngineError: there is no engine, and none is expected soon enough.
        """
        self._wake(closed)
        deadline = time.monotonic() + self._restart_seconds
        while True:
            record = read_state(self._run_dir)
            if record.state in ASLEEP:  # it has just left memory
                self._wake(closed)
                continue
            is_another = record.pid != dead_pid or dead_pid == 0
            if is_another and record.state != "restarting":
                with suppress(OSError):
                    return connect(self._run_dir / SOCKET), record.pid
            too_late = time.monotonic() > deadline or self._closed.is_set()
            if too_late or record.state not in ("ready", "restarting"):
                raise self._engine_error(record)
            if closed.wait(0.05):
                raise EngineError("engine_none")

    def _wake(self, closed: threading.Event) -> None:
        """If the model is asleep, ask for it and wait until it is loaded.

        Raises:
            EngineError: this takes too long.
        """
        deadline = time.monotonic() + WAKE_SECONDS
        while (record := read_state(self._run_dir)).state in ASLEEP:
            if record.state == "idle":
                with suppress(OSError):  # a full disk; tried again
                    (self._run_dir / WAKE_FILE).touch()
            if time.monotonic() > deadline or closed.wait(0.05):
                raise EngineError("engine_starting", retry_after=5)

    def _engine_error(self, record: EngineRecord | None = None) -> EngineError:
        record = record or read_state(self._run_dir)
        if record.state in ("ready", "restarting"):
            return EngineError("engine_restarting", retry_after=3)
        if record.state == "starting":
            return EngineError("engine_starting", retry_after=5)
        return EngineError(record.reason or "engine_none", **record.values)


Opener = Callable[[int, threading.Event], tuple[socket.socket, int]]


class SocketCompletion:
    """A :class:`~chatbot_server.engine.base.Completion` that is read from the socket.

    The first event is read at once, so that a refusal is raised to the caller of ``generate``.
    After a crash before the first token, the request is sent again.

    Args:
        open_: opens a connection, see :meth:`SocketEngine._open`.
        on_change: called if the prompt was made for another model.
    """

    def __init__(self, open_: Opener, request: bytes, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._open = open_
        self._request = request
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._records: Iterator[dict[str, Any]] = iter(())
        self._pid = 0
        self._retried = self._answered = self._ended = False
        self._send_request()
        self._first: Event | None = self._next_event()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        if self._first is not None:
            event, self._first = self._first, None
            return event
        if self._ended:
            raise StopIteration
        next_event = self._next_event()
        if next_event is None:
            raise StopIteration
        return next_event

    def close(self) -> None:
        """Cancel; a thread that waits for an event gets the end at once."""
        self._closed.set()
        with self._lock:
            connection, self._connection = self._connection, None
        if connection:
            with suppress(OSError):
                # Unlike closing alone, this wakes a thread that is receiving.
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def __del__(self) -> None:
        self.close()

    def _next_event(self) -> Event | None:
        """The next event; None once cancelled."""
        while not self._closed.is_set():
            record = None
            # A socket closed by another thread is a ValueError or EBADF.
            with suppress(OSError, ValueError):
                record = next(self._records, None)
            if record is not None:
                return self._event_of(record)
            if self._closed.is_set():
                break
            if self._answered or self._retried:
                self.close()
                raise EngineCrashed("engine_crashed", retry_after=3)
            self._retried = True
            self._send_request()
        self._ended = True
        return None

    def _event_of(self, record: dict[str, Any]) -> Event:
        try:
            event = protocol.event_of(record)
        except BaseException as error:
            if isinstance(error, EngineChanged):
                self._on_change()
            self._ended = True
            self.close()
            raise
        if isinstance(event, Token):
            self._answered = True
        elif isinstance(event, Finished):
            self._ended = True
            self.close()
        return event

    def _send_request(self) -> None:
        connection, self._pid = self._open(self._pid, self._closed)
        with self._lock:
            previous, self._connection = self._connection, connection
        if previous:
            previous.close()
        if self._closed.is_set():
            self.close()
            return
        self._records = protocol.read_lines(connection)
        try:
            connection.sendall(self._request)
        except OSError:
            return  # the engine died just now; receiving will fail
