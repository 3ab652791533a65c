"""Paths as a person writes them."""

from __future__ import annotations

from pathlib import Path


def in_home(path: Path) -> Path:
    """*path* with ``~`` written out, or as it is where that user has no home."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path
