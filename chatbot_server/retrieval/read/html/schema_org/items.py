"""What a page says of itself to machines (schema.org), told as a person would."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from chatbot_server.retrieval.read.html.schema_org.microdata import microdata_items
from chatbot_server.retrieval.read.html.text.blocks import markdown
from chatbot_server.retrieval.read.html.walk import read_blocks

MAX_SCRIPTS = 20
MAX_ITEMS = 500
MAX_QUESTIONS = 200
Item = dict[str, Any]


def items(tree: Any) -> list[Item]:
    """The items of the page's JSON-LD, those of a ``@graph`` each, and of its microdata."""
    result: list[Item] = []
    for script in tree.xpath("//script[@type='application/ld+json']")[:MAX_SCRIPTS]:
        with contextlib.suppress(ValueError, RecursionError):
            data = json.loads(script.text or "", strict=False)
            result += list(items_of(data))[:MAX_ITEMS]
    result += microdata_items(tree)
    return result[:MAX_ITEMS]


def items_of(data: Any) -> Iterator[Item]:
    for item in as_list(data):
        if isinstance(item, dict):
            yield item
            for part in ("@graph", "department"):
                yield from (inner for inner in as_list(item.get(part)) if isinstance(inner, dict))


def as_list(value: Any) -> list[Any]:
    """*value*, where one may stand for a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def types(item: Item) -> set[str]:
    """What an item is."""
    return {str(kind).rpartition("/")[2] for kind in as_list(item.get("@type"))}


def text_of(value: Any, limit: int = 500) -> str:
    """*value* as plain text; what is marked up is read as a page would be."""
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name") or value.get("text")
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    text = str(value)[: 4 * limit]
    if "<" in text or "&" in text:
        text = plain(text)
    return text.strip()[:limit]


def plain(text: str) -> str:
    """The text of marked-up *text*, a paragraph a line."""
    from lxml import etree, html  # type: ignore[import-untyped]

    with contextlib.suppress(etree.ParserError, ValueError):
        return markdown(read_blocks(html.document_fromstring(f"<html><body>{text}"), ","))
    return text


def faq_pairs(data: list[Item]) -> list[list[str]]:
    """The owner's own questions and answers."""
    pairs: list[list[str]] = []
    for item in data:
        if "FAQPage" not in types(item):
            continue
        for entry in as_list(item.get("mainEntity"))[:MAX_QUESTIONS]:
            if not isinstance(entry, dict):
                continue
            answers = as_list(entry.get("acceptedAnswer"))
            answer = next(
                (entry_answer for entry_answer in answers if isinstance(entry_answer, dict)), {}
            )
            question, answer_text = text_of(entry.get("name")), text_of(answer.get("text"), 20_000)
            if question and answer_text:
                pairs.append([question, answer_text])
    return pairs[:MAX_QUESTIONS]
