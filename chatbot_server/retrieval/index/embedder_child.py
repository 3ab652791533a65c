"""Processes that do one kind of work for this one: extraction, vectors."""

from __future__ import annotations

import select
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


def wait_for_output(descriptor: int, seconds: float) -> None:
    """Until a child has written to its pipe, or closed it.

    Raises:
        TimeoutError: neither within *seconds*.
    """
    poll = select.poll()  # select() knows no file beyond number 1,023
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(max(0, seconds) * 1000):
        raise TimeoutError
