"""The real command line, on a configuration in a folder of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from support.command_line import Ran, Run
from support.knowledge_cli import SETTINGS, Written

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


@pytest.fixture
def knowledge_config(tmp_path: Path) -> Path:
    """The configuration that every run reads."""
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(SETTINGS))
    return file


@pytest.fixture
def write(tmp_path: Path) -> Written:
    """Makes a file to be read."""

    def write(name: str, content: str | bytes) -> Path:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write
