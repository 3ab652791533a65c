"""Errors about a folder of models that cannot be written.

Apart from :mod:`.download`, which every start of the server would else import.
"""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from chatbot_server.errors import ModelError

SPARE = 50_000_000  # bytes that must stay free on the disk


def write_error(error: OSError, folder: Path, needed: int = 0) -> ModelError:
    """The error about a *folder* that cannot be written."""
    if error.errno == errno.ENOSPC:
        return disk_full(folder, needed)
    return ModelError("model_folder_unwritable", folder=folder, reason=error.strerror or "")


def disk_full(folder: Path, needed: int) -> ModelError:
    """The error about a *folder* without room for *needed* bytes; 0: it is not known how many."""
    free = shutil.disk_usage(folder).free // 1_000_000
    if not needed:
        return ModelError("model_disk_full_now", folder=folder, free=free)
    megabytes = (needed + SPARE) // 1_000_000
    return ModelError("model_disk_full", folder=folder, needed=megabytes, free=free)
