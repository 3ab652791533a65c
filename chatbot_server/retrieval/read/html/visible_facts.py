"""The facts that a visitor sees on a page, each with the blocks that tell it.

Reading leaves out and reorders; here nothing is judged but whether a visitor can see it. What no
block tells was lost in reading; what only blocks tell that are not indexed is lost after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from chatbot_server.retrieval.language.facts import Fact, written_facts
from chatbot_server.retrieval.language.languages import together
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.read.html.text.blocks import Block
from chatbot_server.retrieval.read.html.text.inline import lines_of
from chatbot_server.retrieval.read.html.text.names import SILENT
from chatbot_server.retrieval.read.html.unread.visible import Visibility

KINDS = {"phone", "email", "price", "time", "date"}
MAX_FACTS = 500
MAX_PLACES = 20
# Of a page, and of its blocks: a hostile megabyte takes up to ten seconds.
MAX_CHARACTERS = 150_000
MAX_BLOCK_CHARACTERS = 2 * MAX_CHARACTERS
LONGEST = 60
_FACT = re.compile(r"[\d@]")


def visible_facts(
    tree: Any,
    blocks: Sequence[Block],
    decimal: str,
    language: str,
    visibility: Visibility | None = None,
) -> list[list[Any]]:
    """Each fact as it is written, with the numbers of the *blocks* that tell it."""
    languages = together([language[:2]])
    visibility = visibility or Visibility(tree)
    body = next(tree.iter("body"), tree)
    lines = lines_of(body, decimal, lambda each: each.tag in SILENT or visibility.is_hidden(each))
    text = fold("\n".join(filter(_FACT.search, lines))[:MAX_CHARACTERS])
    places: dict[Fact, list[int]] = {}
    size = 0
    for number, block in enumerate(blocks):
        if not _FACT.search(block.text):
            continue
        size += len(block.text)
        if size > MAX_BLOCK_CHARACTERS:
            break
        block_facts, _ = written_facts(fold(block.text), languages)
        for fact in {spelling for block_fact in block_facts for spelling in _tells(block_fact)}:
            places.setdefault(fact, []).append(number)
    return [
        [words[:LONGEST], (places.get(fact) or _hours(fact, places))[:MAX_PLACES]]
        for fact, words in written_facts(text, languages)[0].items()
        if fact.kind in KINDS
    ][:MAX_FACTS]


def _tells(fact: Fact) -> Iterator[Fact]:
    """*fact*, and with a date that of its day in any year and of its month."""
    yield fact
    if fact.kind == "date":
        year, month, day = fact.value.split("-")
        yield from (Fact("date", f"-{month}-{day}"), Fact("date", f"{year}-{month}-"))


def _hours(fact: Fact, places: dict[Fact, list[int]]) -> list[int]:
    """Where the hour of a full hour is told: “9 – 12 h” is from 9:00."""
    hour, _, minute = fact.value.partition(":")
    return places.get(Fact("number", hour), []) if (fact.kind, minute) == ("time", "00") else []
