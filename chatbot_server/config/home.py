"""Paths as a person writes them, and whose they are."""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def in_home(path: Path) -> Path:
    """*path* with ``~`` written out, or as it is where that user has no home."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def user_name(number: int | None = None) -> str:
    """The name of the user *number*, or of the one that this process runs as."""
    number = os.geteuid() if number is None else number
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container need not name its users
        return str(number)


def owner_of(path: Path) -> str:
    """Whose the file *path* is, or the nearest folder above it that can be seen."""
    for place in (path, *path.parents):
        try:
            return user_name(place.stat().st_uid)
        except OSError:  # noqa: PERF203 - not there, or below what is closed to us
            continue
    return "?"
