"""The real command line, on a configuration in a folder of its own."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import yaml
from support.command_line import Run, run_on
from support.knowledge_cli import SETTINGS, Written


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a verb on a configuration in a folder of its own."""
    return partial(run_on, tmp_path / "config.yaml")


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
