"""The engines that run model files on this machine; the folder of each describes it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from chatbot_server.engine.backend import LocalEngine
from chatbot_server.engine.ctransformers.engine import CTRANSFORMERS
from chatbot_server.engine.llamacpp.engine import LLAMACPP
from chatbot_server.models.base import ModelFile, Refusal

if TYPE_CHECKING:  # pydantic's 12 MB are not for the engine's process
    from chatbot_server.config.sections import EngineName

# In the order of preference: the first that can run a file does.
ENGINES: Mapping[EngineName, LocalEngine] = {"ctransformers": CTRANSFORMERS, "llamacpp": LLAMACPP}


def installed_engines() -> tuple[EngineName, ...]:
    """The engines whose library is installed here."""
    return tuple(name for name, engine in ENGINES.items() if find_spec(engine.library))


def refusals(file: ModelFile) -> dict[EngineName, Refusal]:
    """The engines that cannot run *file*, installed or not, and why."""
    reasons = {name: engine.refuses(file) for name, engine in ENGINES.items()}
    return {name: reason for name, reason in reasons.items() if reason}


def preferred_engine(file: ModelFile) -> EngineName:
    """The first engine that can run *file*, installed or not; the last one if none can."""
    reasons = refusals(file)
    return next((name for name in ENGINES if name not in reasons), list(ENGINES)[-1])


def faster_engine(file: ModelFile, chosen: EngineName) -> EngineName | None:
    """An installed engine that runs *file* faster than *chosen* (see docs/performance.md)."""
    is_faster = chosen == "ctransformers" and "llamacpp" in installed_engines()
    return "llamacpp" if is_faster and "llamacpp" not in refusals(file) else None


def choose_engine(
    file: ModelFile, kind: Literal["auto", EngineName] = "auto"
) -> tuple[EngineName, dict[EngineName, Refusal]]:
    """The engine for *file*, and why preferred ones were passed over.

    Raises:
        ModelError: no engine can run it; says why the first one cannot.
    """
    installed = installed_engines()
    reasons = refusals(file)
    passed_over: dict[EngineName, Refusal] = {}
    for name in ENGINES if kind == "auto" else (kind,):
        if name in installed and name not in reasons:
            return name, passed_over
        passed_over[name] = reasons.get(name) or Refusal("engine_not_installed", {"engine": name})
    # If a missing library could run the file, that is what to say.
    blocking = list(passed_over.values())
    missing = (refusal for refusal in blocking if refusal.code == "engine_not_installed")
    raise next(missing, blocking[0]).error()
