"""Room that is kept on the disk, and given up when it is full.

SQLite needs some to erase, and to begin: without it, a full disk would keep what a visitor wants
erased, and a server that was stopped from coming back.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

SIZE = 4_000_000
# Where there is hardly more than this, the room is of more use to others.
LEAST_FREE = 20 * SIZE


class Reserve:
    """A file without meaning in *folder*."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "reserve"

    def keep(self) -> None:
        """Set the room aside, if there is enough."""
        with suppress(OSError):
            if self._size() < SIZE and shutil.disk_usage(self._folder).free > LEAST_FREE:
                self._file.write_bytes(bytes(SIZE))
                self._file.chmod(0o600)

    def give_up(self) -> bool:
        """Let a part of it go, a quarter of the whole; whether there was any.

        What asks for room next, the server's start perhaps, finds some as well.
        """
        size = self._size()
        with suppress(OSError):
            os.truncate(self._file, max(0, size - SIZE // 4))
        return self._size() < size

    def _size(self) -> int:
        try:
            return self._file.stat().st_size
        except OSError:
            return 0
