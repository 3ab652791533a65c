"""What stands around the content of a page: header, footer and sides."""

from __future__ import annotations

import re
from typing import Any

from chatbot_server.retrieval.read.html.names import MARGIN_ROLES, own_classes

_MARGIN_CLASS = re.compile(
    r"(?:^|[-_])(?:footer|colophon|topbar|top-bar|sidebar|side-bar|masthead|widget-area|bottombar)"
    r"(?:$|[-_])",
    re.IGNORECASE,
)


def begins_margin(element: Any) -> bool:
    """Whether *element* stands around the content of its page."""
    tag = element.tag
    if tag in ("html", "body", "main", "article", "li", "p"):
        return False
    is_header = tag == "header" or element.get("role") == "banner"
    if not (
        tag in ("footer", "aside", "header")
        or element.get("role") in MARGIN_ROLES
        or any(map(_MARGIN_CLASS.search, own_classes(element)))
        or _MARGIN_CLASS.search(element.get("id") or "")
    ):
        return False
    if any(ancestor.tag in ("main", "article") for ancestor in element.iterancestors()):
        return False
    holds_main = next(element.iter("main", "article"), None) is not None
    return not holds_main and not (is_header and next(element.iter("h1"), None) is not None)


def only_main(root: Any) -> Any:
    """The only element of main content, if it contains the page's title, or nothing does."""
    mains = root.xpath("//main | //*[@role='main']")
    if len(mains) != 1:
        return None
    holds_title = next(mains[0].iter("h1"), None) is not None
    return mains[0] if holds_title or next(root.iter("h1"), None) is None else None
