"""The supervisor's side of one run of the engine's process."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.process.protocol import LINE_BYTES, decode
from chatbot_server.errors import EngineError

LOG_FILE = "engine.log"
LOG_TAIL_BYTES = 2000


class Child:
    """A started worker and its messages.

    Attributes:
        is_ready: whether it has said that it can answer.
        idle_seconds: as last reported.
    """

    def __init__(self, settings: EngineSettings, run_dir: Path) -> None:
        self._log = run_dir / LOG_FILE
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "chatbot_server.engine.process.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # a terminal's Ctrl-C is for the supervisor
            )
        self.pid = self._process.pid
        self.is_ready = False
        self.idle_seconds = 0.0
        self._pending = b""
        record = {"settings": settings.to_json(), "run_dir": str(run_dir)}
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        with suppress(BrokenPipeError):  # it died at once; its exit status will tell why
            self._process.stdin.write(json.dumps(record).encode() + b"\n")
            self._process.stdin.flush()

    def messages(self, timeout: float) -> list[dict[str, Any]] | None:
        """The messages within *timeout* seconds; None once it has closed its end."""
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        number = self._process.stdout.fileno()
        if not select.select([number], [], [], timeout)[0]:
            return []
        data = os.read(number, 65536)
        if not data:
            return None
        *lines, self._pending = (self._pending + data).split(b"\n")
        self._pending = self._pending[-LINE_BYTES:]
        records = []
        for line in lines:
            with suppress(EngineError):
                records.append(decode(line))
        for record in records:
            self.is_ready = self.is_ready or bool(record.get("ready"))
            self.idle_seconds = record.get("idle", self.idle_seconds)
        return records

    def end(self, seconds: float = 3.0) -> int:
        """Wait for its end, *seconds* at most, then kill it.

        Returns:
            Its exit status, negative for a signal.
        """
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                with suppress(OSError):
                    stream.close()
        deadline = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        if self._process.poll() is None:
            self.kill()
        return self._process.wait()

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def log_tail(self) -> str:
        """The end of what it and the native library printed."""
        try:
            return self._log.read_bytes()[-LOG_TAIL_BYTES:].decode("utf-8", "replace").strip()
        except OSError:
            return ""
