"""Whether another process makes progress, told by the processor's time that it takes."""

from __future__ import annotations

import time
from pathlib import Path


def work_of(pid: int) -> str:
    """A value that changes when the process makes progress; empty where this is not known."""
    try:
        return Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]
    except (OSError, IndexError):
        return ""


class Patience:
    """How long to wait for a process: as long as it makes progress, up to a limit.

    Where progress cannot be seen, there is none.

    Args:
        seconds: without progress.
        most_seconds: in all; by default no longer than *seconds*.
    """

    def __init__(self, pid: int, seconds: float, most_seconds: float = 0.0) -> None:
        self._pid, self._seconds = pid, seconds
        self._work = work_of(pid)
        begun_at = time.monotonic()
        self._deadline = begun_at + seconds
        self._last_deadline = begun_at + max(seconds, most_seconds)

    def deadline(self) -> float:
        """The moment (monotonic) to look again; it has passed when the process is given up."""
        work = work_of(self._pid)
        if work != self._work:
            self._work = work
            self._deadline = min(time.monotonic() + self._seconds, self._last_deadline)
        return self._deadline
