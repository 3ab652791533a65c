"""The blocks of a page, and how they become its text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from chatbot_server.retrieval.language.languages import ALL_LANGUAGES, any_phrase
from chatbot_server.retrieval.language.tables import DASH
from chatbot_server.retrieval.read.html.text.names import CONTACT

# A heading that is only a price, a time or a number belongs to the heading before it.
_VALUE = re.compile(
    r"\W*(?:[^\W\d_]{0,4}\W*\d[\d\s.,:h/-]*){1,3}[^\W\d_]{0,4}\W*"
    # “a month”, “/mois”
    rf"(?:(?:(?<=/)|(?<=/ )|\b{any_phrase('per_words', ALL_LANGUAGES)} )[^\W\d_]{{1,12}}\W{{0,3}})?"
)
VALUE_CHARS = 60  # how much is matched: the pattern tries every way to split it
_FACT = re.compile(r"[\d@]")
# In a link: a telephone number or an e-mail address, unlike the number of items in a basket.
_IN_LINK = re.compile(r"\d(?:\D{0,2}\d){4}|@")
# A way to reach somebody, or the code of a town: not the year, nor a version.
_FACT_IN_NOTICE = re.compile(
    rf"{CONTACT.pattern}|(?<![\w.])\d{{5}}(?![\w.])|\b[A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}}\b"
)
_COPYRIGHT = re.compile(
    rf"©|\(c\) ?\d{{4}}|copyright|{any_phrase('copyright_notices', ALL_LANGUAGES)}",
    re.IGNORECASE,
)
MAX_LEVEL = 6
LONGEST_TITLE = 40


@dataclass(frozen=True)
class Block:
    """A heading, paragraph, list, table or the like.

    Attributes:
        level: the level of a heading, from 1; 0 for other blocks.
        margin: it is in the page's header, footer or sidebar.
        link: it consists of links only.
        bold: it is in bold only, or called a heading, and may be one.
    """

    text: str
    level: int = 0
    margin: bool = False
    link: bool = False
    bold: bool = False

    @property
    def has_fact(self) -> bool:
        """Whether it may state when, where, how much, or how to reach somebody."""
        is_notice = len(self.text) < 200 and _COPYRIGHT.search(self.text)
        fact = _FACT_IN_NOTICE if is_notice else _FACT
        return bool(fact.search(self.text))


def packed(blocks: Sequence[Block]) -> list[list[Any]]:
    """*blocks* as JSON values."""
    return [[block.text, block.level, int(block.margin), int(block.link)] for block in blocks]


def unpacked(rows: Sequence[Sequence[Any]]) -> list[Block]:
    """The inverse of :func:`packed`."""
    return [Block(text, level, bool(margin), bool(link)) for text, level, margin, link in rows]


def with_headings(blocks: Sequence[Block]) -> list[Block]:
    """*blocks* with bold paragraphs as headings of what follows, and without empty sections."""
    result: list[Block] = []
    base = 1
    titles = _titles_of_lists(blocks)
    for at, block in enumerate(blocks):
        following = blocks[at + 1] if at + 1 < len(blocks) else None
        if block.level:
            base = block.level
        elif block.bold:
            is_heading = (
                following is not None
                and not following.level
                and not following.bold
                and following.margin == block.margin
                and (may_be_heading(block.text) or at in titles)
            )
            level = min(base + 1, MAX_LEVEL) if is_heading else 0
            block = replace(block, level=level, bold=False)
        result.append(block)
    return without_empty_sections(result)


def _titles_of_lists(blocks: Sequence[Block]) -> set[int]:
    """Where a short text in bold, also with a number, is above a list; at least twice."""
    places = {
        at
        for at, (block, following) in enumerate(pairwise(blocks))
        if block.bold
        and len(block.text) <= LONGEST_TITLE
        and following.text.startswith(("- ", "| "))
        and not block.text.endswith((".", ",", ";", "!"))
        and not is_value(block.text)
    }
    return places if len(places) > 1 else set()


def is_value(text: str) -> bool:
    """Whether *text* is only a price, a time or a number."""
    return bool(_VALUE.fullmatch(text[:VALUE_CHARS]))


def may_be_heading(text: str) -> bool:
    if text.endswith("?"):
        return True
    return len(text) <= 80 and not _FACT.search(text) and not text.endswith((".", ",", ";", "!"))


def without_empty_sections(blocks: Sequence[Block]) -> list[Block]:
    """*blocks*, with headings that have no text below as text of the section before.

    Only text is indexed.
    """
    result: list[Block] = []
    for block in blocks:
        before = result[-1] if result else None
        if before and before.level and block.level and is_value(block.text):
            result[-1] = replace(before, text=f"{before.text}{DASH}{block.text}")
            continue
        is_last_of_content = before and not before.margin and block.margin
        if before and before.level and (0 < block.level <= before.level or is_last_of_content):
            result[-1] = replace(before, level=0)
        result.append(block)
    if result and result[-1].level:
        result[-1] = replace(result[-1], level=0)
    return result


def markdown(blocks: Sequence[Block]) -> str:
    """*blocks* as Markdown."""
    parts = (f"{'#' * block.level} {block.text}" if block.level else block.text for block in blocks)
    return "\n\n".join(parts)


def page_text(blocks: Sequence[Block], site_name: str) -> str:
    """The text of a single page: its content and, under the name of the site, its margins."""
    content = [block for block in blocks if not block.margin]
    margin = [block for block in blocks if block.margin and not is_furniture(block)]
    if not content:
        return markdown(margin)
    if any(not block.level for block in margin):
        content += below_site_name(margin, site_name)
    return markdown(content)


def below_site_name(blocks: Sequence[Block], name: str) -> list[Block]:
    """*blocks* as a section about the site, without headings of menus that have no text."""
    result = [Block(name, 1)]
    for block in blocks:
        level = max(block.level, 2) if block.level else 0
        while level and 0 < level <= result[-1].level:
            result.pop()
        result.append(replace(block, level=level))
    while len(result) > 1 and result[-1].level:
        result.pop()
    return result if len(result) > 1 else []


def is_furniture(block: Block) -> bool:
    """Whether *block*, in the margin of a page, is only links or a copyright notice."""
    if block.link:
        return not _IN_LINK.search(block.text)
    return bool(_COPYRIGHT.search(block.text)) and not block.has_fact
