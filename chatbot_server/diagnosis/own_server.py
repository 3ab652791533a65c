"""What ``chatbot-server doctor`` finds on this server, and a text about it for whoever helps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from chatbot_server.config import Config
from chatbot_server.errors import Unavailable

SECONDS = 60.0


@dataclass(frozen=True)
class Check:
    """The result of one check."""

    name: str
    ok: bool
    sentence: str


def examine_server(language: str) -> list[Check]:
    """All checks of the command line, in a process of their own; sentences in *language*.

    A check that takes long, or all of the memory, then takes none of the web server's.

    Raises:
        Unavailable: the checks came to no end.
    """
    command = [sys.executable, "-m", "chatbot_server", "doctor", "--json"]
    environment = os.environ | {"CHATBOT_LANGUAGE": language}
    try:
        child = subprocess.run(
            command, env=environment, capture_output=True, timeout=SECONDS, check=False
        )
        return [Check(**row) for row in json.loads(child.stdout)]
    except (OSError, subprocess.TimeoutExpired, ValueError, TypeError) as error:
        raise Unavailable("doctor_no_result") from error


def support_text(facts: Mapping[str, object], config: Config, checks: Sequence[Check]) -> str:
    """*facts* about the server, the settings that were changed, and *checks*, line by line.

    The sentence of a check that failed says what is wrong; those of the others would only add
    addresses and paths.
    """
    lines = [f"{name}: {value}" for name, value in facts.items()]
    lines += [f"{name} = {value}" for name, value in changed_settings(config)]
    lines += [
        f"{check.name}: ok" if check.ok else f"{check.name}: FAILED: {check.sentence}"
        for check in checks
    ]
    return "\n".join(lines)


def changed_settings(config: Config) -> Iterator[tuple[str, str]]:
    """Name and value of each setting that is not the default; of texts, only that they are set.

    An address, a name or a path can hold a password, or say whose server this is.
    """
    defaults = dict(_settings(Config()))
    for name, value in _settings(config):
        if name not in defaults or defaults[name] != value:
            is_text = not isinstance(value, (int, float, type(None)))
            yield name, "…" if is_text else json.dumps(value)


def _settings(section: BaseModel, prefix: str = "") -> Iterator[tuple[str, object]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _settings(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
