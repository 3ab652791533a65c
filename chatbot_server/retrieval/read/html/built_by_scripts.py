"""Pages that are nearly empty until their scripts have worked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatbot_server.retrieval.read.html.text.blocks import Block
from chatbot_server.retrieval.read.html.text.inline import short_text
from chatbot_server.retrieval.read.html.unread.invisible_text import LONGEST_STYLE, declarations

# Of the page's own: its name above its menu is less.
MAX_WORDS = 25
MAX_ELEMENTS = 5000
# “Loading…” stands where the page will be.
MAX_WAITING = 60
_WAITING = ("…", "...")
_PLACES = ("div", "main", "section")
_SHOWN = ("img", "svg", "picture", "video", "iframe", "form", "object")
# What hides a page until its scripts fade it in: properties of a style, with their values.
_HIDING = frozenset(
    {("display", "none"), ("visibility", "hidden"), ("opacity", "0"), ("opacity", "0.0")}
)
_MAYBE_HIDDEN = " | ".join(
    f"/html/{path}[@style or @hidden]" for path in ("body", "body/*", "body/*/*", "body/*/*/*")
)
MAX_HIDDEN = 20
# Of the page's text.
MOST_OF_PAGE = 0.9
_DATA_TYPES = ("json", "template", "importmap", "speculationrules", "x-handlebars", "x-mustache")


def is_built_by_scripts(tree: Any, blocks: Sequence[Block], has_templates: bool = False) -> bool:
    """Whether the scripts of a page add most of what a visitor sees to *blocks*.

    Such a page has scripts that run, and hardly any words. It has an empty element for the others
    or templates of them, or asks in ``noscript`` to turn JavaScript on.
    """
    words = sum(len(block.text.split()) for block in blocks if not block.margin)
    if words > MAX_WORDS or not any(map(_runs, tree.iter("script"))):
        return False
    if words == 0 or has_templates or _has_empty_place(tree):
        return True
    without_scripts = (short_text(element, 500) for element in tree.iter("noscript"))
    return any("javascript" in text.lower() for text in without_scripts)


def show_faded_in(tree: Any) -> None:
    """Turn off what hides the whole page in *tree* until its scripts show it.

    Themes do this so that visitors do not see a page being built. A part of a page stays hidden.
    """
    body = next(tree.iter("body"), None)
    hidden = [part for part in tree.xpath(_MAYBE_HIDDEN)[:MAX_HIDDEN] if _is_hidden(part)]
    if body is None or not hidden or not any(map(_runs, tree.iter("script"))):
        return
    most = MOST_OF_PAGE * _length(body)
    for part in hidden:
        if _length(part) >= most:
            shown = (each for each in _style_of(part).items() if each not in _HIDING)
            part.set("style", ";".join(map(":".join, shown)))
            part.attrib.pop("hidden", None)


def _is_hidden(element: Any) -> bool:
    return element.get("hidden") is not None or not _HIDING.isdisjoint(_style_of(element).items())


def _style_of(element: Any) -> dict[str, str]:
    return declarations((element.get("style") or "")[:LONGEST_STYLE])


def _length(element: Any) -> int:
    """The number of characters of the text in *element*."""
    texts = element.xpath("descendant-or-self::*[not(self::script or self::style)]/text()")
    return sum(len(text.strip()) for text in texts)


def show_shadow_roots(tree: Any) -> None:
    """Turn the shadow roots of custom elements (``shadowrootmode``) into elements that are read."""
    for template in tree.xpath("//template[@shadowrootmode]"):
        template.tag = "div"
        fill_slots(template)


def fill_slots(template: Any) -> None:
    """Move the siblings of *template* into the ``slot`` elements that it has for them."""
    slots = {slot.get("name") or "": slot for slot in reversed(template.xpath(".//slot"))}
    around = template.getparent()
    if around is None or not slots:
        return
    for child in [child for child in around if child is not template]:
        slot = slots.get(child.get("slot") or "")
        if slot is not None:
            slot.append(child)


def _runs(script: Any) -> bool:
    kind = (script.get("type") or "").lower()
    return not any(data in kind for data in _DATA_TYPES)


def _has_empty_place(tree: Any) -> bool:
    for element in tree.xpath(f"(//body//*)[position() <= {MAX_ELEMENTS}]"):
        if not isinstance(element.tag, str) or next(element.iter(*_SHOWN), None) is not None:
            continue
        text = short_text(element, MAX_WAITING)
        if "-" in element.tag and len(text) < MAX_WAITING:
            return True
        if element.get("id") and element.tag in _PLACES and (not text or text.endswith(_WAITING)):
            return True
    return False
