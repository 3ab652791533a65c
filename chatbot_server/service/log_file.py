"""The log file of an installation without a service manager: kept small while it is written.

Several processes append to it, so it is copied and emptied in place and not renamed.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from pathlib import Path

logger = logging.getLogger("chatbot_server")

# Named by the control script, which made the file.
VARIABLE = "CHATBOT_LOG_FILE"
MOST_BYTES = 10_000_000
LOOK_EVERY = 2.0


class LogKeeper:
    """Keeps *file* below 10 MB, with one older part beside it (``server.log.1``)."""

    def __init__(self, file: Path, most_bytes: int = MOST_BYTES) -> None:
        self._file = file
        self._most_bytes = most_bytes
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="log", daemon=True)

    def start(self) -> None:
        """Start the thread; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread."""
        self._stop.set()
        if self._thread.ident:
            self._thread.join()

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

    def _keep(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
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
