"""Changes one setting in the operator's file, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import suppress
from pathlib import Path

import yaml

from chatbot_server.errors import ConfigError

# Text that YAML takes for itself without quotes, if it is not RESERVED: a number, a word for true …
PLAIN = re.compile(r"[A-Za-z0-9/][\w./-]*")
RESERVED = re.compile(r"(?i)(true|false|yes|no|on|off|null|y|n|[\d.eE_+-]+)")
Value = str | int | float | bool | None


def set_setting(file: Path, section: str, key: str, value: Value) -> None:
    """Write ``section: {key: value}`` into *file*, keeping comments and all other lines.

    Raises:
        ConfigError: the file is not YAML, is written in a way this cannot edit safely, or
            cannot be written.
    """
    file = file.resolve()
    try:
        old = file.read_text(encoding="utf-8") if file.exists() else ""
    except (OSError, UnicodeError) as error:
        raise ConfigError("config_unwritable", file=file, why=error) from error
    new = _with_setting(old, section, key, value)
    unsafe = ConfigError("config_edit", file=file, key=f"{section}.{key}", value=value)
    try:
        before, after = (dict(yaml.safe_load(text) or {}) for text in (old, new))
    except (yaml.YAMLError, TypeError, ValueError):
        raise unsafe from None
    if after != {**before, section: {**(before.get(section) or {}), key: value}}:
        raise unsafe
    write_config(file, new)


def write_config(file: Path, text: str) -> None:
    """Replace *file* as a whole, or leave everything as it is.

    Raises:
        ConfigError: it cannot be written.
    """
    part = file.with_name(file.name + ".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        if file.exists():
            shutil.copymode(file, part)
        part.replace(file)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise ConfigError("config_unwritable", file=file, why=error.strerror) from error


def _with_setting(text: str, section: str, key: str, value: Value) -> str:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    head = next((i for i, line in enumerate(lines) if line.startswith(f"{section}:")), None)
    if head is None:
        return "".join(lines) + f"{section}:\n  {key}: {_scalar(value)}\n"
    end = next(
        (i for i in range(head + 1, len(lines)) if re.match(r"[^\s#]", lines[i])), len(lines)
    )
    setting = re.compile(rf"(\s+{key}:)[ \t]*(?:\"[^\"]*\"|'[^']*'|[^#\n]*?)([ \t]+#.*)?\n")
    for index in range(head + 1, end):
        if match := setting.fullmatch(lines[index]):
            lines[index] = f"{match[1]} {_scalar(value)}{match[2] or ''}\n"
            return "".join(lines)
    matches = (re.match(r"(\s+)\w", line) for line in lines[head + 1 : end])
    indent = next((match[1] for match in matches if match), "  ")
    return "".join([*lines[: head + 1], f"{indent}{key}: {_scalar(value)}\n", *lines[head + 1 :]])


def _scalar(value: Value) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if PLAIN.fullmatch(value) and not RESERVED.fullmatch(value):
        return value
    return "'" + value.replace("'", "''") + "'"
