"""A gunicorn with the impatient worker and few threads."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from support.patience import LONG, wait_for

THREADS = 3


def start_gunicorn(
    port: int, graceful_seconds: int, app: Sequence[str] = ("support.servers.impatient:app",)
) -> subprocess.Popen[bytes]:
    """gunicorn on *port*, once it listens."""
    words = [
        *app,
        "--worker-class",
        "support.servers.impatient.Impatient",
    ]
    words += ["--bind", f"127.0.0.1:{port}", "--threads", str(THREADS), "--no-control-socket"]
    words += [
        "--graceful-timeout",
        str(graceful_seconds),
        "--log-level",
        "error",
        "--keep-alive",
        str(LONG),
    ]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *words], cwd=Path(__file__).parents[2]
    )

    def up() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_for(up)
    return server
