"""Which library runs a model file."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any, Literal

from chatbot_server.errors import ModelError
from chatbot_server.models.base import EngineName, ModelFile, Refusal

# In the order of preference: the first that can load the file runs it.
LIBRARIES: dict[EngineName, str] = {"ctransformers": "ctransformers", "llamacpp": "xllamacpp"}


def installed_engines() -> tuple[EngineName, ...]:
    """The engines whose library is installed here."""
    return tuple(name for name, module in LIBRARIES.items() if find_spec(module))


def choose_engine(
    file: ModelFile,
    wanted: Literal["auto", "ctransformers", "llamacpp"] = "auto",
    installed: Iterable[EngineName] | None = None,
) -> tuple[EngineName, dict[EngineName, Refusal]]:
    """The engine for *file*, and why those before it in the order were passed over.

    Raises:
        ModelError: none can run it; says why the first one cannot.
    """
    here = installed_engines() if installed is None else tuple(installed)
    passed: dict[EngineName, Refusal] = {}
    for name in LIBRARIES if wanted == "auto" else (wanted,):
        refusal = file.refused_by.get(name)
        if name not in here:
            refusal = refusal or Refusal("engine_not_installed", {"engine": name})
        if refusal is None:
            return name, passed
        passed[name] = refusal
    # What stands between this file and an answer: a missing library if one could run it.
    missing = [it for it in passed.values() if it.code == "engine_not_installed"]
    reason = missing[0] if missing else next(iter(passed.values()))
    values: dict[str, Any] = {**reason.values}
    raise ModelError(reason.code, **values)
