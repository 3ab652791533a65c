"""Waiting for a fact: as long as a busy machine may take, and no longer than it takes."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# Never how long something takes: how long a machine with other work may need for it.
LONG = 120


def wait_for(
    fact: Callable[[], object], *, say: Callable[[], str] = str, every: float = 0.02
) -> None:
    """Wait until *fact* is true; it is called every *every* seconds.

    Raises:
        AssertionError: it does not become true; with what *say* returns.
    """
    deadline = time.monotonic() + LONG
    while not fact():
        assert time.monotonic() < deadline, f"not true after {LONG} s: {say()}"
        time.sleep(every)


@contextmanager
def alone(folder: Path, thing: str) -> Iterator[None]:
    """One process at a time prepares *thing* in *folder*; the next one finds it there."""
    with (folder / f".{thing}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
