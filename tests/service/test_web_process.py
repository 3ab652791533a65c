"""How the web server's process is started."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from chatbot_server.config import Config
from chatbot_server.errors import Unavailable
from chatbot_server.processes.native_libraries import FOR_WEB
from chatbot_server.service.processes import ServerProcesses


@pytest.mark.parametrize("chosen", [None, "2"])
def test_its_libraries_use_one_thread_unless_the_operator_says_otherwise_and_free_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: str | None
) -> None:
    for name in FOR_WEB:
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
    assert environment["MALLOC_MMAP_THRESHOLD_"] == "262144"
    assert environment["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize(("ends_by", "starts"), [("kill -9 $$", 6), ("exit 3", 3)])
def test_one_that_is_killed_is_started_again_and_one_that_fails_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ends_by: str, starts: int
) -> None:
    """Also if it is killed again as soon as it answers: it has not failed by itself."""
    server = ServerProcesses(Config(data_dir=tmp_path), tmp_path / "config.yaml", "en")
    count = 0

    def command() -> list[str]:
        nonlocal count
        count += 1
        if count == 6:
            server._stop.set()
        return ["sh", "-c", ends_by]

    wait = server._stop.wait
    monkeypatch.setattr(server._stop, "wait", lambda seconds: wait(min(seconds, 0.01)))
    monkeypatch.setattr(server, "_web_command", command)
    with suppress(Unavailable):
        server._keep_web_up()
    assert count == starts
