"""Lines of a page that are only navigation: “← Prices”, “Home › Tours”, “Read more”."""

from __future__ import annotations

import re
from functools import cache

from chatbot_server.retrieval.language.languages import ALWAYS_USED, LANGUAGES, Languages
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.words import stems

# A line of more words says something.
MOST_WORDS = 12
_ARROW_AT_AN_END = re.compile(r"^\s*[←→⟵⟶‹›«»◀▶↑↩⇐⇒]\s*\w|\w\s*[←→⟵⟶‹›»◀▶↑⇒]\s*$")
_TRAIL = re.compile(r"\w\s+[›»>]\s+\w")
_SAYS_SOMETHING = re.compile(r"[.!?;:\d€$£%@]")


def is_navigation(line: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *line* only leads to other places."""
    if len(line) > 200 or len(line.split()) > MOST_WORDS:
        return False
    if " ".join(stems.words(line)) in _controls(languages):
        return True
    is_quotation = "«" in line and "»" in line
    leads = _ARROW_AT_AN_END.search(line) or _TRAIL.search(line)
    return bool(leads) and not is_quotation and not _SAYS_SOMETHING.search(line)


@cache
def _controls(languages: Languages) -> frozenset[str]:
    phrases = (phrase for code in languages for phrase in LANGUAGES[code].page_controls)
    return frozenset(" ".join(stems.words(fold(phrase))) for phrase in phrases)
