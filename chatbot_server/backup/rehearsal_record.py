"""The result of the last rehearsal of a restore, in a file that the server and ``doctor`` read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

FILE = "rehearsal.json"
NO_ROOM = "rehearsal_disk"  # the code where the disk is at fault, and not the backup


@dataclass(frozen=True)
class Rehearsal:
    """How the last one went.

    Attributes:
        file: the backup's name.
        at: in Unix seconds.
        rows: that were put back and are as in the file.
        code, values: of the sentence that says why it failed; empty: it did not.
    """

    file: str
    at: int
    rows: int = 0
    code: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def outcome(self) -> Literal["restored", "failed", "untried"]:
        """What it says of the backup: nothing where the disk had no room to try it."""
        if not self.code:
            return "restored"
        return "untried" if self.code == NO_ROOM else "failed"


def last_rehearsal(run_dir: Path) -> Rehearsal | None:
    """The result of the last rehearsal, if there was one."""
    try:
        return Rehearsal(**json.loads((run_dir / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
