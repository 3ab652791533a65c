"""What a page and its site are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.text import BLANKS_RUN, fold

SEPARATOR = re.compile(rf"{BLANKS_RUN}[|–—·•»:-]+\s+|(?:{BLANKS_RUN})?\|\s*|{BLANKS_RUN}»\s*")
ANCHOR_SIGNS = " ¶#§🔗"
# What builders of sites call the first page, in any language.
_FIRST_PAGES = frozenset(name for language in LANGUAGES.values() for name in language.first_pages)
_IS_LINK = "normalize-space(.) and normalize-space(.) = normalize-space(.//a)"


def page_title(tree: Any, site_names: Iterable[str]) -> tuple[str, str]:
    """The first of its titles, without the site's name beside it; and what was there."""
    paths = ("//meta[@property='og:title']/@content", "//title", "//h1")
    titles = (_first_text(tree.xpath(path)) for path in paths)
    title = next(filter(None, titles), "")
    parts = [part for part in SEPARATOR.split(title) if part]
    if len(parts) < 2:
        return title, ""
    if name := name_beside_home(title):
        return name, name
    heading = folded(_first_text(tree.xpath(f"//h1[not({_IS_LINK})]")))
    banner = folded(_first_text(tree.xpath(f"//h1[{_IS_LINK}]")))  # it leads to the first page
    names = {*map(folded, site_names), *([banner] if banner else [])}
    for part, other in ((parts[0], parts[-1]), (parts[-1], parts[0])):
        if folded(part) == heading and heading not in names:
            return part, other
    return without_names(title, names), ""


def name_beside_home(title: str) -> str:
    """What is beside “Home” in the *title* of a site's first page; empty for other titles."""
    parts = [part for part in SEPARATOR.split(title) if part]
    if len(parts) > 1 and folded(parts[0]) in _FIRST_PAGES:
        return title[title.index(parts[1], len(parts[0])) :].strip()
    if len(parts) > 1 and folded(parts[-1]) in _FIRST_PAGES:
        return title[: len(title) - len(parts[-1])].rstrip(" |–—·•»:-")
    return ""


def without_names(title: str, names: Iterable[str]) -> str:
    """*title* without a first or last part that is one of *names*, as :func:`folded`."""
    parts = [part for part in SEPARATOR.split(title) if part]
    for at in (-1, 0):
        if len(parts) > 1 and folded(parts[at]) in names:
            cut = len(title) - len(parts[-1]) if at else title.index(parts[1], len(parts[0]))
            rest = title[:cut] if at else title[cut:]
            return rest.strip(" |–—·•»:-")
    return title


def site_names(tree: Any, data: Sequence[dict[str, Any]]) -> list[str]:
    """What the page calls its site; *data* are its items of structured data."""
    names = tree.xpath("//meta[@property='og:site_name' or @name='application-name']/@content")
    names += [
        item["name"]
        for item in data
        if isinstance(item.get("name"), str) and "WebSite" in str(item.get("@type"))
    ]
    return [name for name in (" ".join(str(name).split())[:200] for name in names) if name]


def folded(text: str) -> str:
    """*text* as typists and systems do not spell it differently."""
    return " ".join(fold(text).replace("’", "'").split())


def _first_text(elements: Sequence[Any]) -> str:
    for candidate in elements[:5]:
        text = candidate if isinstance(candidate, str) else "".join(candidate.itertext())
        if text := " ".join(text.split()).strip(ANCHOR_SIGNS):
            return text
    return ""
