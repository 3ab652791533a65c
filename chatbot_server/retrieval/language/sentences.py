"""Splits text into sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from chatbot_server.retrieval.language.languages import ALWAYS_USED, LANGUAGES, Languages, any_of
from chatbot_server.retrieval.language.markdown import ITEM

# A longer item of a list is cut into its sentences.
MAX_ITEM_WORDS = 60
LONGEST_OF_NUMBER = 12  # characters that are looked at before a number
_CLOSING = r"[\"”»)’]*"
# “règles.Ensuite”: many editors lose the space between two paragraphs (in a third of the CNIL's
# articles), and “Node.Js” is rare.
_GLUED_END = r"(?<=[a-zà-ÿ0-9»”\")’%€][.!?…])(?=[A-ZÀ-Þ«“][\w’'])"
_END = rf"(?<=[.!?…]){_CLOSING}\s+(?=[^\sa-zà-ÿ,;:])|(?<!\s)\s*\n\s*"
_SENTENCE_END = re.compile(_END)
_SENTENCE_END_OR_GLUED = re.compile(f"{_GLUED_END}|{_END}")


def sentences(text: str, languages: Languages = ALWAYS_USED) -> list[str]:
    """The sentences of *text* in order, unchanged; a line break also ends a sentence."""
    parts: list[str] = []
    start = 0
    for stop, following in sentence_ends(text, languages):
        parts.append(text[start:stop].strip())
        start = following
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def sentences_and_items(text: str, languages: Languages = ALWAYS_USED) -> list[str]:
    """The sentences of *text* in order; an item of a list is one, unless it is long."""
    parts: list[str] = []
    running: list[str] = []
    for line in text.split("\n"):
        if ITEM.match(line) and len(line.split()) <= MAX_ITEM_WORDS:
            parts += [*sentences("\n".join(running), languages), line.strip()]
            running = []
        else:
            running.append(line)
    return parts + sentences("\n".join(running), languages)


def sentence_ends(
    text: str, languages: Languages = ALWAYS_USED, *, glued: bool = True
) -> Iterator[tuple[int, int]]:
    """Where each sentence except the last ends, and where the next one begins.

    Without *glued*, only a blank or a line break separates them: “info@Shop.Example” stays whole.
    """
    start = 0
    abbreviation, longest = _abbreviations(languages)
    of_number = _abbreviations_of_numbers(languages)
    for end in (_SENTENCE_END_OR_GLUED if glued else _SENTENCE_END).finditer(text):
        blank = end.group()
        if "\n" in blank:
            yield end.start(), end.end()
        elif abbreviation.search(text, max(start, end.start() - longest), end.start()) or (
            text[end.end()].isdigit()
            and of_number.search(text, max(start, end.start() - LONGEST_OF_NUMBER), end.start())
        ):
            continue
        else:
            yield end.start() + len(blank.rstrip()), end.end()
        start = end.end()


@cache
def _abbreviations(languages: Languages) -> tuple[re.Pattern[str], int]:
    """A pattern of what a dot follows without ending a sentence, and the length of the longest.

    It matches abbreviations, initials, and the numbers of items. The length limits how far the
    pattern looks back in a long sentence.
    """
    shorts = {short for code in languages for short in LANGUAGES[code].abbreviations}
    pattern = rf"(?:^[ \t]*\d{{1,2}}|\b(?:[A-Z]|{any_of(shorts)}))\.\Z"
    return re.compile(pattern, re.MULTILINE), max(map(len, shorts)) + 1


@cache
def _abbreviations_of_numbers(languages: Languages) -> re.Pattern[str]:
    """A pattern of what a dot follows before a number: “max. 22 kg”.

    “30 min. 20 people” are two sentences.
    """
    shorts = {short for code in languages for short in LANGUAGES[code].abbreviations_of_numbers}
    return re.compile(rf"(?<!\d)(?<!\d\s)\b{any_of(shorts)}\.\Z", re.IGNORECASE)
