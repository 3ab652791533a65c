"""Lines as they are on a page or in a text file, made into paragraphs."""

from __future__ import annotations

import re
from collections.abc import Container

# Shorter lines are verses, addresses or hours, and end where their writer wanted them to.
NARROWEST = 45
WIDEST = 130
LONGEST_WORD = 100
NEARLY_FULL = 0.85
_PAGE_NUMBER = re.compile(
    r"[^\w€£$%]{0,5}(?:(?:page|seite|página|pagina|p|s)\b\.?\s{0,3})?\d{0,4}"
    r"(?:\s{0,3}(?:/|of|sur|de|von)\s{0,3}\d{0,4})?[^\w€£$%]{0,5}",
    re.IGNORECASE,
)
_ENDS_WITH_NUMBER = re.compile(
    r"(?:^|[\s|·•–—-]{1,5})(?:page|seite|página|pagina|p\.)\s{0,3}\d{0,4}"
    r"(?:\s{0,3}(?:/|of|sur|de|von)\s{0,3}\d{0,4})?\s{0,3}$",
    re.IGNORECASE,
)
# Hyphens that belong to the word, wherever a line ends.
_OWN_HYPHEN = re.compile(
    r"(?:vous|nous|moi|toi|lui|il|elle|ils|elles|on|je|tu|ce|ci|là|même|mêmes|t|le|la|les|leur|en|y"
    r"|in|out|up|on|off|free|time|week|day|end|être|midi|dessus|dessous|chef|de|à|d)\b",
    re.IGNORECASE,
)
# Words whose hyphen stays, whatever follows: no word is parted behind them.
_FIRST_OF_TWO = frozenset(
    ("après", "demi", "half", "petit", "petite", "petits", "quasi", "rendez", "week", "well")
)
_WORD_AND_HYPHEN = re.compile(r"(?<!\w)(\w+)[-\u2010\u00ad]$")
_FIRST_WORD = re.compile(r"\w+")
_STARTS_BLOCK = re.compile(r"\s*(?:[-*+•–—>|#]|\d{1,3}[.)]|```|~~~|<)|\s{4}|\t")
_ENDS_BLOCK = re.compile(r"^\s*(?:#|\||<|```|~~~|[-=]{3,}\s*$)|(?:  |\\)$")


def without_page_number(line: str) -> str:
    """What a line that is on every page says beside the number of the page."""
    line = _ENDS_WITH_NUMBER.sub("", line)
    return "" if len(line) < 40 and _PAGE_NUMBER.fullmatch(line) else line


def joined(first: str, second: str, words: Container[str] = ()) -> str:
    """Two lines of one paragraph as one; a hyphen that only parts a word is left out.

    *words* are those of the whole document, in small letters: what is written with its hyphen, or
    without, in the middle of some line.
    """
    # Of a paragraph without end, too, only its last word is looked at.
    before = _WORD_AND_HYPHEN.search(first, max(0, len(first) - LONGEST_WORD))
    after = _FIRST_WORD.match(second)
    if before and after and after[0][0].isupper() and before[1].isalpha():
        return first + second  # “Saint-Malo”: hardly any program parts a word before a capital
    if not before or not after or not after[0][0].islower():
        return f"{first} {second}"
    if first.endswith("\u00ad"):
        return first[:-1] + second
    start, end = before[1].lower(), after[0].lower()
    keeps_hyphen = (
        f"{start}-{end}" in words
        or start in _FIRST_OF_TWO
        or _OWN_HYPHEN.fullmatch(after[0])
        or not start.isalpha()
    )
    return first + second if keeps_hyphen and start + end not in words else first[:-1] + second


def unwrapped(text: str) -> str:
    """*text* with the lines that an editor or mail program broke joined to paragraphs.

    A line was broken by a program where the first word of the next one had no more room in it.
    Code, lists, tables and headings of Markdown stay as they are.
    """
    lines = text.split("\n")
    lengths = [len(line) for line in lines if len(line) <= WIDEST]
    width = max(lengths, default=0)
    if sum(length > NEARLY_FULL * width for length in lengths) < 2:
        width = WIDEST  # one long line shows no margin
    result: list[str] = []
    start = 0
    for at, line in enumerate([*lines, ""]):
        if not line.strip():
            result += joined_block(lines[start:at], width)
            result.append(line)
            start = at + 1
    return "\n".join(result[:-1])


def joined_block(lines: list[str], width: int) -> list[str]:
    """Lines without an empty one between them, joined where a margin at *width* broke them."""
    result: list[str] = []
    is_code = False
    former = ""
    longest = max(map(len, lines), default=0)
    for line in lines:
        first_word = line.split(maxsplit=1)[:1]
        had_room = len(former.rstrip()) + 1 + len("".join(first_word)) <= width
        goes_on = former[-1:].isalpha() and line[:1].islower() and 2 * len(former) > longest
        is_apart = (
            is_code
            or (had_room and not goes_on)
            or _STARTS_BLOCK.match(line)
            or _ENDS_BLOCK.search(former)
        )
        if result and not is_apart and NARROWEST <= longest <= WIDEST:
            result[-1] = joined(result[-1].rstrip(), line.strip())
        else:
            result.append(line)
        former = line
        is_code = is_code != line.lstrip().startswith(("```", "~~~"))
    return result
