"""The ctransformers package, without the parts that talk to a model hub."""

from __future__ import annotations

import platform
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from chatbot_server.errors import ModelError
from chatbot_server.models.machine import cpu_flags

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


def library_variant() -> str | None:
    """Which build of the library this processor can run; None lets the library choose.

    Its own choice takes 1.2 of the 1.3 seconds that a load takes (py-cpuinfo), so it is
    made here where that is possible.

    Raises:
        ModelError: there is no build for this machine.
    """
    spec = find_spec("ctransformers")
    if spec is None or spec.origin is None:
        raise ModelError("engine_library_missing", machine=platform.machine())
    if (Path(spec.origin).parent / "lib" / "local").is_dir():
        return None  # built here from source; the wheel's builds are not beside it
    if sys.platform != "linux":
        return None
    if platform.machine() not in ("x86_64", "AMD64"):
        raise ModelError("engine_library_missing", machine=platform.machine())
    flags = cpu_flags()
    if {"avx2", "fma", "f16c"} <= flags:
        return "avx2"
    return "avx" if {"avx", "f16c"} <= flags else "basic"
