"""Amounts that a page builds from parts, or that scripts count up to, as visitors see them."""

from __future__ import annotations

import re
from typing import Any

MAX_PARTS = 2000
_CENTS = re.compile(r"\s*[.,]?\d\d\s*")
_COUNTED = ("data-to-value", "data-count", "data-to", "data-target", "data-stop", "data-end")
_IS_COUNTED = " or ".join(f"@{name}" for name in _COUNTED)
_CLASSES_OF_CENTS = ("fraction", "cents", "centimes", "decimals")
_IS_CENTS = " or ".join(f"contains(@class, '{name}')" for name in _CLASSES_OF_CENTS)


def show_amounts(tree: Any, page: str) -> None:
    """Put cents beside their amount, and the number that a counter reaches where it begins.

    Most pages have neither, as the text of the *page* tells quickly.
    """
    if not any(name in page for name in (*_CLASSES_OF_CENTS, *_COUNTED)):
        return
    for part in tree.xpath(f"//*[{_IS_CENTS}]")[:MAX_PARTS]:
        if len(part) == 0 and _CENTS.fullmatch((part.text or "")[:10]):
            around = part.getparent()
            part.tag = "sup"
            if around.tag == "div" and len(around) == 1 and not (around.text or "").strip():
                around.tag = "span"
    for counter in tree.xpath(f"//*[{_IS_COUNTED}]")[:MAX_PARTS]:
        amount = next(filter(None, map(counter.get, _COUNTED)), "")
        if len(counter) == 0 and (counter.text or "").strip() == "0" and amount.isdecimal():
            counter.text = amount[:15]
