"""Reads data files beside the modules."""

from __future__ import annotations

from collections.abc import Hashable
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml
from yaml.constructor import ConstructorError

# The parser in C reads them in a tenth of the time; an interpreter may lack it.
if TYPE_CHECKING or not yaml.__with_libyaml__:
    from yaml import SafeLoader
else:
    from yaml import CSafeLoader as SafeLoader


class _DataLoader(SafeLoader):
    """Refuses a key that occurs twice in a mapping, of which YAML keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        if key := repeated_key(node):
            raise ConstructorError(None, None, f"{key.value!r} occurs twice", key.start_mark)
        return super().construct_mapping(node, deep)


def repeated_key(node: yaml.MappingNode) -> yaml.ScalarNode | None:
    """The first key of *node* that occurs there a second time."""
    keys = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in keys:
                return key
            keys.add(key.value)
    return None


def read_yaml(package: str, name: str) -> Any:
    """The contents of the YAML file *name* in *package*.

    Raises:
        yaml.YAMLError: it is no YAML, or a key occurs twice in it; names the file and the line.
    """
    with files(package).joinpath(name).open(encoding="utf-8") as file:
        return yaml.load(file, _DataLoader)  # noqa: S506 - a SafeLoader


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
