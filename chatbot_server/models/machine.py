"""What this machine has: processor features, memory, disk."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path


def cpu_flags() -> frozenset[str]:
    """Instruction sets of the processor, by their Linux names; empty if unknown."""
    for line in _lines("/proc/cpuinfo"):
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return frozenset(value.split())
    return frozenset()


def needs_avx2() -> bool:
    """Whether the engines' ready-made builds for this kind of processor use AVX2."""
    return platform.system() == "Linux" and platform.machine() in ("x86_64", "AMD64")


def available_memory() -> int:
    """Bytes of memory that can be used without swapping; 0 if unknown."""
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return total_memory()


def total_memory() -> int:
    """Bytes of memory of the machine; 0 if unknown."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0


def memory_of(pid: int) -> int:
    """Bytes of memory that the process uses now; 0 if unknown."""
    for line in _lines(f"/proc/{pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def free_disk(folder: Path) -> int:
    """Bytes free where *folder* is, or will be."""
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    return shutil.disk_usage(existing).free


def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
