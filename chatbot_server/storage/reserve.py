"""Space that is reserved on the disk, and released when the disk is full.

SQLite needs space to erase, and to start: without it, a full disk would prevent erasures, and the
next start of a server.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

SIZE = 4_000_000
# With less free space than this, nothing is reserved.
LEAST_FREE = 20 * SIZE


class Reserve:
    """A file of zeros in *folder* that reserves space."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "reserve"

    def keep(self) -> None:
        """Reserve the space, if there is enough."""
        with suppress(OSError):
            if self._size() < SIZE and shutil.disk_usage(self._folder).free > LEAST_FREE:
                self._file.write_bytes(bytes(SIZE))
                self._file.chmod(0o600)

    def give_up(self) -> bool:
        """Release a quarter of the space; whether there was any.

        The rest is left for the next work that needs space, such as the start of the server.
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
