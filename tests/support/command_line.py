"""The command line in this process: what a run of it said, and how it ended."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
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


def run_on(config: Path, *words: str) -> Ran:
    """``chatbot-server --config CONFIG`` with *words*, without the second a new process takes."""
    out, err = io.StringIO(), io.StringIO()
    mask = os.umask(0o077)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", [COMMAND, "--config", str(config), *words])
        patch.setenv(COMMAND_VARIABLE, COMMAND)
        try:
            main()
            code = 0
        except SystemExit as leave:
            code = int(leave.code or 0)
        finally:
            os.umask(mask)
    return Ran(code, out.getvalue(), err.getvalue())
