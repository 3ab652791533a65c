"""What a server says of itself in its log."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.models.tiny_architectures import write_architecture
from support.patience import wait_for
from support.servers.live_server import LiveServer

pytestmark = pytest.mark.xdist_group("live")


def test_a_model_that_cannot_be_loaded_is_said_with_its_reason(
    make_server: Callable[..., LiveServer], tmp_path: Path
) -> None:
    file = write_architecture(tmp_path / "m.gguf", "qwen2")
    file.write_bytes(file.read_bytes().replace(b"qwen2", b"qwen0"))
    server = make_server(engine={"model": str(file)})
    server.start(wait=False)
    wait_for(lambda: server.url in server.log, say=lambda: server.log)
    server.stop()
    told = next(line for line in server.log.splitlines() if server.url in line)
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ERROR ", told)
    assert "m.gguf: llama.cpp cannot load this model" in told
    assert "llamacpp runs the model. ctransformers cannot run the architecture" in server.log
