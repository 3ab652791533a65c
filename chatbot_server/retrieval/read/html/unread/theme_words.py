"""Words of a site's theme that say how to use it, and nothing of its owner's."""

from __future__ import annotations

import re
from typing import Any

from chatbot_server.resources import read_yaml
from chatbot_server.retrieval.read.html.text.inline import short_text

MAX_PARTS = 2
LONGEST = 100
_LANGUAGES: dict[str, dict[str, list[str]]] = read_yaml(__package__, "theme_words.yaml")


def _alternatives(kind: str) -> str:
    """A pattern that matches any of this *kind* in any language."""
    return "|".join(each for words in _LANGUAGES.values() for each in words[kind])


# Most elements hold other words: a look at the first one is quick.
_FIRST_WORDS = re.compile(
    rf"[\s«\"'↑▲▼⌃^]{{0,9}}(?:{_alternatives('first_words')})\b", re.IGNORECASE
)
_TEXTS = re.compile(_alternatives("texts"), re.IGNORECASE)
_AROUND = " .!:«»\"'↑▲▼⌃^>›→×✕"


def is_of_theme(element: Any) -> bool:
    """Whether *element* only says how to search, how to close a menu, or where the top is."""
    if len(element) > MAX_PARTS or any(len(part) for part in element):
        return False
    first = (element.text or "").strip() or short_text(element, LONGEST)
    if not _FIRST_WORDS.match(first):
        return False
    text = short_text(element, LONGEST + 1)
    return len(text) <= LONGEST and bool(_TEXTS.fullmatch(text.strip(_AROUND)))
