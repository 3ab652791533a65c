"""Parts of the pages of web shops that their style sheets show in another state, or of baskets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

from chatbot_server.retrieval.read.html.inline import short_text

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
