"""Web processes and the engine's socket: refusals, nonsense, and folders too deep."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import pytest
from support.engine.asking import ask
from support.patience import LONG

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.process.address import SOCKET, connect
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.engine.process.state import EngineRecord, write_state
from chatbot_server.engine.process.supervisor import EngineSupervisor
from chatbot_server.errors import EngineError


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{\n",
        b"[]\n",
        b'{"op": "rm"}\n',
        b'{"op": "generate"}\n',
        b"\xff\xfe\n",
        b"[" * 9000 + b"\n",
    ],
)
def test_nonsense_on_the_socket_harms_nobody(parrot_engine: SocketEngine, line: bytes) -> None:
    with connect(parrot_engine._run_dir / SOCKET) as connection:
        connection.settimeout(LONG)
        connection.sendall(line)
        answer = json.loads(connection.makefile().readline())

    assert answer["error"]["code"] == "engine_protocol"
    assert ask(parrot_engine, "Bonjour").finished


def test_without_an_engine_the_state_is_none(tmp_path: Path) -> None:
    engine = SocketEngine(tmp_path)

    assert engine.status().state == "none"
    with pytest.raises(EngineError) as refused:
        engine.count_tokens(["a"])
    assert refused.value.code == "engine_none"


def test_the_state_of_a_frozen_engine_is_told_without_asking_it(tmp_path: Path) -> None:
    write_state(tmp_path, EngineRecord("ready", supervisor=os.getpid(), pid=os.getpid()))
    with socket.socket(socket.AF_UNIX) as silent:  # accepts, and never says a word
        silent.bind(str(tmp_path / SOCKET))
        silent.listen(0)
        start = time.monotonic()
        for _more_than_can_wait in range(4):
            assert SocketEngine(tmp_path).status().state == "ready"
        assert time.monotonic() - start < 1
    assert SocketEngine(tmp_path).status().state == "restarting"  # nobody listens any more


def test_a_loading_engine_asks_for_patience(tmp_path: Path) -> None:
    write_state(tmp_path, EngineRecord("starting", supervisor=os.getpid()))

    with pytest.raises(EngineError) as refused:
        ask(SocketEngine(tmp_path), "a")

    assert (refused.value.code, refused.value.retry_after) == ("engine_starting", 5)


def test_a_socket_that_nobody_serves_is_waited_for_a_bounded_time(tmp_path: Path) -> None:
    write_state(tmp_path, EngineRecord("ready", supervisor=os.getpid()))
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / SOCKET))
    dead.close()

    with pytest.raises(EngineError) as refused:
        ask(SocketEngine(tmp_path, restart_seconds=0.2), "a")

    assert refused.value.code == "engine_restarting"


def test_a_deep_folder_is_no_obstacle(tmp_path: Path, parrot: Path) -> None:
    folder = tmp_path / ("d" * 60) / ("e" * 60)
    settings = EngineSettings(parrot, "ctransformers", tmp_path, context_length=512)
    supervisor = EngineSupervisor(settings, folder)
    supervisor.start()
    try:
        assert supervisor.wait(LONG) == "ready"
        assert ask(SocketEngine(folder), "Bonjour").finished
    finally:
        supervisor.stop()
