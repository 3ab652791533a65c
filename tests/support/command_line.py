"""The command line in this process: what a run of it said, and how it ended."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatbot_server.cli.main import main
from chatbot_server.messages import COMMAND, COMMAND_VARIABLE


@dataclass
class Ran:
    exit_code: int
    out: str
    err: str


Run = Callable[..., Ran]


@contextmanager
def umask_put_back() -> Iterator[None]:
    """The command line narrows the rights of new files for good, which other tests rely on."""
    mask = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(mask)


def run_on(config: Path, *words: str) -> Ran:
    """``chatbot-server --config CONFIG`` with *words*, without the second a new process takes."""
    out, err = io.StringIO(), io.StringIO()
    with (
        umask_put_back(),
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", [COMMAND, "--config", str(config), *words])
        patch.setenv(COMMAND_VARIABLE, COMMAND)
        try:
            main()
            code = 0
        except SystemExit as leave:
            code = int(leave.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())
