"""Processor time of single processes, and of the whole machine (Linux)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection
from pathlib import Path

STAT = Path("/proc/stat")
# The words of its first line that are work: idle and waiting are not, guests count as user.
WORK = (0, 1, 2, 5, 6, 7)
SCHEDULED = 2  # CPUCLOCK_SCHED of the kernel


def processor_seconds(pid: int) -> float | None:
    """What the process *pid* has computed, all its threads together; None: it is gone.

    The system may also not tell.
    """
    if sys.platform != "linux":
        return None
    try:
        # As clock_getcpuclockid(3) makes it, which Python has for threads only.
        return time.clock_gettime((~pid << 3) | SCHEDULED)
    except OSError:
        return None


def machine_seconds() -> float:
    """Processor time of all processors, in steps of ten milliseconds; 0 if unknown."""
    try:
        with STAT.open() as lines:
            ticks = [int(word) for word in lines.readline().split()[1:]]
        return sum(ticks[place] for place in WORK) / float(os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError):
        return 0.0


class ProcessorTime:
    """The processor time of a changing set of processes."""

    def __init__(self) -> None:
        self._last: dict[int, float] = {}

    def spent(self, pids: Collection[int]) -> float | None:
        """Seconds since the last call, of processes that ran then already; None if unknown."""
        clocks = ((pid, processor_seconds(pid)) for pid in pids)
        now = {pid: seconds for pid, seconds in clocks if seconds is not None}
        total = sum(seconds - self._last.get(pid, seconds) for pid, seconds in now.items())
        self._last = now
        return max(0.0, total) if now else None
