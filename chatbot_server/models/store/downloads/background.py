"""A download that was requested in the browser; its progress is in a file beside the models.

The web process notes what is wanted; a job does it, and resumes it after a restart.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from chatbot_server.errors import ChatbotError, UsageError
from chatbot_server.models.store.catalogue import catalogue
from chatbot_server.models.store.records import write_record

FILE = "download.json"
NOTE_SECONDS = 1.0  # between two notes of the progress
State = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True)
class DownloadState:
    """The progress of the download.

    Attributes:
        done, total: numbers of bytes; a total of 0 is not known yet.
        code, values: key and values of the sentence that says why it failed.
    """

    name: str
    state: State
    done: int = 0
    total: int = 0
    code: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def percent(self) -> int:
        """The percentage of bytes that are here."""
        return min(100, 100 * self.done // self.total) if self.total else 0

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in ("waiting", "running")


def download_state(models_dir: Path) -> DownloadState | None:
    """The last download that was requested, if there was one."""
    try:
        return DownloadState(**json.loads((models_dir / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def want_model(models_dir: Path, name: str) -> None:
    """Note that the model *name* of the catalogue is to be downloaded.

    Raises:
        UsageError: it is not in the catalogue.
        ModelError: the folder cannot be written to.
    """
    entry = catalogue().get(name)
    if entry is None:
        raise UsageError("model_name_unknown", name=name[:80], close="")
    state = download_state(models_dir)
    if state is None or not state.is_open or state.name != name:
        _note(models_dir, DownloadState(name, "waiting", total=entry.size))


def pull_wanted(models_dir: Path) -> bool:
    """Download the requested model, if there is one; returns whether there was."""
    state = download_state(models_dir)
    if state is None or not state.is_open:
        return False
    # Imported here: the web server notes what is wanted, and what fetches it takes long to import.
    from chatbot_server.models.store.downloads.pull import pull_model

    noted_at = 0.0

    def progress(done: int, total: int | None) -> None:
        nonlocal noted_at
        if time.monotonic() - noted_at >= NOTE_SECONDS:
            noted_at = time.monotonic()
            _note(models_dir, DownloadState(state.name, "running", done, total or state.total))

    try:
        progress(0, state.total)
        pull_model(state.name, models_dir, progress)
        result = DownloadState(state.name, "done", state.total, state.total)
    except ChatbotError as error:
        values = {name: str(value) for name, value in error.values.items()}
        result = DownloadState(state.name, "failed", code=error.code, values=values)
    _note(models_dir, result)
    return True


def _note(models_dir: Path, state: DownloadState) -> None:
    """Write *state* down.

    Raises:
        ModelError: the folder cannot be written to.
    """
    write_record(models_dir, FILE, asdict(state))
