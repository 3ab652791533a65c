"""Plain text: cleaning what comes in, and finding its sentences."""

from __future__ import annotations

import re
import unicodedata

from chatbot_server.prompt.clean import ZWJ, ZWNJ, clean_text

# What parts words, such as the end of a page of a PDF, shall not join them when it is removed.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BLANKS = re.compile(r"[^\S\n]+")
_EMPTY_LINES = re.compile(r"\n{3,}")

# The first alternative also splits “règles.Ensuite”: editors that lose the space between two
# paragraphs are common (a third of the CNIL's articles), and “Node.Js” is rare.
_SENTENCE_END = re.compile(
    r"(?<=[a-zà-ÿ0-9»”\")’%€][.!?…])(?=[A-ZÀ-Þ«“][\w’'])|(?<=[.!?…])[\"”»)’]*\s+(?=[^\sa-zà-ÿ,;:])|\s*\n\s*"
)
_ABBREVIATION = re.compile(
    r"(?:\b[A-Z]|\b(?:M|MM|Mme|Mmes|Mlle|Dr|Pr|Me|St|Ste|Mr|Mrs|Ms|Prof|Jr|Sr|Inc|Ltd|Co|Corp|vs|etc"
    r"|art|Art|al|av|bd|cf|éd|ex|fig|Fig|[Nn]o|n°|p|pp|réf|tél|Tél|vol|Vol|e\.g|i\.e|[ap]\.m|U\.S|J\.-C))\.$"
)
LONGEST_ABBREVIATION = 6  # with its dot; no more than that is looked at, however long the sentence


def clean(text: str) -> str:
    """What :func:`clean_text` leaves, in single blanks and with at most one empty line."""
    text = _BLANKS.sub(" ", clean_text(_CONTROL.sub(" ", text)))
    return _EMPTY_LINES.sub("\n\n", text.replace(" \n", "\n").replace("\n ", "\n")).strip()


def fold(text: str) -> str:
    """Lower case without accents and joiners: what a hurried visitor types."""
    text = text.casefold().replace("œ", "oe").replace("æ", "ae")
    spread = unicodedata.normalize("NFKD", text.replace(ZWNJ, "").replace(ZWJ, ""))
    return "".join(char for char in spread if not unicodedata.combining(char))


def sentences(text: str) -> list[str]:
    """The sentences of *text* in order, each as it stands there; a line break ends one."""
    found: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        stop, closing = end.start(), end.group().rstrip()
        if "\n" in end.group():
            closing = ""
        elif _ABBREVIATION.search(text, max(start, stop - LONGEST_ABBREVIATION), stop):
            continue
        found.append((text[start:stop] + closing).strip())
        start = end.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]
