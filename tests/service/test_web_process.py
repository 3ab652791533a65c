"""How the web server's process is started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatbot_server.config import Config
from chatbot_server.processes.matrix_threads import ONE_THREAD
from chatbot_server.service.processes import ServerProcesses


@pytest.mark.parametrize("chosen", [None, "2"])
def test_it_compares_vectors_in_one_thread_unless_the_operator_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: str | None
) -> None:
    for name in ONE_THREAD:
        monkeypatch.delenv(name, raising=False)
    if chosen:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", chosen)
    server = ServerProcesses(Config(data_dir=tmp_path), tmp_path / "config.yaml", "en")
    environments: list[dict[str, str]] = []

    class Ended:
        returncode = 0

        def __init__(self, _command: list[str], env: dict[str, str]) -> None:
            environments.append(env)
            server._stop.set()

        def poll(self) -> int:
            return self.returncode

    monkeypatch.setattr("chatbot_server.service.processes.subprocess.Popen", Ended)
    server._keep_web_up()
    (environment,) = environments
    assert environment["OPENBLAS_NUM_THREADS"] == (chosen or "1")
    assert environment["PATH"] == os.environ["PATH"]
