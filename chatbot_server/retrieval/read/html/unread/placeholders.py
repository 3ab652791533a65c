"""What a page shows until its scripts put words there: marks of templates, “Loading…”."""

from __future__ import annotations

import re
from itertools import islice, takewhile
from typing import Any

from chatbot_server.retrieval.read.html.text.inline import short_text
from chatbot_server.retrieval.read.html.text.names import BLOCKS

MAX_TEXTS = 20_000
MAX_ABOVE = 40
MAX_CHARACTERS = 80
MAX_PARTS = 2
LONGEST_CLOCK = 200
MAX_ALTERNATIVES = 500
# Of alternatives, in characters: how much is measured, and what no message is as long as.
MEASURED, SHORTEST_PAGE = 1000, 200
_MARKS = ("{{", "{%", "<%", "${")
_MARK = re.compile(
    r"\{\{[^{}]{0,300}\}\}|\{%[^%]{0,300}%\}|<%[^%]{0,300}%>|\$\{[^{}]{1,300}\}", re.DOTALL
)
# A page that shows such marks as code is about them.
_CODE = frozenset(("code", "kbd", "pre", "samp"))
_UNREAD = frozenset(("script", "style", "template", "textarea"))
_REPEATING = ("v-for", "ng-repeat", "data-ng-repeat", "x-for", "*ngfor")
_WAITING = re.compile(
    r"(?:chargement|loading|please wait|veuillez patienter|patientez|en cours de chargement"
    r"|wird geladen|lädt|cargando)\b[^.…\d]{0,25}(?:…|\.{2,4})",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"(?:[^\W\d]{1,20} ?: ?)?--(?:[.:,]--)?(?: ?[^\W\d_]{0,4}[/°%€]?[^\W\d_]{0,4})"
)
_COUNTDOWN = re.compile(r"count-?_?down", re.IGNORECASE)


def empty_placeholders(tree: Any, page: str) -> bool:
    """Empty the blocks of *tree* whose text is still a template; whether there were any.

    Most pages have none, as *page* tells quickly. What is repeated for each of many things is
    emptied as a whole: its other words say nothing without them.
    """
    has_alternatives = "v-else" in page and drop_alternatives(tree)
    if not any(mark in page for mark in _MARKS):
        return has_alternatives
    texts = tree.xpath("//text()[contains(., '{') or contains(., '<%')]")[:MAX_TEXTS]
    places = [
        text.getparent() if text.is_text else text.getparent().getparent()
        for text in texts
        if _MARK.search(text)
    ]
    above = [
        {element.tag for element in (place, *islice(place.iterancestors(), MAX_ABOVE))}
        for place in places
    ]
    if any(_CODE & tags for tags in above):
        return False
    templates = [place for place, tags in zip(places, above, strict=True) if not _UNREAD & tags]
    for place in templates:
        _empty(place)
    for link in tree.xpath("//*[contains(@href, '{')]")[:MAX_TEXTS]:
        if _MARK.search(link.get("href")):
            del link.attrib["href"]
    return bool(templates) or has_alternatives


def drop_alternatives(tree: Any) -> bool:
    """Drop elements of which scripts show one at a time (``v-if``, ``v-else``); whether there were
    any.

    One that is much longer than all others is the page, and those are its errors and waiting.
    """
    conditions = tree.xpath("//*[@v-if]")[:MAX_ALTERNATIVES]
    has_any = False
    for first in conditions:
        group = [first, *takewhile(_is_alternative, first.itersiblings())]
        if len(group) < 2 or first.getparent() is None:
            continue
        has_any = True
        sizes = [len(short_text(element, MEASURED)) for element in group]
        longest = max(sizes)
        is_sure = longest >= SHORTEST_PAGE and 3 * sorted(sizes)[-2] <= longest
        for element, size in zip(group, sizes, strict=True):
            if size < longest or not is_sure:
                element.drop_tree()
    return has_any


def _is_alternative(element: Any) -> bool:
    return element.get("v-else") is not None or element.get("v-else-if") is not None


def _empty(place: Any) -> None:
    """Empty the block of *place*, or what is repeated around it; of boxes, only their own text."""
    around = [place, *islice(place.iterancestors(), MAX_ABOVE)]
    repetitions = [element for element in around if any(map(element.attrib.has_key, _REPEATING))]
    block = next((element for element in around if element.tag in (*BLOCKS, "title")), place)
    target = repetitions[-1] if repetitions else block
    if not repetitions and next(target.iterdescendants(*BLOCKS), None) is not None:
        for child in target:
            child.tail = _MARK.sub("", child.tail or "")
        target.text = _MARK.sub("", target.text or "")
        target = place if place is not target else None
    if target is not None:
        del target[:]
        target.text = None


def is_waiting(element: Any) -> bool:
    """Whether a script will replace *element*: “Loading…”, “Wind: -- km/h”, a clock of zeros."""
    if len(element) <= MAX_PARTS and all(len(part) == 0 for part in element):
        text = short_text(element, MAX_CHARACTERS + 1)
        if text.endswith((".", "…")) or "--" in text:
            return bool(_WAITING.fullmatch(text) or _UNKNOWN.fullmatch(text))
    if not _COUNTDOWN.search(f"{element.get('class')} {element.get('id')}"):
        return False
    digits = {char for char in short_text(element, LONGEST_CLOCK) if char.isdigit()}
    return digits == {"0"}
