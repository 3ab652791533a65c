"""What a page says of itself to machines in its own tags (microdata), as JSON-LD would say it.

What a visitor sees is read with the page; of it only names, questions and answers are taken again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatbot_server.retrieval.read.html.text.inline import lines_of

MAX_ITEMS = 200
MAX_PROPERTIES = 500
MAX_DEPTH = 5
TOLD_AGAIN = {"name", "text"}
Item = dict[str, Any]


def microdata_items(tree: Any) -> Iterator[Item]:
    """The items that are no part of others."""
    for element in tree.xpath("//*[@itemscope][not(@itemprop)]")[:MAX_ITEMS]:
        yield item_of(element)


def item_of(element: Any, depth: int = 0) -> Item:
    """The item that *element* is, with those inside of it."""
    item: Item = {"@type": (element.get("itemtype") or "").split()}
    for part in properties_of(element):
        value = value_of(part, depth)
        for name in part.get("itemprop").split()[:5]:
            if value and (name in TOLD_AGAIN or is_for_machines(part)):
                item.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in item.items()}


def properties_of(element: Any) -> Iterator[Any]:
    """The elements that are properties of the item *element*, and of no item inside of it."""
    waiting = list(reversed(element))
    count = 0
    while waiting and count < MAX_PROPERTIES:
        part = waiting.pop()
        if not isinstance(part.tag, str):
            continue
        if part.get("itemprop"):
            count += 1
            yield part
        if part.get("itemscope") is None:
            waiting.extend(reversed(part))


def is_for_machines(element: Any) -> bool:
    """Whether no visitor sees it, or it holds what is."""
    return element.tag in ("meta", "link") or element.get("itemscope") is not None


def value_of(element: Any, depth: int) -> Any:
    """What a property says."""
    if element.get("itemscope") is not None:
        return item_of(element, depth + 1) if depth < MAX_DEPTH else None
    value = element.get("content") or (element.get("href") if element.tag == "link" else None)
    return value or "\n".join(lines_of(element, ",", lambda _one: False))
