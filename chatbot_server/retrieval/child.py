"""Processes that do one kind of work for this one: extraction, vectors."""

from __future__ import annotations

import subprocess
from contextlib import suppress


def end(child: subprocess.Popen[bytes]) -> None:
    """Kill *child* in the middle of whatever it does, and close its pipes."""
    child.kill()
    child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()
