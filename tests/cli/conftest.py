"""The real command line, on a configuration in a folder of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.command_line import Ran, Run

from chatbot_server.cli.main import main


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a verb on a configuration in a folder of its own."""

    def run(*words: str) -> Ran:
        config = ["--config", str(tmp_path / "config.yaml")]
        monkeypatch.setattr(sys, "argv", ["chatbot-server", *config, *words])
        try:
            main()
            code = 0
        except SystemExit as leave:
            code = int(leave.code or 0)
        seen = capsys.readouterr()
        return Ran(code, seen.out, seen.err)

    return run
