"""What eyes and screen readers are told apart from one another, as visitors see it."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from chatbot_server.retrieval.read.html.text.inline import short_text
from chatbot_server.retrieval.read.html.text.names import words_of

LONGEST, MAX_NEIGHBOURS = 60, 12
# Told to screen readers only, or shown only with the keyboard.
_UNSEEN = re.compile(
    r"(?:^|[\s_-])(?:sr-only|visually-?hidden|screen-?reader(?:-only|s)?(?:-text)?|visual-hide"
    r"|element-invisible|skip-?links?|skip-to-content|show-for-sr|a11y-hidden)(?=$|\s|--)",
    re.IGNORECASE,
)
_INLINE = words_of("a b bdi em i ins small span strong time")
_DASH = re.compile(r"[-‐‑–—/]")
_DIGITS = re.compile(r"\d+")
_ICON = re.compile(r"(?:^|[\s_-])(?:icon|fa|fas|far|bi|glyphicon|dashicons)(?:$|[\s_-])")


def is_unseen(element: Any) -> bool:
    """Whether the class of *element* says that only screen readers tell it."""
    return bool(_UNSEEN.search(element.get("class") or ""))


def is_seen(element: Any) -> bool:
    """Whether eyes see in *element*, which screen readers skip, what nothing beside it tells.

    That is a number with its sign or month, of which screen readers hear another wording, or a dash
    between two prices.
    """
    if element.tag not in _INLINE:
        return False
    text = short_text(element, LONGEST + 1)
    if _DASH.fullmatch(text):
        return True
    numbers = set(_DIGITS.findall(text))
    if len(text) > LONGEST or not numbers:
        return False
    beside = [each for each in _neighbours(element) if not is_unseen(each)]
    has_wording = any(map(is_unseen, _neighbours(element)))
    text_beside = " ".join(short_text(each, LONGEST) for each in beside)
    return has_wording or bool(text_beside and numbers.isdisjoint(_DIGITS.findall(text_beside)))


def _neighbours(element: Any) -> list[Any]:
    around = islice(element.itersiblings(preceding=True), MAX_NEIGHBOURS)
    behind = islice(element.itersiblings(), MAX_NEIGHBOURS)
    return [each for each in (*around, *behind) if isinstance(each.tag, str)]


def stands_for_hidden(element: Any) -> bool:
    """Whether it says, for screen readers, what others see beside it as a picture or sign."""
    beside = [each for each in (element.getprevious(), element.getnext()) if each is not None]
    beside = [each for each in beside if isinstance(each.tag, str)]
    if any(each.get("aria-hidden") == "true" and is_seen(each) for each in beside):
        return False
    if any(each.get("aria-hidden") == "true" and short_text(each, 1) for each in beside):
        return True
    around = element.getparent()
    if around is None or around.tag in ("a", "button"):
        return False
    return any(map(is_icon, beside)) or (around.tag in ("td", "th") and not _has_more(around))


def is_icon(element: Any) -> bool:
    """Whether *element* shows a picture and no words."""
    if element.tag == "svg":
        return True
    is_named = bool(_ICON.search(element.get("class") or ""))
    return element.tag in ("i", "span") and is_named and not short_text(element, 1)


def _has_more(cell: Any) -> bool:
    """Whether *cell* has words or pictures for eyes."""
    own = [cell.text or "", *((child.tail or "") for child in cell)]
    if "".join(own).strip():
        return True
    others = (child for child in cell if isinstance(child.tag, str) and not is_unseen(child))
    return any(child.get("alt") or short_text(child, 1) for child in others)
