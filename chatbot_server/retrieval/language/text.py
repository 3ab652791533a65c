"""Plain text: cleaning what comes in, and folding it."""

from __future__ import annotations

import re
import unicodedata

from chatbot_server.prompt.clean import ZWJ, ZWNJ, clean_text

# Replaced by a blank: some part words, such as the end of a page of a PDF.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BLANKS = re.compile(r"[^\S\n]+")
# All of a run of blanks: else what is left of a long one is read again from each of its blanks.
BLANKS_RUN = r"(?<!\s)\s+"
_EMPTY_LINES = re.compile(r"\n{3,}")


def clean(text: str) -> str:
    """What :func:`clean_text` leaves, in single blanks and with at most one empty line."""
    text = _BLANKS.sub(" ", clean_text(_CONTROL.sub(" ", text)))
    return _EMPTY_LINES.sub("\n\n", text.replace(" \n", "\n").replace("\n ", "\n")).strip()


def fold(text: str) -> str:
    """Lower case without accents and joiners: what a hurried visitor types."""
    text = text.casefold().replace("œ", "oe").replace("æ", "ae")
    spread = unicodedata.normalize("NFKD", text.replace(ZWNJ, "").replace(ZWJ, ""))
    return "".join(char for char in spread if not unicodedata.combining(char))
