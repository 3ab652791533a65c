"""Which run of a server it is that answers: a number of its own in the run folder and in /readyz.

Whoever finds both equal knows that the server at an address is the one of a folder, and not
another program, another installation, or an older version that was not stopped.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path

FILE = "server.json"
VARIABLE = "CHATBOT_RUN"  # of the web worker


def announce(run_dir: Path) -> str:
    """Announce this process as the server of *run_dir*; returns the number of this run."""
    run = secrets.token_hex(8)
    record = {"run": run, "program": os.path.realpath(sys.prefix)}
    with suppress(OSError):  # a full disk: it serves all the same
        part = run_dir / f"{FILE}.part"
        part.write_text(json.dumps(record), encoding="utf-8")
        part.replace(run_dir / FILE)
    return run


def announced_run(run_dir: Path) -> str | None:
    """The number of the run that was announced last."""
    try:
        run = json.loads((run_dir / FILE).read_text(encoding="utf-8"))["run"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return run if isinstance(run, str) else None


def own_run() -> str:
    """The number of the run that this process is part of; empty if it is part of none."""
    return os.environ.get(VARIABLE, "")
