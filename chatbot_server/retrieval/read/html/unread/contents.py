"""Lists of a page's own headings, which lead to them: its contents, the names of its tabs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.read.html.text.inline import short_text
from chatbot_server.retrieval.read.html.text.names import HEADINGS

MAX_LISTS, MAX_LINKS, MAX_ABOVE = 200, 500, 5
LONGEST_HEADING, LONGEST_TITLE = 200, 40
FEWEST = 2
_NO_BOX = ("html", "body", "main", "article", "header", "footer", "td")
_NO_LETTERS = re.compile(r"[\W_]+")


def lists_of_contents(tree: Any) -> set[Any]:
    """The lists whose links all lead to headings of the page and say the same, with their titles.

    A visitor goes by them to what is read anyway.
    """
    lists = tree.xpath("//*[self::ul or self::ol][.//a[starts-with(@href, '#')]]")[:MAX_LISTS]
    targets = {element.get("id"): element for element in tree.xpath("//*[@id]")} if lists else {}
    return {box_of(each) for each in lists if leads_to_headings(each, targets)}


def leads_to_headings(contents: Any, targets: dict[str, Any]) -> bool:
    """Whether *contents* holds nothing but links to headings, which are in *targets* by id."""
    links = list(islice(contents.iter("a"), MAX_LINKS))
    if len(links) < FEWEST:
        return False
    names = [short_text(link, LONGEST_HEADING) for link in links]
    if letters_of(" ".join(names)) != letters_of(short_text(contents, 2 * sum(map(len, names)))):
        return False
    places = (targets.get((link.get("href") or "").removeprefix("#")) for link in links)
    return all(map(is_headed, places, names))


def is_headed(place: Any, name: str) -> bool:
    """Whether a heading at *place* says *name*, which may have a number before."""
    own = letters_of(name)
    texts = (letters_of(short_text(each, LONGEST_HEADING)) for each in headings_at(place))
    return any(text and own and (own.endswith(text) or text.startswith(own)) for text in texts)


def headings_at(place: Any) -> Iterator[Any]:
    """The headings that *place* is, is in, begins with or stands above."""
    if place is None:
        return
    yield from (each for each in (place, place.getparent(), place.getnext()) if is_heading(each))
    yield from islice(place.iterdescendants(*HEADINGS), 1)


def is_heading(element: Any) -> bool:
    return element is not None and element.tag in HEADINGS


def letters_of(text: str) -> str:
    """The letters and digits of *text*, folded."""
    return _NO_LETTERS.sub("", fold(text))


def box_of(contents: Any) -> Any:
    """The outermost box that holds only *contents* and a title of it."""
    size = len(short_text(contents, MAX_LINKS * LONGEST_HEADING))
    box = contents
    for around in islice(contents.iterancestors(), MAX_ABOVE):
        limit = size + LONGEST_TITLE
        if around.tag in _NO_BOX or len(short_text(around, limit + 1)) > limit:
            break
        box = around
    return box
