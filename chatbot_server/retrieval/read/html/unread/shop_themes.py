"""Parts of web shops that style sheets show in another state or struck out; baskets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

from chatbot_server.retrieval.read.html.text.inline import short_text

MAX_ABOVE = 6
# Themes of Shopify: what is seen only inside an element of that class, and only outside of it.
_ONLY_IN = {"price__badge-sold-out": "price--sold-out", "price__sale": "price--on-sale"}
_ONLY_OUTSIDE = {"price__regular": "price--on-sale", "price__badge-sale": "price--sold-out"}
_CART = re.compile(
    r"(?:^|[\s_-])(?:mini-?cart|(?:cart|basket)-?(?:drawer|notification|sidebar|flyout|popup)"
    r"|(?:drawer|side)-?cart)(?:$|[\s_-])|captcha",
    re.IGNORECASE,
)
_NO_CART = ("html", "body", "main", "article", "h1")
LONGEST = 2500
# Classes of prices that style sheets strike out, where another one is beside them.
_FORMER = re.compile(
    r"(?:^|[\s_-])(?:(?:old|was|former|previous|compare(?:-?at)?|original|regular)[_-]?prices?"
    r"|prices?[_-]{1,2}(?:old|was|former|previous|compare(?:-?at)?|original)|(?:ancien-|vieux-)prix"
    r"|prix[_-](?:barr[eé]|ancien|initial))(?:$|[\s_-])",
    re.IGNORECASE,
)
_STRUCK = frozenset(("line-through", "strikethrough", "text-decoration-line-through"))
_BOXES_OF_PRICES = 2
_NO_BOX_OF_PRICES = ("article", "body", "li", "main", "section", "td", "tr")
_AMOUNT = re.compile(r"\d\s?[€£$]|[€£$]\s?\d|\d[.,]\d\d\b")
LONGEST_PRICE = 60
MAX_STYLES, MAX_PARTS = 100_000, 2000
# A rule of the page's own for one class; within others it may hold for a part of the page only.
_STRIKING = re.compile(
    r"(?:\A|[}>,])\s{0,50}[a-z]{0,10}\.([\w-]{1,60})\s{0,20}\{[^{}]{0,400}?:\s{0,20}line-through"
)
# Not seen until a visitor asks for another state, such as prices by the year; others show it again
# on wide screens.
_UNCHOSEN = frozenset(("d-none", "hidden", "hide", "is-hidden"))
_SHOWN = re.compile(r"[:-](?:block|flex|grid|inline|inline-block|table|visible)$")


def is_other_state(element: Any, classes: Sequence[str]) -> bool:
    """Whether *element*, with these *classes*, tells of a state that its product is not in."""
    for name in classes:
        if (around := _ONLY_IN.get(name)) and not _stands_in(element, around):
            return True
        if (around := _ONLY_OUTSIDE.get(name)) and _stands_in(element, around):
            return True
    return False


def _stands_in(element: Any, name: str) -> bool:
    above = islice(element.iterancestors(), MAX_ABOVE)
    return any(name in (each.get("class") or "").split() for each in above)


def is_of_cart(element: Any) -> bool:
    """Whether *element* is the visitor's own basket, or asks whether the visitor is a machine."""
    if element.tag in _NO_CART:
        return False
    names = f"{element.get('id') or ''} {element.get('class') or ''}"[:1000]
    return bool(_CART.search(names)) and len(short_text(element, LONGEST + 1)) <= LONGEST


def is_former_price(element: Any) -> bool:
    """Whether *element* is what something cost before: struck out, beside what it costs now."""
    name = element.get("class")
    if not name:
        return False
    if not _STRUCK.isdisjoint(name.split()):
        return True
    if not _FORMER.search(name) or not _is_price(element):
        return False
    return _has_other_price(element)


def _is_price(element: Any) -> bool:
    text = short_text(element, LONGEST_PRICE + 1)
    return len(text) <= LONGEST_PRICE and bool(_AMOUNT.search(text))


def _has_other_price(element: Any) -> bool:
    """Whether another price, not a former one, is beside *element* or the box that it is in."""
    for box in (element, *islice(element.iterancestors(), _BOXES_OF_PRICES - 1)):
        if box.tag in _NO_BOX_OF_PRICES:
            return False
        others = [*islice(box.itersiblings(), MAX_ABOVE)]
        others += islice(box.itersiblings(preceding=True), MAX_ABOVE)
        others = [each for each in others if isinstance(each.tag, str)]
        now = (each for each in others if not _FORMER.search(each.get("class") or ""))
        if _AMOUNT.search(" ".join(short_text(each, LONGEST_PRICE) for each in now)):
            return True
    return False


def is_unchosen_price(element: Any) -> bool:
    """Whether *element* is a price that is seen only in place of the one beside it."""
    classes = (element.get("class") or "").split()
    if _UNCHOSEN.isdisjoint(classes) or any(map(_SHOWN.search, classes)):
        return False
    beside = (element.getprevious(), element.getnext())
    return _is_price(element) and any(
        each is not None
        and each.tag == element.tag
        and _UNCHOSEN.isdisjoint((each.get("class") or "").split())
        and _is_price(each)
        for each in beside
    )


def strike_out(tree: Any, page: str) -> None:
    """Make ``s`` of what a rule in the *page* itself strikes out, by its class."""
    if "line-through" not in page:
        return
    styles = "".join(style.text or "" for style in tree.iter("style"))[:MAX_STYLES]
    struck = set(_STRIKING.findall(styles))
    for part in tree.xpath("//body//*[@class]")[: MAX_PARTS if struck else 0]:
        if not struck.isdisjoint(part.get("class").split()):
            part.tag = "s"
