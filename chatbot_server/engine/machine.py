"""Threads and slots that this machine has for an engine, without a native library."""

from __future__ import annotations

import os
import re
from pathlib import Path

from chatbot_server.models.base import ModelFile
from chatbot_server.models.machine import available_memory

CPUINFO = Path("/proc/cpuinfo")
MAX_SLOTS = 4


def thread_count(setting: int) -> int:
    """*setting*, but no more than this process has processors; for 0, one thread per core.

    ggml's threads spin while they wait: 64 threads on 2 cores take 3.9 s for one token,
    and 600 hang.
    """
    has_affinity = hasattr(os, "sched_getaffinity")
    available = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    if setting:
        return min(setting, available)
    text = CPUINFO.read_text() if CPUINFO.exists() else ""
    cores = re.findall(r"^physical id\s*: (\d+)$.*?^core id\s*: (\d+)$", text, re.M | re.S)
    return max(1, min(len(set(cores)) or available, available))


def fitting_slots(file: ModelFile, context_length: int) -> int:
    """The number of slots, 1 to 4, whose keys and values fit in half of the free memory."""
    # An instance also takes buffers and a copy of the vocabulary: 31 MB measured for
    # SmolLM2-135M.
    slot_bytes = file.kv_bytes_per_token * context_length + 40_000_000
    return max(1, min(MAX_SLOTS, available_memory() // 2 // slot_bytes))
