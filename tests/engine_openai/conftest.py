"""Endpoints to talk to: llama.cpp's own server, and a scripted one that misbehaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import AnyHttpUrl
from support.patience import LONG
from support.servers.scripted_endpoint import Script, ScriptedServer

from chatbot_server.config.sections import EndpointSection, EngineSection
from chatbot_server.engine.openai import OpenAIEngine


@pytest.fixture
def scripted() -> Iterator[Callable[[Script], ScriptedServer]]:
    made: list[ScriptedServer] = []

    def make(script: Script) -> ScriptedServer:
        made.append(ScriptedServer(script))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def engine_for() -> Iterator[Callable[..., OpenAIEngine]]:
    made: list[OpenAIEngine] = []

    def make(*urls: str, answer_seconds: float = LONG, **settings: Any) -> OpenAIEngine:
        endpoints = tuple(EndpointSection(url=AnyHttpUrl(url)) for url in urls)
        section = EngineSection(kind="openai", **{"endpoints": endpoints} | settings)
        # Of an owner, at least five.
        made.append(OpenAIEngine(section.model_copy(update={"answer_seconds": answer_seconds})))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.fixture(scope="session")
def llama_server(smollm2: Path) -> Iterator[tuple[str, str]]:
    """llama.cpp's own HTTP server with the embedded model: its address and its key."""
    xllamacpp = pytest.importorskip("xllamacpp")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(smollm2)
    parameters.model_alias = {"smollm2"}
    parameters.n_ctx, parameters.n_parallel = 4096, 2
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.cache_ram_mib = 0
    parameters.verbosity = 0
    parameters.ui = False
    parameters.api_keys = ["sk-of-the-test"]
    server = xllamacpp.Server(parameters)
    yield f"{server.listening_address}/v1", "sk-of-the-test"
    del server
