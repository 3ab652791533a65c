"""Checks whether a model file can run here: by its header, then by loading it in a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chatbot_server.config.sections import EngineName
from chatbot_server.errors import ChatbotError, ModelError
from chatbot_server.models.base import ModelFile, Refusal
from chatbot_server.models.files.inspect import inspect_model
from chatbot_server.models.machine import available_memory
from chatbot_server.prompt.formats import TEMPLATE
from chatbot_server.prompt.template import learn_template

LEAST_CONTEXT = 512
Choose = Callable[[ModelFile], tuple[EngineName, dict[EngineName, Refusal]]]
Probe = Callable[[ModelFile, EngineName], None]


@dataclass(frozen=True)
class Report:
    """The result of a check.

    Attributes:
        file: the header's facts; None where it could not be read.
        engine: the engine that would run it; None if none can.
        error: what is wrong; None if the model can be used.
        refusals: engines that were passed over, and why.
    """

    file: ModelFile | None
    engine: EngineName | None
    error: ChatbotError | None
    refusals: dict[EngineName, Refusal]

    def as_json(self, language: str) -> dict[str, object]:
        """For scripts; *reason* is a sentence, also why another engine was passed over."""
        reasons = [self.error.sentence(language)] if self.error else []
        if not self.error:
            reasons = [refusal.sentence(language) for refusal in self.refusals.values()]
        return {
            "ok": self.error is None,
            "family": self.file.family if self.file else None,
            "architecture": self.file.architecture if self.file else None,
            "format": self.file.format if self.file else None,
            "engine": self.engine,
            "reason": " ".join(reasons) or None,
        }


def check_model(path: Path, choose: Choose, probe: Probe | None = None) -> Report:
    """Inspect *path*, choose an engine, try its chat template, then *probe* the load.

    *probe* loads the file in a process of its own, with limits of time and memory, and
    raises what went wrong; None: only the header is looked at.
    """
    file: ModelFile | None = None
    engine: EngineName | None = None
    refusals: dict[EngineName, Refusal] = {}
    try:
        file = inspect_model(path)
        ensure_memory(file, LEAST_CONTEXT)
        engine, refusals = choose(file)
        ensure_template(file, file.family)
        if probe:
            probe(file, engine)
    except ChatbotError as error:
        return Report(file, None if isinstance(error, ModelError) else engine, error, refusals)
    return Report(file, engine, None, refusals)


def ensure_memory(file: ModelFile, context_length: int, freed: int = 0) -> None:
    """Refuse a model that this machine's free memory cannot hold, before it is loaded.

    *freed*: bytes that another process will have given back by then.

    Raises:
        ModelError: says how much is missing.
    """
    free, memory = available_memory() + freed, file.memory_bytes(context_length)
    if free and memory > free:
        mega = 1_000_000
        raise ModelError("model_too_big", file=file.path, needed=memory // mega, free=free // mega)


def ensure_template(file: ModelFile, family: str | None) -> None:
    """Refuse a chat template that cannot be used, where *family* says that it is to be.

    Raises:
        ModelError: it is broken, endless, or reaches for what it must not.
    """
    if family == TEMPLATE and file.chat_template:
        learn_template(file.chat_template, file.eos_token)
