"""What gunicorn's own parent does, so that a killed worker is replaced at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.patience import LONG
from support.servers.ports import free_port

# Writes who imports it, and whether somebody who comes meanwhile is let wait.
APPLICATION = """
import os, socket
with socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), 1):
    pass
with open("importers", "a") as file:
    file.write(f"{os.getpid()}\\n")

def application(environ, start_response):
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def arbiter(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    (tmp_path / "imported_app.py").write_text(APPLICATION)
    path = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "chatbot_server.service.run_gunicorn"),
            *("imported_app:application", f"--bind=127.0.0.1:{port}", "--no-control-socket"),
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path, "PORT": str(port)},
    )
    yield process
    process.kill()
    process.wait()


def answering_process(port: int, *, but: int = 0) -> int:
    """The number of the process that answers, when it is another than *but*."""
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=LONG) as answer:
                number = int(answer.read())
        except OSError:
            number = but
        if number != but:
            return number
        time.sleep(0.05)
    raise AssertionError("nobody answers")


def test_a_worker_that_replaces_a_killed_one_imports_nothing_again(
    arbiter: subprocess.Popen[bytes], tmp_path: Path, port: int
) -> None:
    first = answering_process(port)
    os.kill(first, signal.SIGKILL)
    answering_process(port, but=first)
    assert (tmp_path / "importers").read_text().split() == [str(arbiter.pid)]
