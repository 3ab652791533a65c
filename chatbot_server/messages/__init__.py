"""Every sentence a person reads, in each language, side by side.

A ``*.yaml`` file beside this one holds the sentences of one room::

    engine_busy:
      en: "All {slots} places are taken. Try again shortly."
      fr: "Les {slots} places sont prises. Réessayez dans un instant."

Keys are unique over all files; a test checks that every key has every
language and the same placeholders in each. ``{count:page|pages}`` is the first of the two words
where the language counts *count* as one.
"""

from __future__ import annotations

import os
import string
from collections.abc import Mapping
from functools import cache

from chatbot_server.resources import read_yaml_files

LANGUAGES = ("en", "fr")
DEFAULT_LANGUAGE = "en"


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """All sentences: key → language → text with ``str.format`` placeholders."""
    sentences: dict[str, dict[str, str]] = {}
    for room in read_yaml_files(__name__).values():
        sentences |= room or {}
    return sentences


def say(key: str, language: str = DEFAULT_LANGUAGE, /, **values: object) -> str:
    """The sentence *key* in *language*, with its placeholders filled.

    Raises:
        KeyError: no such sentence, or a placeholder without a value.
    """
    texts = catalogue()[key]
    text = texts.get(language) or texts[DEFAULT_LANGUAGE]
    return _Sentence(language).vformat(text, (), values) if "|" in text else text.format(**values)


class _Sentence(string.Formatter):
    """``str.format`` that also knows singular and plural."""

    def __init__(self, language: str) -> None:
        # French counts nothing at all as one.
        self._singular = (0, 1) if language == "fr" else (1,)

    def format_field(self, value: object, format_spec: str) -> str:
        one, mark, many = format_spec.partition("|")
        if not mark:
            return str(super().format_field(value, format_spec))
        return one if value in self._singular else many


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
