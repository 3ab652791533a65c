"""The embedded model in llama.cpp's own server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.engine.backends import llamacpp_backend

from chatbot_server.engine.llamacpp.backend import LlamaCppBackend

pytest.importorskip("xllamacpp")


@pytest.fixture(scope="session")
def backend(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaCppBackend]:
    """Two slots and a queue of two."""
    folder = tmp_path_factory.mktemp("llamacpp")
    wanted = {"slots": 2, "queue": 2, "state_cache_mb": 32, "answer_seconds": 240}
    backend = llamacpp_backend(smollm2, folder, context_length=1024, **wanted)
    yield backend
    backend.close()
