"""Loads a :class:`Config` from a YAML file and environment variables."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from chatbot_server.config.home import owner_of, user_name
from chatbot_server.config.parse import NotPlainError, mistake_in, parse
from chatbot_server.config.sections import (
    NO_ENDPOINTS,
    NO_QUERY,
    NO_SENDER,
    NO_TOKEN,
    ONE_PORT,
    Config,
)
from chatbot_server.config.value_errors import choices_of, limit_of, sentences_about
from chatbot_server.errors import ConfigError

ENVIRONMENT = "CHATBOT_"
FILE_VARIABLE = "CHATBOT_CONFIG"  # names the file, for a command and for the server's children
MAX_BYTES = 1_000_000
SECTIONS = {
    name for name, info in Config.model_fields.items() if isinstance(info.default, BaseModel)
}
# Taken literally: “0123” is not a number here, and “a: b” not a section.
VERBATIM = "mail.password"
# Codes of errors by setting, or by our own check; those of others go by pydantic's names.
CODES = {
    "limits.storage": "config_not_counters",
    "database": "config_not_database",
    "server.host": "config_not_host",
    "metrics.token": "config_not_token",
    "mail.host": "config_not_host",
    "mail.sender": "config_not_email",
    "mail.to": "config_not_email",
    NO_ENDPOINTS: "config_no_endpoints",
    NO_QUERY: "config_no_query",
    NO_SENDER: "config_no_sender",
    NO_TOKEN: "config_no_token",
    ONE_PORT: "config_one_port",
}


def find_config(file: str | None = None) -> Path:
    """``--config``, else ``CHATBOT_CONFIG``, else ``config.yaml`` in this folder."""
    return Path(file or os.environ.get(FILE_VARIABLE) or "config.yaml")


def load_config(file: Path, environment: Mapping[str, str] | None = None) -> Config:
    """Read *file*; variables such as ``CHATBOT_SERVER_PORT`` come before it.

    ``data_dir`` is relative to the file. A file that does not exist is an error.

    Raises:
        ConfigError: names the file, the key, what was found and what was meant.
    """
    raw = _read_mapping(file)
    environment = os.environ if environment is None else environment
    for key in known_keys():
        name = ENVIRONMENT + key.replace(".", "_").upper()
        if name in environment:
            _override(raw, key, environment[name])
    try:
        config = Config.model_validate(_lists_to_tuples(raw))
    except ValidationError as error:
        raise _config_error(error, file) from None
    try:
        data_dir = file.resolve().parent / config.data_dir.expanduser()
    except RuntimeError:  # ~somebody, who has no home
        path_as_written = _shortened(str(config.data_dir))
        raise ConfigError(
            "config_no_home", field="data_dir", file=file, key="data_dir", found=path_as_written
        ) from None
    return config.model_copy(update={"data_dir": data_dir})


def known_keys(section: type[BaseModel] = Config, prefix: str = "") -> Iterator[str]:
    """Dotted names of all settings, sections left out."""
    for name, info in section.model_fields.items():
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from known_keys(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _read_mapping(file: Path) -> dict[str, Any]:
    try:
        data = file.read_bytes()[: MAX_BYTES + 1]
    except FileNotFoundError:
        raise ConfigError("config_missing", file=file) from None
    except IsADirectoryError:
        raise ConfigError("config_is_folder", file=file) from None
    except OSError as error:
        user, owner = user_name(), owner_of(file)
        raise ConfigError(
            "config_unreadable", file=file, why=error.strerror, user=user, owner=owner
        ) from None
    if len(data) > MAX_BYTES:
        raise ConfigError("config_too_big", file=file, limit=MAX_BYTES)
    try:
        raw = parse(data)
    except NotPlainError as error:
        raise ConfigError(
            error.code, field=error.name, file=file, line=error.line, name=error.name
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        code, line, problem = mistake_in(data, error)
        raise ConfigError(code, file=file, line=line, problem=problem) from None
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise ConfigError("config_not_mapping", file=file, found=_shortened(raw))
    return raw


def _override(raw: dict[str, Any], dotted_key: str, text: str) -> None:
    *sections, key = dotted_key.split(".")
    for section in sections:
        inner = raw.setdefault(section, {})
        if not isinstance(inner, dict):
            return  # reported as a wrong type when the whole is checked
        raw = inner
    try:
        raw[key] = text if dotted_key == VERBATIM else parse(text)
    except (NotPlainError, yaml.YAMLError):
        raw[key] = text


def _lists_to_tuples(raw: Any) -> Any:
    """YAML has lists, frozen settings have tuples; an empty section means its defaults."""
    if isinstance(raw, dict):
        return {
            key: _lists_to_tuples({} if value is None and key in SECTIONS else value)
            for key, value in raw.items()
        }
    if isinstance(raw, list):
        return tuple(_lists_to_tuples(item) for item in raw)
    return raw


def _config_error(error: ValidationError, file: Path) -> ConfigError:
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        names = [*known_keys(), *Config.model_fields]
        section, dot, name = key.rpartition(".")
        siblings = [setting for setting in names if setting.startswith(section + dot)]
        near = [setting for setting in names if setting.split(".")[-1] == name]
        near = near or difflib.get_close_matches(key, siblings, n=1, cutoff=0.6)
        if not near:
            return ConfigError("config_unknown_key", field=key, file=file, key=key)
        return ConfigError("config_unknown_key_near", field=key, file=file, key=key, near=near[0])
    return ConfigError(
        CODES.get(key) or CODES.get(first["type"]) or sentences_about(first).setting,
        field=key,
        file=file,
        key=key,
        found="…" if key == VERBATIM else _shortened(first["input"]),
        meant=first["msg"],
        limit=limit_of(first),
        choices=", ".join(choices_of(first)),
    )


def _shortened(value: object) -> str:
    text = _as_in_yaml(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _as_in_yaml(value: object) -> str:
    """*value* as a person wrote it, and not as Python does."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    return repr(list(value) if isinstance(value, tuple) else value)
