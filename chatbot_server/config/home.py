"""Home folders, and owners of files."""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def in_home(path: Path) -> Path:
    """*path* with ``~`` expanded, or unchanged if that user has no home."""
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
    """The owner of the file *path*, or of the nearest folder above it that is accessible."""
    for place in (path, *path.parents):
        try:
            return user_name(place.stat().st_uid)
        except OSError:  # noqa: PERF203 - not there, or below what is closed to us
            continue
    return "?"
