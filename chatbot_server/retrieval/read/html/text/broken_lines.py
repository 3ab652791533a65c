"""Lines that line breaks part: which of them head those below, and which are one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from chatbot_server.retrieval.read.html.text.blocks import may_be_heading

# A line of an address that belongs to the street above it.
_POSTCODE = re.compile(r"(?:[A-Z]{1,2}[- ])?\d{4,5} [^\W\d_]")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_AMOUNT_AT_END = re.compile(r"\d ?[€£$]\Z|[€£$] ?\d[\d.,]*\Z")
LONGEST_QUESTION = 200
_AFTER_HEADING = " \xa0\u202f:–—"


class BrokenLine(NamedTuple):
    """A line of a paragraph.

    Attributes:
        bold: its beginning, as far as it is bold.
        is_after_gap: it is the first one, or an empty line comes before it.
    """

    text: str
    bold: str = ""
    is_after_gap: bool = False


class HeadedLines(NamedTuple):
    """A heading, which may be empty, and the lines below it."""

    heading: str
    lines: list[str]


def joined_lines(lines: Sequence[BrokenLine]) -> list[str]:
    """The texts of *lines*; what was broken off where it looked good is put back."""
    result: list[list[str]] = []
    for text in (line.text for line in lines):
        former = result[-1][-1] if result else ""
        if former and goes_on(former, text):
            result[-1] += [" ", text]
        elif former and _POSTCODE.match(text):
            result[-1] += [" " if former.endswith((",", ":")) else ", ", text]
        else:
            result.append([text])
    return ["".join(parts) for parts in result]


def goes_on(former: str, line: str) -> bool:
    """Whether *line* was broken off the line before where it looked good.

    Lines that begin alike and have numbers (“du 1er au 8”, “du 9 au 15”) stand below each other.
    """
    if not line[0].islower() or former.endswith((".", ":", ";")):
        return False
    if _AMOUNT_AT_END.search(former[-12:]) and _DIGIT.search(line):
        return False
    first, second = _FIRST_WORD.match(former), _FIRST_WORD.match(line)
    begin_alike = first and second and first[0].lower() == second[0]
    return not (begin_alike and _DIGIT.search(former) and _DIGIT.search(line))


def by_headings(lines: Sequence[BrokenLine]) -> list[HeadedLines]:
    """*lines*, parted where one of them is the heading or question of those below it."""
    headings = _bold_headings(lines)
    is_sure = any(text == lines[at].text and text.endswith("?") for at, text in headings.items())
    if len(headings) < 2 and not is_sure:
        headings = _plain_questions(lines)
        if len(headings) < 2:
            return [HeadedLines("", joined_lines(lines))]
    starts = sorted({0, *headings})
    sections: list[HeadedLines] = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        heading = headings.get(start, "")
        rest = lines[start].text[len(heading) :].lstrip(_AFTER_HEADING)
        first = [BrokenLine(rest)] if rest else []
        below = joined_lines([*first, *lines[start + 1 : end]])
        sections.append(HeadedLines(heading.rstrip(_AFTER_HEADING), below))
    return sections


def _bold_headings(lines: Sequence[BrokenLine]) -> dict[int, str]:
    """Lines in bold with others below them, by their places; of a question, only its own words."""
    headings: dict[int, str] = {}
    for at, line in enumerate(lines):
        below = lines[at + 1] if at + 1 < len(lines) else None
        is_whole = line.bold == line.text
        if not line.bold or (is_whole and (below is None or below.bold == below.text)):
            continue
        is_title = line.is_after_gap and may_be_heading(line.bold.rstrip(_AFTER_HEADING))
        is_question = line.bold.endswith("?") and len(line.bold) <= LONGEST_QUESTION
        if is_question or (is_whole and is_title):
            headings[at] = line.bold
    return headings


def _plain_questions(lines: Sequence[BrokenLine]) -> dict[int, str]:
    """Questions behind empty lines, with their answers right below them, by their places."""
    return {
        at: line.text
        for at, (line, below) in enumerate(pairwise(lines))
        if line.is_after_gap
        and line.text.endswith("?")
        and len(line.text) <= LONGEST_QUESTION
        and not below.is_after_gap
        and not below.text.endswith("?")
    }
