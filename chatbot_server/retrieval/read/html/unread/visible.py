"""Which elements of a page are not read: hidden ones, menus, cookie banners."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from chatbot_server.retrieval.read.html.layout.accordions import is_answer_in_nav, is_title
from chatbot_server.retrieval.read.html.layout.tabs import is_list_of_tabs, scripted_tabs
from chatbot_server.retrieval.read.html.text.inline import short_text
from chatbot_server.retrieval.read.html.text.names import (
    CONTACT,
    HEADINGS,
    NAVIGATION_CLASSES,
    NAVIGATION_ROLES,
    SILENT,
    own_classes,
)
from chatbot_server.retrieval.read.html.unread.contents import lists_of_contents
from chatbot_server.retrieval.read.html.unread.networks import links_to_networks
from chatbot_server.retrieval.read.html.unread.placeholders import is_waiting
from chatbot_server.retrieval.read.html.unread.screen_readers import (
    is_seen,
    is_unseen,
    stands_for_hidden,
)
from chatbot_server.retrieval.read.html.unread.shop_themes import (
    is_former_price,
    is_of_cart,
    is_other_state,
    is_unchosen_price,
)
from chatbot_server.retrieval.read.html.unread.theme_words import is_of_theme

_HIDING_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden"
    r"|text-decoration(?:-line)?\s*:\s*line-through",
    re.IGNORECASE,
)
# Classes of elements that visitors open, or that take turns.
_OPENS = re.compile(
    r"collaps|accordion|tab-?pan|tab-?content|toggle|faq|answer|slide|swiper|carousel|dropdown-body",
    re.IGNORECASE,
)
_CRUMBS = re.compile(r"breadcrumb|bread-crumb|fil-d-?ariane|ariane|^crumbs?$", re.IGNORECASE)
_COOKIES = re.compile(
    r"cookie|consent|rgpd|gdpr|onetrust|didomi|tarteaucitron|axeptio|cmplz|usercentrics|klaro"
    r"|dsgvo|iubenda-cs|qc-cmp|osano-cm|termsfeed|privacy-ba(?:nner|r)|borlabs|complianz|truste",
    re.IGNORECASE,
)
# What sliders copy, to turn without end.
_COPIES = frozenset(("swiper-slide-duplicate", "slick-cloned", "cloned"))
_BANNER_SIZE = 2500
MAX_IN_MENU, LONGEST_CONTACT = 500, 120
MAX_ABOVE_CRUMBS = 4


class Visibility:
    """Tells which elements of a page are not read.

    Args:
        tree: the whole page.
        with_menus: navigation is read as well.
    """

    def __init__(self, tree: Any, *, with_menus: bool = False) -> None:
        self._with_menus = with_menus
        # Ids of elements that buttons open → names of the buttons. Such an element is content, even
        # if it is hidden now.
        self.labels: dict[str, str] = {}
        self.tabs: set[str] = set()
        for element in tree.xpath(
            "//*[@aria-controls or @data-bs-target or @data-target or @role='tab'"
            " or @data-toggle or @data-bs-toggle]"
        )[:5000]:
            for name in ("aria-controls", "data-bs-target", "data-target", "href"):
                target = (element.get(name) or "").removeprefix("#")
                if target and " " not in target:
                    self.labels.setdefault(target, short_text(element, 300))
                    if is_tab(element):
                        self.tabs.add(target)
        self._menus = links_to_networks(tree) | lists_of_contents(tree)
        by_scripts = scripted_tabs(tree)
        self.tabs.update(by_scripts)
        self.labels = {**by_scripts, **self.labels}
        self._tab_names = {self.labels[target] for target in self.tabs}

    def leaves_out(self, element: Any) -> bool:
        """Whether *element* and its contents are not read."""
        tag = element.tag
        if tag in SILENT:
            return True
        if element in self._menus and not self._with_menus:
            return True
        if is_waiting(element) or is_of_theme(element):
            return True
        if not element.attrib and tag not in ("ol", "ul"):
            return tag == "nav" and not self._with_menus
        return (
            self.is_hidden(element)
            or (not self._with_menus and is_navigation(element))
            or is_cookie_banner(element)
            or (element.get("role") == "tab" and short_text(element, 300) in self._tab_names)
            or is_list_of_tabs(element, self._tab_names)
        )

    def holds_tabs(self, element: Any) -> bool:
        """Whether panels of tabs are in *element*, between their names or not."""
        return any(child.get("id") in self.tabs for child in element)

    def is_hidden(self, element: Any) -> bool:
        classes = (element.get("class") or "").split()
        if not _COPIES.isdisjoint(classes) or is_other_state(element, classes):
            return True
        if is_of_cart(element) or is_former_price(element) or is_unchosen_price(element):
            return True
        hidden = element.get("hidden")
        hides = (
            (hidden is not None and hidden.lower() != "until-found")
            or (element.get("aria-hidden") == "true" and not is_seen(element))
            or bool(_HIDING_STYLE.search(element.get("style") or ""))
            or (element.tag == "dialog" and element.get("open") is None)
        )
        if hides:
            opens = element.get("id") in self.labels or element.get("role") == "tabpanel"
            above = element.getprevious()
            opens = opens or (above is not None and isinstance(above.tag, str) and is_title(above))
            return not opens and not _OPENS.search(element.get("class") or "")
        return is_unseen(element) and not stands_for_hidden(element)


def is_tab(element: Any) -> bool:
    toggles = element.get("data-bs-toggle") or element.get("data-toggle")
    return element.get("role") == "tab" or toggles in ("tab", "pill")


def contacts_in(element: Any, visibility: Visibility) -> list[str]:
    """Ways to reach somebody in the visible menu *element*."""
    if visibility.is_hidden(element) or not is_navigation(element):
        return []
    texts: dict[str, None] = {}
    for part in islice(element.iter("a", "li", "span", "p", "div", "button"), MAX_IN_MENU):
        text = short_text(part, LONGEST_CONTACT)
        is_inner = not any(CONTACT.search(short_text(child, LONGEST_CONTACT)) for child in part)
        if is_inner and CONTACT.search(text) and not visibility.is_hidden(part):
            texts[text] = None
    return list(texts)


def is_navigation(element: Any) -> bool:
    if is_answer_in_nav(element):
        return False
    role = element.get("role")
    if (element.tag == "nav" and role in (None, "navigation")) or role in NAVIGATION_ROLES:
        return role != "tablist" or not holds_panels(element)
    if not NAVIGATION_CLASSES.isdisjoint((element.get("class") or "").split()):
        return True
    if element.tag in ("ol", "ul"):
        return any(map(are_crumbs, (element, *islice(element.iterancestors(), MAX_ABOVE_CRUMBS))))
    # On many pages, the title is beside the crumbs at the top.
    return are_crumbs(element) and next(element.iter(*HEADINGS), None) is None


def are_crumbs(element: Any) -> bool:
    """Whether it is called the way to the page, which also a box around the way and a title is."""
    if element.tag in ("html", "body", "main", "article"):
        return False
    return any(map(_CRUMBS.search, own_classes(element))) or bool(
        _CRUMBS.search(element.get("id") or "")
    )


def holds_panels(tabs: Any) -> bool:
    """Whether the panels of *tabs* are between them."""
    parts = islice(tabs.iterdescendants(), MAX_IN_MENU)
    return any(part.get("role") in ("tabpanel", "region") for part in parts)


def is_cookie_banner(element: Any) -> bool:
    """Whether it asks for consent. A page about cookies is longer, or has a title."""
    if element.tag in ("html", "body", "main", "article", "a", "li", "h1", "h2", "h3"):
        return False
    names = (element.get(name) for name in ("id", "class", "aria-label"))
    if not _COOKIES.search(" ".join(name for name in names if name)[:1000]):
        return False
    if next(element.iter("h1", "main", "article"), None) is not None:
        return False
    return len(short_text(element, _BANNER_SIZE + 1)) <= _BANNER_SIZE
