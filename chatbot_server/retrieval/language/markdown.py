"""Converts between Markdown and the text that its reader sees."""

from __future__ import annotations

import re

ITEM = re.compile(r"^(?:[-*+]|\d{1,9}[.)]) +")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
# The address is matched in a lookahead, as a whole: otherwise each of its beginnings is tried, too.
_LINK = re.compile(
    r"!?\[([^\]\n]{0,500})\]\([ <]{0,9}(?=([^\s<>)]{0,1990}))\2"
    r"(?:(?:[^\S\n]|[<>])[^)\n]{0,199})?\)"
)
# Pairs only: “5 * 3”, “2*3” and the star of a footnote are no marks.
_MARKS = (
    re.compile(r"(?<!`)`([^`\n]{1,500})`(?!`)"),
    re.compile(r"(\*\*|__|~~)(?=\S)(.{1,500}?)(?<=\S)\1"),
    re.compile(r"(?<![\w*])(\*)(?=[^\s*])([^*\n]{1,500})(?<=[^\s*])\*(?![\w*])"),
    re.compile(r"(?<![\w_])(_)(?=[^\s_])([^_\n]{1,500})(?<=[^\s_])_(?![\w_])"),
)
_HEADING = re.compile(r"^ {0,3}#{1,6} +(.*)$", re.MULTILINE)
_SIGN = re.compile(r"[\\`*_~\[\]<>#|]")
# Escaped signs are kept as private characters while marks are removed.
_PRIVATE = 0xE000
_WAITING = re.compile(f"[{chr(_PRIVATE)}-{chr(_PRIVATE + 0x7F)}]")


def plain_text(markdown: str, *, addresses: bool = False) -> str:
    """*markdown* without marks and escapes; lists keep their signs, links their labels.

    With *addresses*, that of a link follows its label, which a telephone number is itself.
    """
    text = _WAITING.sub("", markdown)
    text = _ESCAPE.sub(lambda match: chr(_PRIVATE + ord(match[1])), text)
    text = _LINK.sub(lambda match: _link(*match.groups()) if addresses else match[1], text)
    for mark in _MARKS:
        text = mark.sub(lambda match: match[match.re.groups], text)
    text = _HEADING.sub(lambda match: match[1].rstrip(" #"), text)
    return _WAITING.sub(lambda match: chr(ord(match[0]) - _PRIVATE), text)


def literal(text: str) -> str:
    """*text* escaped, so that Markdown shows it literally."""
    return _SIGN.sub(r"\\\g<0>", " ".join(text.split()))


def _link(label: str, address: str) -> str:
    has_address = address and label not in (address, "") and not address.startswith("tel:")
    return f"{label} ({address})" if has_address else label
