"""Reads data files beside the modules."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

# Its parser in C reads them in a tenth of the time; an interpreter may lack it.
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(package: str, name: str) -> Any:
    """The contents of the YAML file *name* in *package*."""
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader


def read_words(package: str, name: str) -> list[str]:
    """The words of the text file *name* in *package*, in order; none if it does not exist."""
    file = files(package).joinpath(name)
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return " ".join(line for line in lines if not line.startswith("#")).split()


def read_yaml_files(package: str, folder: str = "") -> dict[str, Any]:
    """The contents of every YAML file in *folder* of *package*, by name without ``.yaml``."""
    names = (file.name for file in files(package).joinpath(folder).iterdir())
    stems = sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))
    return {stem: read_yaml(package, f"{folder}/{stem}.yaml".lstrip("/")) for stem in stems}
