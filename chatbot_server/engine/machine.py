"""What this machine offers an engine, read from the system without a native library."""

from __future__ import annotations

import os
import re
from pathlib import Path

from chatbot_server.models.base import ModelFile
from chatbot_server.models.machine import available_memory

CPUINFO = Path("/proc/cpuinfo")
MOST_SLOTS = 4


def thread_count(wanted: int, cpuinfo: Path = CPUINFO) -> int:
    """*wanted* threads, never more than this process has processors; 0: one per core.

    ggml's threads spin while they wait: 64 threads on 2 cores take 3.9 s for one token,
    and 600 hang.
    """
    available = _processors()
    if wanted:
        return min(wanted, available)
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    places = re.findall(r"^physical id\s*: (\d+)$.*?^core id\s*: (\d+)$", text, re.M | re.S)
    return max(1, min(len(set(places)) or available, available))


def fitting_slots(file: ModelFile, context_length: int) -> int:
    """Slots whose keys and values fit in half of the free memory, 1 to 4."""
    # Beside them, an instance takes buffers and its copy of the vocabulary: 31 MB for
    # SmolLM2-135M, measured.
    each = file.kv_bytes_per_token * context_length + 40_000_000
    return max(1, min(MOST_SLOTS, available_memory() // 2 // each))


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
