"""Make text safe to show and to tokenise: what a reader cannot see, a model is not to read."""

from __future__ import annotations

import re
import unicodedata

from chatbot_server.errors import BadRequest

ZWNJ, ZWJ = "\u200c", "\u200d"
_SURROGATE = re.compile("[\ud800-\udfff]")
_NEWLINE = re.compile("\r\n?|[\u0085\u2028\u2029]")
# Controls but \t and \n; soft hyphen; what is invisible or turns the direction of writing;
# tag characters, with which whole sentences are smuggled; interlinear marks; non-characters.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_JOINERS = re.compile("[\u200c\u200d]")
_SELECTORS = re.compile("[\ufe00-\ufe0f]")
_MARKS = re.compile(
    "([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{8})[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)
_SKIN = range(0x1F3FB, 0x1F400)


def clean_text(text: str) -> str:
    """*text* in normal form C, with line feeds for line ends and nothing invisible in it.

    Emoji sequences keep their joiners and selectors, Arabic and Indic scripts theirs.
    A lone surrogate becomes U+FFFD (see :func:`refuse_surrogates`).
    """
    text = _SURROGATE.sub("\ufffd", text)
    text = _INVISIBLE.sub("", _NEWLINE.sub("\n", text))
    text = _MARKS.sub(r"\1", unicodedata.normalize("NFC", text))
    text = _SELECTORS.sub(_keep_selector, text)
    return _JOINERS.sub(_keep_joiner, text)


def refuse_surrogates(text: str, field: str) -> str:
    r"""*text*, unless it has half a character (``"\ud800"`` in JSON).

    Raises:
        BadRequest: it has; *field* names where it came from.
    """
    if _SURROGATE.search(text):
        raise BadRequest("text_not_unicode", field=field, name=field)
    return text


def _keep_selector(match: re.Match[str]) -> str:
    """Text or emoji style (U+FE0E, U+FE0F) after one symbol, digit, # or *; no other."""
    selector, before = match.group(), match.string[match.start() - 1 : match.start()]
    styles = selector in "\ufe0e\ufe0f" and before
    return selector if styles and (before in "#*0123456789" or _is_symbol(before)) else ""


def _keep_joiner(match: re.Match[str]) -> str:
    text, at = match.string, match.start()
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    # The emoji before a joiner may have a selector or a skin tone behind it.
    has_style = before == "\ufe0f" or (before and ord(before) in _SKIN)
    emoji = text[max(0, at - 2) : at - 1] if has_style else before
    if match.group() == ZWJ and _is_symbol(after) and _is_symbol(emoji):
        return ZWJ
    return match.group() if _joins(before) and _joins(after) else ""


def _is_symbol(character: str) -> bool:
    return bool(character) and unicodedata.category(character) in ("So", "Sm", "Sk")


def _joins(character: str) -> bool:
    """A letter or mark of Arabic, Syriac, N'Ko, or a script of India and its neighbours."""
    return "\u0600" <= character <= "\u109f" and unicodedata.category(character)[0] in "LM"
