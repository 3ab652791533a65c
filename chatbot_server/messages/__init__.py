"""Every sentence a person reads, in each language, side by side.

A ``*.yaml`` file beside this one holds the sentences of one room::

    engine_busy:
      en: "All {slots} places are taken. Try again shortly."
      fr: "Les {slots} places sont prises. Réessayez dans un instant."

Keys are unique over all files; a test checks that every key has every
language and the same placeholders in each. ``{count:page|pages}`` is the first of the two words
where the language counts *count* as one. French is typed there with plain spaces, and read with
those that do not break before “:”, “;”, “!”, “?”, units, and inside « … ».
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import string
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from chatbot_server.resources import read_yaml_files

LANGUAGES = ("en", "fr")
DEFAULT_LANGUAGE = "en"
# How this program's command is typed on this machine; an installation's own script sets it.
COMMAND_VARIABLE = "CHATBOT_COMMAND"
COMMAND = "chatbot-server"
# Set by the command of an installation (control.sh), which handles `restart` and its like itself.
CONTROL_VARIABLE = "CHATBOT_CONTROL"
# What a model reads is written as such texts were where it was trained.
READ_BY_MODELS = ("instructions", "prompt_")
_NARROW = re.compile(r" (?=[;!?])|(?<=\d) (?=\d{3}(?!\d))")
_WIDE = re.compile(r" (?=[:»%€])|(?<=«) |(?<=[\d}]) (?=(?:ko|Mo|Go|ms|s|h|min)\b)")


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """All sentences: key → language → text with ``str.format`` placeholders."""
    sentences: dict[str, dict[str, str]] = {}
    for room in read_yaml_files(__name__).values():
        sentences |= room or {}
    for key, texts in sentences.items():
        if not key.startswith(READ_BY_MODELS):
            texts["fr"] = typeset_french(texts["fr"])
    if not os.environ.get(CONTROL_VARIABLE):
        by_hand = sentences["restart_by_hand"]
        for texts in sentences.values():
            for language, text in texts.items():
                texts[language] = text.replace(f"{COMMAND} restart", by_hand[language])
    command = os.environ.get(COMMAND_VARIABLE, COMMAND)
    if command == COMMAND:
        return sentences
    return {
        key: {language: with_command(text, command) for language, text in texts.items()}
        for key, texts in sentences.items()
    }


def typeset_french(text: str) -> str:
    """*text* with the non-breaking spaces of French typography."""
    return _WIDE.sub("\u00a0", _NARROW.sub("\u202f", text))


def with_command(text: str, command: str) -> str:
    """The sentence *text* with commands that work here, even without an entry in PATH."""
    literal = command.replace("{", "{{").replace("}", "}}")
    return re.sub(rf"\b{COMMAND} (?=[a-z])", lambda _: f"{literal} ", text)


def command_as_typed(program: str, config: str | None = None) -> str:
    """How a person types the command that was started as *program* (``sys.argv[0]``).

    With the configuration *config* that was named to it, if any.
    """
    if config:
        return f"{command_as_typed(program)} --config {shlex.quote(str(Path(config).absolute()))}"
    if program.endswith("__main__.py"):
        return f"{shlex.quote(sys.executable)} -m chatbot_server"
    in_path = shutil.which(COMMAND)
    is_in_path = in_path is not None and os.path.realpath(in_path) == os.path.realpath(program)
    # Without a folder it was found in PATH.
    is_named = is_in_path or Path(program).name != COMMAND or os.sep not in program
    return COMMAND if is_named else shlex.quote(str(Path(program).absolute()))


def own_command(words: str) -> str:
    """The command *words* of this program as it is typed on this machine."""
    return f"{os.environ.get(COMMAND_VARIABLE, COMMAND)} {words}"


def say(key: str, language: str = DEFAULT_LANGUAGE, /, **values: object) -> str:
    """The sentence *key* in *language*, with its placeholders filled.

    Raises:
        KeyError: no such sentence, or a placeholder without a value.
    """
    texts = catalogue()[key]
    text = texts.get(language) or texts[DEFAULT_LANGUAGE]
    if language != DEFAULT_LANGUAGE:
        values = {name: translated_refusal(value, language) for name, value in values.items()}
    return _Sentence(language).vformat(text, (), values) if "|" in text else text.format(**values)


def translated_refusal(value: object, language: str) -> object:
    """*value*; if it is what the operating system says when it refuses, in *language*."""
    key = _system_refusals().get(value) if isinstance(value, str) else None
    return catalogue()[key].get(language, value) if key else value


@cache
def _system_refusals() -> Mapping[str, str]:
    """The keys of ``system.yaml``, by the operating system's own words."""
    sentences = catalogue().items()
    return {texts[DEFAULT_LANGUAGE]: key for key, texts in sentences if key.startswith("system_")}


class _Sentence(string.Formatter):
    """``str.format`` that also knows singular and plural."""

    def __init__(self, language: str) -> None:
        # French counts nothing at all as one.
        self._singular = (0, 1) if language == "fr" else (1,)

    def format_field(self, value: object, format_spec: str) -> str:
        singular, mark, plural = format_spec.partition("|")
        if not mark:
            return str(super().format_field(value, format_spec))
        return singular if value in self._singular else plural


def pick_language(*wanted: str | None) -> str:
    """The first of *wanted* that is spoken here (``fr-CA`` counts as ``fr``), else English."""
    for tag in wanted:
        primary = (tag or "").replace("_", "-").split("-")[0].lower()
        if primary in LANGUAGES:
            return primary
    return DEFAULT_LANGUAGE


def terminal_language() -> str:
    """The language of the person at the terminal, by the POSIX order of locale variables."""
    names = ("CHATBOT_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    return pick_language(*(os.environ.get(name) for name in names))
