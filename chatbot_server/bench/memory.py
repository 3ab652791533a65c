"""Memory of processes. PSS: shared pages are divided among those that share them."""

from __future__ import annotations

import os
import re
from pathlib import Path

ENGINE = "chatbot_server.engine.process.worker"


def pss_mb(pid: int) -> float | None:
    """Proportional set size in megabytes; None where the system does not tell (not Linux).

    RSS would count a mapped model once more for every instance that maps it.
    """
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(r"^Pss:\s+(\d+) kB$", text, re.M)
    return int(found[1]) * 1024 / 1e6 if found else None


def engine_process() -> int | None:
    """The engine that this process started, if any."""
    found = (pid for pid, command in family(os.getpid()).items() if ENGINE in command)
    return next(found, None)


def family(pid: int) -> dict[int, str]:
    """*pid* and all processes below it, with their command lines."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        fields = _read(entry).rpartition(")")[2].split()
        if fields:
            parents.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, todo = {}, [pid]
    while todo:
        current = todo.pop()
        found[current] = _read(Path(f"/proc/{current}/cmdline")).replace("\0", " ").strip()
        todo += parents.get(current, [])
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
