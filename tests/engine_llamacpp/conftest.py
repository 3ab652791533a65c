"""The embedded model in llama.cpp's own server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot_server.engine.llamacpp import LlamaCppBackend, Setup

pytest.importorskip("xllamacpp")


@pytest.fixture(scope="session")
def backend(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaCppBackend]:
    """Two slots and a queue of two."""
    setup = Setup(
        file=smollm2,
        socket=tmp_path_factory.mktemp("llamacpp") / "llamacpp.sock",
        context_length=1024,
        slots=2,
        threads=1,
        cache_mb=32,
    )
    backend = LlamaCppBackend(setup, queue=2, seconds=240)
    yield backend
    backend.close()
