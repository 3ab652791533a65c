"""``/v1`` on a real server with the embedded model, on each local engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.models.tiny_models import write_parrot_gguf
from support.patience import LONG
from support.servers.openai_server import PARROT, Api, serve

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.process.supervisor import local_engine

TITLE = "SmolLM2 135M Instruct"


@pytest.fixture(scope="package", params=["ctransformers", "llamacpp"])
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


@pytest.fixture(scope="package")
def parrot_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API whose model always says the same sentence."""
    folder = tmp_path_factory.mktemp("parrot")
    file = write_parrot_gguf(folder / "parrot.gguf", PARROT)
    settings = EngineSettings(file, "ctransformers", folder, model="parrot", threads=1, slots=1)
    with local_engine(settings, seconds=LONG) as engine:
        yield from serve(engine, folder)
