"""The log file of an installation without a service manager: kept small while it is written.

Several processes append to it, so it is copied and emptied in place and not renamed.
"""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

from chatbot_server.service.background import BackgroundWork

logger = logging.getLogger("chatbot_server")

# Named by the control script, which made the file.
VARIABLE = "CHATBOT_LOG_FILE"
MOST_BYTES = 10_000_000
SIZE_CHECK_SECONDS = 2.0


class LogKeeper(BackgroundWork):
    """Keeps *file* below 10 MB, with one older part beside it (``server.log.1``)."""

    def __init__(self, file: Path, most_bytes: int = MOST_BYTES) -> None:
        super().__init__("log")
        self._file = file
        self._most_bytes = most_bytes

    def shorten(self) -> bool:
        """Begin a new file if the current one is too long; whether it was."""
        try:
            if self._file.stat().st_size <= self._most_bytes:
                return False
            self._copy()
            os.truncate(self._file, 0)
        except OSError as error:
            logger.warning("the log file cannot be shortened: %s", error.strerror)
            return False
        return True

    def _repeat(self) -> None:
        while not self._stop.wait(SIZE_CHECK_SECONDS):
            self.shorten()

    def _copy(self) -> None:
        """Make the end of the file its older part, readable by its user only."""
        older = self._file.with_name(f"{self._file.name}.1")
        part = older.with_name(f"{older.name}.part")
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with self._file.open("rb") as source, os.fdopen(number, "wb") as target:
                source.seek(max(0, self._file.stat().st_size - self._most_bytes))
                shutil.copyfileobj(source, target)
            part.replace(older)
        except OSError:  # a full disk: better no older part than a file that grows
            part.unlink(missing_ok=True)
            older.unlink(missing_ok=True)


def log_keeper() -> LogKeeper | None:
    """For the file named by the control script; None if a service manager keeps the log."""
    name = os.environ.get(VARIABLE)
    return LogKeeper(Path(name)) if name else None
