"""Temporary folders that do not outlive their process for long, however it ended."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp


@contextmanager
def temporary_folder(purpose: str, place: Path | None = None) -> Iterator[Path]:
    """A folder of this user alone, deleted at the end; in *place*, or where the system wants it.

    A process that is killed leaves its folder behind, which the next call for the same *purpose*
    deletes. A folder in use is locked, and the system releases the lock when its process ends.
    """
    place = place or Path(gettempdir())
    prefix = _prefix(purpose)
    delete_left_behind(purpose, place)
    # It gets its final name once it is locked; before, another process could delete it.
    making = Path(mkdtemp(prefix=f".{prefix}", dir=place))
    folder = making.with_name(making.name[1:])
    lock = _lock(making)
    try:
        yield making.rename(folder)
    finally:
        for path in (making, folder):
            shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def delete_left_behind(purpose: str, place: Path) -> None:
    """Delete the folders that killed processes have left in *place*."""
    for folder in place.glob(f"{_prefix(purpose)}*"):
        with suppress(OSError):  # in use, another user's, or gone meanwhile
            lock = _lock(folder)
            try:
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _prefix(purpose: str) -> str:
    return f"chatbot-{purpose}."


def _lock(folder: Path) -> int:
    """A descriptor that holds the lock of *folder*.

    Raises:
        OSError: another process holds it, or it is no folder.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
