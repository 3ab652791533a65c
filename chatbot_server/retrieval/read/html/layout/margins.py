"""What is around the content of a page: header, footer and sides."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from chatbot_server.retrieval.read.html.text.names import MARGIN_ROLES, own_classes, words_of

_MARGIN_CLASS = re.compile(
    r"(?:^|[-_])(?:footer|colophon|topbar|top-bar|sidebar|side-bar|masthead|widget-area|bottombar"
    r"|top-?header|header-top|pre-?header|announcement-bar|location-header)(?:$|[-_])",
    re.IGNORECASE,
)
# “card-footer” in a “card”, unlike “site-footer” in all of a “site”.
_FOOTER_OF_PART = re.compile(r"([a-z][\w-]{0,60}?)[-_]{1,2}footer(?:$|[-_])", re.IGNORECASE)
_HAS_CLASS = "//*[contains(concat(' ', normalize-space(@class), ' '), $name)]"
MAX_ABOVE = 4
_WHOLES = words_of("app body container content layout main page root site theme website wrapper")


def begins_margin(element: Any) -> bool:
    """Whether *element* is around the content of its page."""
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
    if is_footer_of_part(element):
        return False
    holds_main = next(element.iter("main", "article"), None) is not None
    return not holds_main and not (is_header and next(element.iter("h1"), None) is not None)


def is_footer_of_part(element: Any) -> bool:
    """Whether *element* ends one of several cards or the like, not the page."""
    matches = map(_FOOTER_OF_PART.match, own_classes(element))
    parts = {match[1].lower() for match in matches if match} - _WHOLES
    for above in islice(element.iterancestors(), MAX_ABOVE) if parts else ():
        for name in filter(lambda each: each.lower() in parts, own_classes(above)):
            return len(above.getroottree().xpath(_HAS_CLASS, name=f" {name} ")) > 1
    return False


def only_main(root: Any) -> Any:
    """The only element of main content, if it contains the page's title, or nothing does."""
    mains = root.xpath("//main | //*[@role='main']")
    if len(mains) != 1:
        return None
    holds_title = next(mains[0].iter("h1"), None) is not None
    return mains[0] if holds_title or next(root.iter("h1"), None) is None else None
