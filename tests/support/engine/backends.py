"""Backends of engines in this process, where they can be looked at."""

from __future__ import annotations

from pathlib import Path

from typing_extensions import TypedDict, Unpack

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.ctransformers.backend import CTransformersBackend
from chatbot_server.engine.llamacpp.backend import LlamaCppBackend
from chatbot_server.models.files.inspect import inspect_model
from chatbot_server.models.files.prepare import prepare_model


class ChangedSettings(TypedDict, total=False):
    """Settings of an engine that a test may choose."""

    threads: int
    slots: int
    queue: int
    context_length: int
    batch_size: int
    state_cache_mb: int
    answer_seconds: float
    idle_seconds: float
    max_restarts: int
    memory_limit: int
    cpu_limit: int


def llamacpp_backend(
    file: Path, folder: Path, **changed: Unpack[ChangedSettings]
) -> LlamaCppBackend:
    """One slot, one thread, no queue and no cache, unless *changed* says otherwise."""
    few: ChangedSettings = {"slots": 1, "threads": 1, "queue": 0, "state_cache_mb": 0, **changed}
    return LlamaCppBackend(EngineSettings(file, "llamacpp", folder, **few), folder)


def ctransformers_backend(
    file: Path, folder: Path, **changed: Unpack[ChangedSettings]
) -> CTransformersBackend:
    """Two slots with a thread and 1,024 tokens, unless *changed* says otherwise."""
    few: ChangedSettings = {"threads": 1, "slots": 2, "context_length": 1024, **changed}
    settings = EngineSettings(file, "ctransformers", folder, **few)
    return CTransformersBackend(prepare_model(inspect_model(file), folder), settings)
