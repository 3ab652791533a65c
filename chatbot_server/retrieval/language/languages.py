"""The languages that are known: one file each in the folder ``data``.

``LANGUAGES`` holds every file of it, so that a further language is one further file.
:mod:`.language_file` says what a file may hold.

French and English are used for every text. A further language is used for documents that are in
it, because their page declares it or their stop words show it, and for questions on a site with
such documents. A site in French and English is therefore answered in the same way, no matter
which other languages are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from pydantic import ValidationError

from chatbot_server.resources import read_yaml_files
from chatbot_server.retrieval.language.language_file import Language

Languages = tuple[str, ...]
ALWAYS_USED: Languages = ("fr", "en")


def load(records: Mapping[str, object]) -> dict[str, Language]:
    """The languages of *records*, by code: :data:`ALWAYS_USED`, then the others.

    Raises:
        ValueError: a record does not describe a language; names the file.
    """
    codes = [*ALWAYS_USED, *sorted(records.keys() - set(ALWAYS_USED))]
    languages = {}
    for code in codes:
        try:
            languages[code] = Language.model_validate(records[code])
        except ValidationError as error:  # noqa: PERF203 - to name the file
            raise ValueError(f"{code}.yaml: {error}") from error
    for code, language in languages.items():
        _check_shared_names(code, "synonyms", language.synonyms, languages)
        _check_shared_names(code, "opposites", language.opposites, languages)
    return languages


def _check_shared_names(
    code: str, field: str, names: Iterable[str], languages: Mapping[str, Language]
) -> None:
    """Check the names of synonyms or opposites, by which those of all languages are joined."""
    known_names = {name for first in ALWAYS_USED for name in getattr(languages[first], field)}
    if unknown := set(names) - known_names:
        raise ValueError(f"{code}.yaml: {field}: no other language has {sorted(unknown)}")


LANGUAGES = load(read_yaml_files("chatbot_server.retrieval.language", "data"))
ALL_LANGUAGES: Languages = tuple(LANGUAGES)


def together(codes: Iterable[str]) -> Languages:
    """:data:`ALWAYS_USED`, and those of *codes* that have a file."""
    return (*ALWAYS_USED, *sorted(set(codes) & LANGUAGES.keys() - set(ALWAYS_USED)))


def month_numbers(languages: Languages) -> dict[str, int]:
    """The number of each month, from 1, by its names and short forms."""
    return {
        name: number
        for code in languages
        for number, names in enumerate(LANGUAGES[code].months, 1)
        for name in names
    }


def any_phrase(field: str, languages: Languages) -> str:
    """A regular expression for any word or phrase that *languages* have under *field*."""
    return any_of(phrase for code in languages for phrase in getattr(LANGUAGES[code], field))


@cache
def phrase_pattern(field: str, languages: Languages) -> re.Pattern[str]:
    """A pattern of any phrase that *languages* have under *field*, from the start of a word to the
    end of one."""
    return re.compile(rf"\b{any_phrase(field, languages)}\b")


def any_of(phrases: Iterable[str]) -> str:
    """A regular expression for any of *phrases*, longest first; matches nothing without any."""
    longest_first = sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase))
    return f"(?:{'|'.join(map(re.escape, longest_first))})" if longest_first else "(?!)"
