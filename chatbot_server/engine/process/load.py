"""From settings to a loaded model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from chatbot_server.engine.backend import Backend, EngineSettings
from chatbot_server.engine.base import EngineInfo
from chatbot_server.engine.machine import fitting_slots, thread_count
from chatbot_server.engine.registry import ENGINES
from chatbot_server.models.files.inspect import inspect_model


def load_backend(settings: EngineSettings, run_dir: Path) -> tuple[Backend, EngineInfo]:
    """Load the model of *settings* into this process.

    Raises:
        ModelError: the file is missing, broken or not for this engine.
    """
    file = inspect_model(settings.path)
    length = min(settings.context_length, file.context_length or settings.context_length)
    settings = replace(
        settings,
        context_length=length,
        threads=thread_count(settings.threads),
        slots=settings.slots or fitting_slots(file, length),
    )
    backend = ENGINES[settings.kind].load(file, settings, run_dir)
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
