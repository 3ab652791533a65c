"""What is typed in place of signs: dots that lead to a price, “(at)” in an e-mail address."""

from __future__ import annotations

import re

from chatbot_server.retrieval.language.languages import ALL_LANGUAGES, any_phrase
from chatbot_server.retrieval.language.tables import DASH

_LEADERS = re.compile(r"(?:[._·‧][ \xa0]?){4,}|(?:…[ \xa0]?){2,}[._·]?")
_AMOUNT = re.compile(r"[€£$]?\s?\d")
_AT_WORDS, _DOT_WORDS, _BARE_AT, _BARE_DOT = (
    any_phrase(field, ALL_LANGUAGES)
    for field in ("at_words", "dot_words", "bare_at_words", "bare_dot_words")
)
_AT = rf"(?:[\[({{<]\s?(?:{_AT_WORDS}|@)\s?[\])}}>])"
_DOT = rf"(?:[\[({{<]\s?(?:{_DOT_WORDS}|\.)\s?[\])}}>])"
_NAME, _LABEL, _END = r"(?<![\w.+-])([\w.+-]{1,64})", r"[\w-]{1,63}", r"[^\W\d_]{2,24}\b"
_IN_BRACKETS = re.compile(
    rf"{_NAME}\s{{0,2}}{_AT}\s{{0,2}}((?:{_LABEL}(?:\.|\s{{0,2}}{_DOT}\s{{0,2}})){{1,4}}{_END})",
    re.I,
)
_IN_WORDS = re.compile(rf"{_NAME} {_BARE_AT} ((?:{_LABEL} {_BARE_DOT} ){{1,3}}{_END})", re.I)
_DOTS = re.compile(rf"\s{{0,2}}{_DOT}\s{{0,2}}| {_BARE_DOT} ", re.I)
# Most lines hold none of it.
_SIGNS = re.compile(
    rf"[._·‧…][ \xa0]?[._·‧…]|[\[({{<]\s?(?:{_AT_WORDS}|@)| {_BARE_DOT} ", re.IGNORECASE
)


def with_signs(text: str) -> str:
    """A line of text with what was typed in place of signs as it is meant."""
    return with_addresses(without_leaders(text)) if _SIGNS.search(text) else text


def without_leaders(text: str) -> str:
    """“Soup ..... 6 €” as “Soup — 6 €”."""
    parts = [part.strip() for part in _LEADERS.split(text)]
    if len(parts) == 1 or not parts[0] or not all(map(_AMOUNT.match, parts[1:])):
        return text
    return DASH.join(parts)


def with_addresses(text: str) -> str:
    """“info [at] mill [dot] example” as the e-mail address that it stands for."""
    for pattern in (_IN_BRACKETS, _IN_WORDS):
        text = pattern.sub(lambda match: f"{match[1]}@{_DOTS.sub('.', match[2])}", text)
    return text
