"""A child process that answers one JSON line with another: for work that may hang or crash.

Its side of the pipes is :mod:`.json_line_worker`.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from chatbot_server.processes.progress import Patience

WORKER = Path(__file__).with_name("json_line_worker.py")
# All that a child gets of this process's environment, which may hold passwords.
HARMLESS_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")


class ChildFailed(Exception):
    """The child ended or did not respond in time; the next request starts another one."""


@dataclass
class JsonLineChild:
    """Runs ``answer(request)`` of a module in a process of its own; not for two threads at once.

    The process is started with the first request, and again with the first one after its end.
    It ends when its parent has ended, in whatever way.

    Attributes:
        module: its ``answer`` takes a request and returns an answer, both of them JSON.
        memory_bytes: the most that the process gets.
        processor_seconds: of computing, after which the process is killed.
        idle_seconds: without a request, after which the process ends.
        variables: of its environment, besides :data:`HARMLESS_VARIABLES`.
        shares_stderr: what it prints there is shown; False where that may be a stranger's words.
    """

    module: str
    memory_bytes: int | None = None
    processor_seconds: int | None = None
    idle_seconds: float | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    shares_stderr: bool = False
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def is_running(self) -> bool:
        """Whether the process runs, so that the next request need not start one."""
        return self._process is not None and self._process.poll() is None

    def pids(self) -> Collection[int]:
        """The process, if it runs."""
        process = self._process
        return (process.pid,) if process is not None and process.poll() is None else ()

    def ask(self, request: object, seconds: float, most_seconds: float = 0.0) -> Any:
        """The answer to *request*.

        *most_seconds* are for a process that makes progress: starved on a busy machine, it would
        only have to start again.

        Raises:
            ChildFailed: it did not come within *seconds*, nor progress, nor within
                *most_seconds*; or the process ended.
        """
        try:
            process = self._start_unless_running()
            patience = Patience(process.pid, seconds, most_seconds)
            unwritten = memoryview(json.dumps(request).encode() + b"\n")
            while unwritten:
                descriptor = _when_ready(process.stdin, select.POLLOUT, patience)
                unwritten = unwritten[os.write(descriptor, unwritten) :]
            line = bytearray()
            while not line.endswith(b"\n"):
                chunk = os.read(_when_ready(process.stdout, select.POLLIN, patience), 1 << 20)
                if not chunk:
                    raise EOFError
                line += chunk
            return json.loads(line)
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise ChildFailed(f"{self.module}: {error!r}") from error

    def close(self) -> None:
        """Kill the process, even in the middle of its work."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()

    def _start_unless_running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self.is_running:
            return self._process
        self.close()
        settings = {
            "module": self.module,
            "path": sys.path,  # in isolation it would not find the modules of this process
            "memory_bytes": self.memory_bytes,
            "processor_seconds": self.processor_seconds,
            "idle_seconds": self.idle_seconds,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(WORKER), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if self.shares_stderr else subprocess.DEVNULL,
            env={**harmless_environment(), **self.variables},
            bufsize=0,
        )
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        os.set_blocking(self._process.stdin.fileno(), False)
        return self._process


def harmless_environment() -> dict[str, str]:
    """:data:`HARMLESS_VARIABLES`, as they are here."""
    return {name: os.environ[name] for name in HARMLESS_VARIABLES if name in os.environ}


def _when_ready(pipe: IO[bytes] | None, event: int, patience: Patience) -> int:
    """The descriptor of *pipe*, once it can be read or written.

    Raises:
        TimeoutError: the *patience* with the process is over.
    """
    while True:
        deadline = patience.deadline()
        try:
            return when_ready(pipe, event, deadline)
        except TimeoutError:
            if patience.deadline() <= deadline:
                raise


def when_ready(pipe: IO[bytes] | None, event: int, deadline: float) -> int:
    """The descriptor of *pipe*, once it can be read or written.

    Raises:
        TimeoutError: it cannot before the *deadline* (monotonic).
    """
    assert pipe is not None  # noqa: S101 - the process was started with both
    poll = select.poll()  # select() knows no file beyond number 1,023
    poll.register(pipe.fileno(), event)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError
    return pipe.fileno()
