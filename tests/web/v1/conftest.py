"""``/v1`` on a real server with the embedded model, on each local engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.openai_server import Api, serve

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.process.supervisor import local_engine

TITLE = "SmolLM2 135M Instruct"


@pytest.fixture(scope="module", params=["ctransformers", "llamacpp"])
def api(
    request: pytest.FixtureRequest, smollm2: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Api]:
    if request.param == "llamacpp":
        pytest.importorskip("xllamacpp")
    folder = tmp_path_factory.mktemp("api")
    settings = EngineSettings(
        smollm2, request.param, folder, model=TITLE, threads=1, slots=2, context_length=1024
    )
    with local_engine(settings, seconds=120) as engine:
        yield from serve(engine, folder)
