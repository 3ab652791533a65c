"""Children of the parent process: how chores are run beside the server, and how all are ended."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping

logger = logging.getLogger("chatbot_server")

CHORES_EVERY = 3600.0
FIRST_CHORES_AFTER = 20.0  # the first visitor comes first
STOP_SECONDS = 15.0


class Chore:
    """``chatbot-server jobs NAME`` at idle priority, again an hour after it ended.

    Each chore has a child of its own: what must be erased does not wait for a long crawl.

    Args:
        environment: of the child; names the configuration.
        first_after: seconds until the first run.
    """

    def __init__(
        self, name: str, environment: Mapping[str, str], first_after: float = FIRST_CHORES_AFTER
    ) -> None:
        self._name = name
        self._environment = environment
        self._first_after = first_after
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"jobs-{name}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End it and wait until it is gone."""
        self._stop.set()
        if self._thread.ident:
            self._thread.join()

    def _run(self) -> None:
        wait = self._first_after
        while not self._stop.wait(wait):
            wait = CHORES_EVERY
            try:
                self._once()
            except OSError:  # no memory for one more process now; in an hour, perhaps
                logger.exception("the chore “%s” could not be started", self._name)

    def _once(self) -> None:
        child = subprocess.Popen(
            [sys.executable, "-m", "chatbot_server", "jobs", self._name],
            env=self._environment,
            preexec_fn=_idle,
        )
        try:
            while child.poll() is None and not self._stop.wait(0.2):
                pass
        finally:
            end(child)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask, wait, insist."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _idle() -> None:
    """Chores give way to answers."""
    os.nice(19)
