"""Runs jobs beside the server, and ends child processes."""

from __future__ import annotations

import logging
import math
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from chatbot_server.processes.progress import work_of
from chatbot_server.service.background import BackgroundWork

logger = logging.getLogger("chatbot_server")

JOB_NAMES = (
    *("erase", "read", "embed", "golden", "again", "pull", "mail", "model", "webhooks", "files"),
)
ON_CALL_ONLY = ("golden", "again", "model", "webhooks")
WAITED_FOR = ("again", "model", "files")  # by somebody at a page
JOBS_EVERY = 3600.0
FIRST_JOBS_AFTER = 20.0  # seconds, in which the first visitors are answered
JOBS_APART = 10.0  # each takes 80 MB for a moment, and seconds of the processor
CALL_CHECK_SECONDS = 2.0
STOP_SECONDS = 15.0
AGAIN_AFTER = 10.0  # the end of one that was cut short; each further one doubles it
MOST_DOUBLINGS = 10
STILL_SECONDS = 3600.0  # a slow crawl waits for half a minute between two pages
# Answers come first: nine times the processor. With 19, the lowest, a busy machine gives jobs
# nothing at all, and an owner waits for their pages, or a visitor's words for being erased.
NICENESS = 10


class Job(BackgroundWork):
    """``chatbot-server jobs NAME`` at low priority, again when called or an hour after it ended.

    Each job has a child process of its own, so that erasing does not wait for a long crawl. One
    that fails or is killed is tried again soon; one that uses no processor time for an hour is
    killed.

    Args:
        environment: the environment of the child, which names the configuration.
        run_dir: the folder in which :func:`call_job` of another process leaves its file.
        first_after: seconds until the first run.
    """

    def __init__(
        self,
        name: str,
        environment: Mapping[str, str],
        run_dir: Path,
        first_after: float = FIRST_JOBS_AFTER,
    ) -> None:
        super().__init__(f"jobs-{name}")
        self._name = name
        self._call_file = _call_file(run_dir, name)
        self._environment = environment
        self._first_after = first_after

    def is_called(self) -> bool:
        """Whether a call is due now; a call for later is left for its time."""
        try:
            return self._call_file.stat().st_mtime <= time.time()
        except OSError:
            return False

    def _repeat(self) -> None:
        due, failures = self._due_in(self._first_after), 0
        while not self._stop.wait(min(CALL_CHECK_SECONDS, max(0.0, due - time.monotonic()))):
            if not self.is_called() and time.monotonic() < due:
                continue
            failures = 0 if self._run_once() else failures + 1
            due = self._due_in(JOBS_EVERY)
            if failures:
                pause = AGAIN_AFTER * 2 ** min(failures - 1, MOST_DOUBLINGS)
                due = time.monotonic() + min(pause, JOBS_EVERY)

    def _due_in(self, seconds: float) -> float:
        """The moment in *seconds* from now; infinite for a job that is done on call only."""
        return math.inf if self._name in ON_CALL_ONLY else time.monotonic() + seconds

    def _run_once(self) -> bool:
        """Run the job once; whether it succeeded."""
        self._call_file.unlink(missing_ok=True)  # before the work: later calls need another run
        try:
            child = subprocess.Popen(
                [sys.executable, "-m", "chatbot_server", "jobs", self._name],
                env=self._environment,
                preexec_fn=None if self._name in WAITED_FOR else lambda: os.nice(NICENESS),
            )
        except OSError:  # no memory for one more process now; soon, perhaps
            logger.exception("the job “%s” could not be started", self._name)
            return False
        try:
            self._watch(child)
        finally:
            end_process(child)
        return child.returncode == 0

    def _watch(self, child: subprocess.Popen[bytes]) -> None:
        """Wait until *child* ends or the server stops; kill it if it makes no progress for long."""
        progress, moved_at = "", time.monotonic()
        while child.poll() is None and not self._stop.wait(0.2):
            new_progress = work_of(child.pid)
            if not new_progress or new_progress != progress:
                progress, moved_at = new_progress, time.monotonic()
            elif time.monotonic() - moved_at > STILL_SECONDS:
                logger.error("the job “%s” does not move any more; it is killed", self._name)
                child.kill()
                return


def call_job(run_dir: Path, name: str, after: float = 0.0) -> None:
    """Let the server do its job *name* in *after* seconds; without a server, once it starts.

    A call for an earlier moment stays valid.
    """
    file = _call_file(run_dir, name)
    with suppress(OSError):  # no folder, or a full disk: it is done within the hour, then
        if not (after and file.exists()):
            file.touch()
            moment = time.time() + after
            os.utime(file, (moment, moment))


def _call_file(run_dir: Path, name: str) -> Path:
    return run_dir / f"jobs-{name}.called"


class ChildProcess(Protocol):
    """What is asked of a child: ``subprocess.Popen`` has all of it."""

    returncode: Any

    def poll(self) -> int | None:
        """Its return code, if it has ended."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended."""
        ...

    def terminate(self) -> None:
        """Ask it to end."""
        ...

    def kill(self) -> None:
        """End it."""
        ...


def end_process(process: ChildProcess) -> None:
    """Ask it to end, wait for some seconds, then kill it."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
