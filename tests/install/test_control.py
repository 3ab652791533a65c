"""The command of an installation, with a version whose program is a stand-in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.patience import LONG
from support.ports import free_port

pytestmark = pytest.mark.install
PACKAGING = Path(__file__).parents[2] / "packaging"


@pytest.fixture
def control(tmp_path: Path) -> Path:
    """The filled-in control.sh; the program there says what it was given, and fails."""
    version = tmp_path / "versions/1"
    (version / "bin").mkdir(parents=True)
    (tmp_path / "current").symlink_to("versions/1")
    (version / "bin/python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (version / "bin/python").chmod(0o755)
    (version / "steps.py").write_text((PACKAGING / "steps.py").read_text())
    (version / "program.py").write_text("import sys\nsys.exit('new reason')\n")
    config = tmp_path / "config.yaml"
    config.write_text(f"server: {{port: {free_port()}}}\n")
    text = (PACKAGING / "control.sh").read_text()
    places = {"PREFIX": tmp_path, "DATA": tmp_path / "data", "CONFIG": config}
    for name, value in (places | {"SERVICE": "none", "OWNER": ""}).items():
        text = text.replace(f"@{name}@", str(value))
    script = tmp_path / "control.sh"
    script.write_text(text)
    return script


def run(control: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", control, *words], capture_output=True, text=True, timeout=LONG)


def test_a_start_that_fails_shows_its_own_lines_only(control: Path) -> None:
    log = control.parent / "log/server.log"
    log.parent.mkdir()
    log.write_text("old reason\n")
    done = run(control, "start")
    assert done.returncode == 1
    assert "new reason" in done.stderr
    assert "old reason" not in done.stderr
    assert run(control, "log").stdout == "old reason\nnew reason\n"


def test_the_help_of_an_installation_names_its_own_words(control: Path) -> None:
    program = "from chatbot_server.__main__ import main\nmain()\n"
    (control.parent / "versions/1/program.py").write_text(program)
    told = run(control, "--help").stdout
    for verb in ("start", "stop", "restart", "status", "log"):
        assert f"\n  {verb} " in told
    assert "Did you mean start?" in run(control, "strat").stderr
