"""The ctransformers package, without the parts that talk to a model hub."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from chatbot_server.errors import ModelError

PACKAGE = "ctransformers"


def import_llm() -> Any:
    """The module ``ctransformers.llm``, with the classes ``LLM`` and ``Config``.

    The package's own ``__init__`` imports the client of a model hub as well, which this
    server must never use: 1.1 of the 1.2 seconds that the import takes, and 25 MB.

    Raises:
        ModelError: it is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.submodule_search_locations is None:
        raise ModelError("engine_library_missing", machine=sys.platform)
    if PACKAGE in sys.modules:
        return import_module(f"{PACKAGE}.llm")
    package = ModuleType(PACKAGE)
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules[PACKAGE] = package
    try:
        return import_module(f"{PACKAGE}.llm")
    finally:
        # Whoever imports the package later gets the whole of it.
        del sys.modules[PACKAGE]
