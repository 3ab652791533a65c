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
    match = re.search(r"^Pss:\s+(\d+) kB$", text, re.M)
    return int(match[1]) * 1024 / 1e6 if match else None


def engine_process() -> int | None:
    """The engine that this process started, if any."""
    commands = family(os.getpid()).items()
    return next((pid for pid, command in commands if ENGINE in command), None)


def family(pid: int) -> dict[int, str]:
    """*pid* and all processes below it, with their command lines."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        fields = _text_of(entry).rpartition(")")[2].split()
        if fields:
            parents.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    commands, todo = {}, [pid]
    while todo:
        current = todo.pop()
        commands[current] = _text_of(Path(f"/proc/{current}/cmdline")).replace("\0", " ").strip()
        todo += parents.get(current, [])
    return commands


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
