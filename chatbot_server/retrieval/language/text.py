"""Cleans and folds plain text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from chatbot_server.prompt.clean import ZWJ, ZWNJ, clean_text

# Replaced by a blank, because some separate words, such as the end of a page of a PDF.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BLANKS = re.compile(r"[^\S\n]+")
# A run of blanks from its first: otherwise a long run is read again from each of its blanks.
BLANKS_RUN = r"(?<!\s)\s+"
# Of backticks, only a run without others behind it on its line, unlike in “```sell()```”.
FENCE = re.compile("`{3,}(?=[^`]*$)|~{3,}")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?= )")
MAX_INDENT = 40
# Where Unicode has combining characters; a test looks at all others.
COMBINING = range(0x300, 0x1F000)
_EMPTY_LINES = re.compile(r"\n{3,}")


def clean(text: str) -> str:
    """What :func:`clean_text` leaves, with single blanks and at most one empty line in a row.

    Blanks at the beginning of a line stay where Markdown needs them: in lists, and in code between
    fences.
    """
    lines = _without_blanks(clean_text(_CONTROL.sub(" ", text)).split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def _without_blanks(lines: Iterable[str]) -> Iterator[str]:
    """*lines* with single blanks; only lists and code between fences stay indented."""
    fence = ""
    first_item: int | None = None  # how far the list around a line is indented
    for line in lines:
        words = _BLANKS.sub(" ", line).strip()
        start = line[: len(line) - len(line.lstrip())][:MAX_INDENT].expandtabs(4)
        depth = len(start[:MAX_INDENT]) - (first_item or 0)
        mark = FENCE.match(words)
        if fence:
            yield " " * max(0, depth) + line.strip() if words else ""
            fence = "" if words.startswith(fence) and not words.strip(fence[0]) else fence
            continue
        if _ITEM.match(words) and (first_item is None or depth <= 0):
            first_item, depth = depth + (first_item or 0), 0
        elif words and depth <= 0:
            first_item = None
        fence = mark[0] if mark else ""
        yield " " * max(0, depth) + words if words and first_item is not None else words


def fold(text: str) -> str:
    """*text* in lower case, without accents and joiners, as a hurried visitor types it."""
    text = text.casefold()
    if text.isascii():
        return text
    text = text.replace("œ", "oe").replace("æ", "ae").replace(ZWNJ, "").replace(ZWJ, "")
    return unicodedata.normalize("NFKD", text).translate(_combining())


def fold_letters(text: str) -> str:
    """*text*, folded letter by letter, so that positions stay the same."""
    return "".join(map(_fold_letter, text))


@lru_cache(4096)
def _fold_letter(letter: str) -> str:
    return "'" if letter == "’" else fold(letter)[:1] or letter


@cache
def _combining() -> dict[int, None]:
    """Every combining character, to be left out."""
    return {code: None for code in COMBINING if unicodedata.combining(chr(code))}
