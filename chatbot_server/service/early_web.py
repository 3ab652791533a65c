"""The web server's process, begun while the start is prepared.

Both take more than a second of the processor, the one mostly for imports: so they work at once. The
process that prepares the start becomes the server's parent (``execv``), which keeps its children.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from chatbot_server.processes.native_libraries import FOR_WEB
from chatbot_server.processes.parent import PARENT

RUN_GUNICORN = "chatbot_server.service.run_gunicorn"
# Its number, and that of the file by which it is told how to go on.
VARIABLE = "CHATBOT_EARLY_WEB"
LOOK_SECONDS = 0.02


class InheritedProcess:
    """A child that was started by the program which this process ran before.

    It has those methods of ``subprocess.Popen`` that :func:`~.children.end_process` needs.

    Attributes:
        returncode: as of ``Popen``; None while it runs.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its return code, if it has ended."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not within *timeout* seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired(RUN_GUNICORN, timeout or 0.0)
            time.sleep(LOOK_SECONDS)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def begin_web() -> None:
    """Start the process, which imports the application and waits for :func:`continue_web`.

    It ends with this process, and if it is told nothing.
    """
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", RUN_GUNICORN],
        stdin=reading,
        env=FOR_WEB | os.environ | {PARENT: str(os.getpid())},
    )
    process.returncode = 0  # so that the end of this object is no cause to warn
    os.close(reading)
    os.set_inheritable(writing, True)
    os.environ[VARIABLE] = f"{process.pid} {writing}"


def continue_web(
    early_web: str, arguments: Sequence[str], environment: Mapping[str, str]
) -> InheritedProcess | None:
    """Tell the process that *early_web* names how to go on; None if it has ended.

    Args:
        early_web: the value of :data:`VARIABLE`.
        arguments: of gunicorn.
        environment: its further variables.
    """
    pid, writing = map(int, early_web.split())
    order = {"arguments": list(arguments), "environment": dict(environment)}
    process = InheritedProcess(pid)
    try:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(json.dumps(order).encode() + b"\n")
        return process if process.poll() is None else None
    except OSError:  # it was killed
        return None


def wait_for_order() -> None:
    """In the process: wait for the arguments of gunicorn, and take them over.

    Its environment is the server's then, but for the parent's number, which was looked at before.
    """
    line = sys.stdin.buffer.readline()
    if not line:  # the start was given up
        os._exit(0)
    order = json.loads(line)
    os.environ.update(order["environment"])
    os.environ.pop(PARENT, None)
    sys.argv[1:] = order["arguments"]
