"""From settings to a loaded model: the one place that knows every local library."""

from __future__ import annotations

from pathlib import Path

from chatbot_server.engine.backend import Backend, EngineSettings
from chatbot_server.engine.base import EngineInfo
from chatbot_server.engine.machine import fitting_slots, thread_count
from chatbot_server.models.base import ModelFile
from chatbot_server.models.files.inspect import inspect_model
from chatbot_server.models.files.prepare import prepare_model


def load_backend(settings: EngineSettings, run_dir: Path) -> tuple[Backend, EngineInfo]:
    """Load the model of *settings* into this process.

    Raises:
        ModelError: the file is missing, broken or not for this library.
    """
    file = inspect_model(settings.path)
    if settings.kind == "llamacpp":
        backend = _load_llamacpp(file, settings, run_dir)
    else:
        backend = _load_ctransformers(file, settings)
    info = EngineInfo(
        model=settings.model or file.name or settings.path.stem,
        engine=settings.kind,
        family=settings.family or file.family,
        chat_template=file.chat_template,
        bos_token=file.bos_token,
        eos_token=file.eos_token,
        context_length=backend.context_length,
        slots=backend.slots,
        parameters=file.parameters,
        tier=settings.tier,
    )
    return backend, info


def _load_ctransformers(file: ModelFile, settings: EngineSettings) -> Backend:
    # Here and below: a library is imported by the process that runs it, and by no other.
    from chatbot_server.engine.ctransformers import CTransformersBackend

    return CTransformersBackend(prepare_model(file, settings.cache_dir), settings)


def _load_llamacpp(file: ModelFile, settings: EngineSettings, run_dir: Path) -> Backend:
    from chatbot_server.engine.llamacpp import LlamaCppBackend, Setup

    length = min(settings.context_length, file.context_length or settings.context_length)
    setup = Setup(
        file=file.path,
        socket=run_dir / "llamacpp.sock",
        context_length=length,
        slots=settings.slots or fitting_slots(file, length),
        threads=thread_count(settings.threads),
        cache_mb=settings.state_cache_mb,
    )
    return LlamaCppBackend(setup, queue=settings.queue, seconds=settings.answer_seconds)
