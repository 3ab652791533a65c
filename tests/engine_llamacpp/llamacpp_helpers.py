"""A llama.cpp backend in this process."""

from __future__ import annotations

from pathlib import Path

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.llamacpp.backend import LlamaCppBackend


def llamacpp_backend(file: Path, folder: Path, **wanted: int) -> LlamaCppBackend:
    """One slot, one thread, no queue and no cache, unless *wanted* says otherwise."""
    few = {"slots": 1, "threads": 1, "queue": 0, "state_cache_mb": 0, **wanted}
    settings = EngineSettings(file, "llamacpp", folder, **few)  # type: ignore[arg-type]
    return LlamaCppBackend(settings, folder)
