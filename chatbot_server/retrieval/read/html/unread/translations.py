"""Parts of a page that say in another language what it says in its own."""

from __future__ import annotations

from itertools import islice
from typing import Any

from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.read.html.text.inline import short_text
from chatbot_server.retrieval.read.html.text.names import SILENT

MAX_PARTS, MAX_DEPTH = 200, 100
FEWEST_WORDS = 12
LONGEST = 2000
_BOXES = ("article", "div", "main", "section")


def take_translations(tree: Any, language: str) -> dict[str, list[Any]]:
    """Take the longer parts in other languages than that of the page out of *tree*, by language.

    None are taken where hardly anything would be left: then the page only claims *language*.
    """
    parts: dict[str, list[Any]] = {}
    marked: set[Any] = set()
    for part in tree.xpath("//body//*[@lang]")[:MAX_PARTS]:
        is_inner = not marked.isdisjoint(islice(part.iterancestors(), MAX_DEPTH))
        marked.add(part)
        if is_inner:
            continue
        code = part.get("lang").strip().lower()[:2]
        is_other = code != language and code in LANGUAGES and part.tag in _BOXES
        if is_other and word_count(part) >= FEWEST_WORDS:
            parts.setdefault(code, []).append(part)
    translations = {part for each in parts.values() for part in each}
    if not translations or not language or words_beside(translations) < FEWEST_WORDS:
        return {}
    for part in translations:
        part.getparent().remove(part)
    return parts


def word_count(element: Any) -> int:
    """How many words *element* has, as far as they are counted."""
    if element.tag in SILENT or element.tag == "head":
        return 0
    return len(short_text(element, LONGEST).split())


def words_beside(parts: set[Any]) -> int:
    """How many words the children of the boxes around *parts* have that are none of these."""
    around = {box for part in parts for box in part.iterancestors()}
    beside = (child for box in around for child in box if child not in around | parts)
    return sum(word_count(child) for child in beside if isinstance(child.tag, str))
