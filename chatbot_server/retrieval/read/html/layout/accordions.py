"""Titles and questions that open what is below them, whatever element they are."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from chatbot_server.retrieval.read.html.text.inline import short_text
from chatbot_server.retrieval.read.html.text.names import BLOCKS

_ACCORDION = re.compile(r"accordion|collaps|faq|toggle|tab-title", re.IGNORECASE)
_QUESTION = re.compile(r"faq-?_?question|question$|accordion-?_?(?:title|header|button)", re.I)
_PANEL = re.compile(r"panel|content|answer|r[eé]ponse|collaps|body|drawer", re.IGNORECASE)
_PANELS = ("div", "section", "p", "ul")
_HIDDEN = re.compile(r"display\s{0,3}:\s{0,3}none", re.IGNORECASE)
# What shows that a title can be opened, and is no word of it.
SIGNS = frozenset("+-−–×✕▼▲▾▴▸▶►◄⌄⌃∨∧˅˄↓↑›»⮟❯❱⯆")
LONGEST_TITLE, LONGEST_ICON = 200, 12
SHORTEST_ANSWER = 20
_WEBFLOW_TOGGLE, _WEBFLOW_LIST = "w-dropdown-toggle", "w-dropdown-list"
MAX_TEXTS = 200


def is_label_of_panel(label: Any) -> bool:
    """Whether a checkbox before *label* opens what follows it."""
    before, after = label.getprevious(), label.getnext()
    is_box = (
        before is not None and before.tag == "input" and before.get("type") in ("checkbox", "radio")
    )
    if is_box and before.getprevious() is not None and before.getprevious().tag == "label":
        return False  # the last of several tabs that stand above their panels
    return is_box and after is not None and after.tag in _PANELS


def is_label_of_field(element: Any) -> bool:
    """Whether *element* names a field of a form, and nothing that can be read."""
    if element.tag != "label" or is_label_of_panel(element):
        return False
    return (
        element.get("for") is not None
        or next(element.iter("input", "select", "textarea"), None) is not None
    )


def is_title(element: Any) -> bool:
    """Whether *element*, which is no heading, is the title or question of a panel."""
    tag = element.tag
    if tag in ("summary", "dt") or (tag == "label" and is_label_of_panel(element)):
        return True
    if _WEBFLOW_TOGGLE in (element.get("class") or "").split():
        return element.getnext() is not None and is_answer_in_nav(element.getnext())
    is_button = tag == "button" or element.get("role") == "button"
    if (is_button and _is_button_of_panel(element)) or opens_next(element):
        return True
    return bool(_QUESTION.search(element.get("class") or "")) and _is_short(element)


def opens_next(title: Any) -> bool:
    """Whether a click on *title* shows what follows it, and is hidden: a script of the page's own.

    A question before something hidden is one, also where the script finds both by their classes.
    """
    panel = title.getnext()
    if panel is None or panel.tag not in _PANELS or not _is_hidden(panel):
        return False
    text = short_text(title, LONGEST_TITLE + 1)
    if not text or len(text) > LONGEST_TITLE or not _is_short(title):
        return False
    if next(panel.iter("form", "input", "textarea"), None) is not None:
        return False
    is_clicked = any(part.get("onclick") for part in (title, *title))
    return is_clicked or _asks(text)


def _is_hidden(element: Any) -> bool:
    style = element.get("style") or ""
    return element.get("hidden") is not None or bool(_HIDDEN.search(style))


def is_answer_in_nav(element: Any) -> bool:
    """Whether *element* is a ``nav`` for its name only: what Webflow opens below a question."""
    if element.tag != "nav" or _WEBFLOW_LIST not in (element.get("class") or "").split():
        return False
    if next(element.iterancestors("nav", "header"), None) is not None:
        return False
    texts = islice(element.xpath(".//text()[not(ancestor::a)]"), MAX_TEXTS)
    return any(map(str.strip, texts))


def is_sign(element: Any) -> bool:
    """Whether *element* only shows that its title can be opened: a “+”, an arrow."""
    text = short_text(element, LONGEST_ICON) if len(element) == 0 else ""
    return bool(text) and SIGNS.issuperset(text)


def _is_button_of_panel(button: Any) -> bool:
    names = f"{button.get('class')} {button.get('data-bs-target')}"
    is_named_so = bool(_ACCORDION.search(names))
    asks = _asks(short_text(button, LONGEST_TITLE))
    if button.get("aria-controls") or button.get("aria-expanded"):
        return is_named_so or asks
    if not (is_named_so or asks):
        return False
    panel = _element_behind(button)
    if panel is None or panel.tag not in _PANELS or not short_text(panel, 1):
        return False
    return bool(_PANEL.search(panel.get("class") or "")) or (
        asks and len(short_text(panel, SHORTEST_ANSWER)) >= SHORTEST_ANSWER
    )


def _asks(text: str) -> bool:
    return text.rstrip("".join((*SIGNS, " "))).endswith("?")


def _element_behind(button: Any) -> Any:
    """What follows *button*, or behind the box that it fills."""
    behind = button.getnext()
    around = button.getparent()
    if behind is None and around is not None and len(around) == 1 and around.tag in BLOCKS:
        behind = around.getnext()
    return behind


def _is_short(element: Any) -> bool:
    return len(element) <= 3 and not any(part.tag in ("p", "div", "ul") for part in element[1:])
