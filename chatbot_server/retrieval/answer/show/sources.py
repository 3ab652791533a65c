"""Where an answer comes from: the page's name, and a link that leads to the words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import quote

from chatbot_server.retrieval.index.chunks import BETWEEN, below
from chatbot_server.retrieval.language.markdown import ITEM, plain_text
from chatbot_server.retrieval.language.tables import DASH, first_cells
from chatbot_server.retrieval.language.text import BLANKS_RUN, fold
from chatbot_server.retrieval.language.words import stems

# Signs that templates put beside a heading, to link to it.
_ANCHOR_SIGNS = " ¶#§🔗⚓"
# “:: Opening hours”, “» News”
_BULLETS = _ANCHOR_SIGNS + ":»›•·–—-"
_SEPARATOR = re.compile(rf"{BLANKS_RUN}[|–—·•»›-]\s+")
# A link names a text of more words than the first number by its first and last words: the second.
_WHOLE_WORDS, _END_WORDS = 8, 4
# Headings of pages that are cached without signs, some 300 bytes each; no text of visitors.
_HEADINGS = 4000


class Titles:
    """The titles of a site's pages as a person would say them.

    What templates add is left out: signs of anchors, and the site's name at the start or the end.
    The first or last part of a title (“Contact – Café Rosa”) is taken for that name if it is the
    *site_name*, or if all titles with several parts have it there. In the second case, two such
    titles are needed, or a page whose whole title or first heading is that name.

    Args:
        pages: title → headings.
    """

    def __init__(self, pages: Mapping[str, str], site_name: str = "") -> None:
        several = [parts for title in pages if len(parts := _SEPARATOR.split(fold(title))) > 1]
        headings = (clean_heading(heading).partition(BETWEEN)[0] for heading in pages.values())
        whole = set(map(fold, [*pages, *headings]))
        self._names = {fold(site_name)} if site_name else set()
        for end in (0, -1):
            names = {parts[end] for parts in several}
            if len(names) == 1 and (len(several) > 1 or names <= whole):
                self._names |= names

    def clean(self, title: str) -> str:
        """*title* without what templates add."""
        whole = parts = _SEPARATOR.split(title.strip(_ANCHOR_SIGNS))
        if len(parts) > 1 and fold(parts[-1]) in self._names:
            parts = parts[:-1]
        if len(parts) > 1 and fold(parts[0]) in self._names:
            parts = parts[1:]
        if parts == whole:
            return title.strip(_ANCHOR_SIGNS)
        return " – ".join(parts).strip(_ANCHOR_SIGNS)

    def below(self, title: str, headings: str) -> str:
        """A path of *headings* without the page's *title* and the site's name."""
        path = below(self.clean(title), clean_heading(headings))
        first, _, rest = path.partition(BETWEEN)
        return rest if fold(first) in self._names else path

    def path(self, title: str, headings: str) -> str:
        """The page's *title* and the *headings* below it.

        A title whose words the first heading repeats is left out: “Help”, “Help and questions”.
        """
        title, path = self.clean(title), self.below(title, headings)
        first = path.partition(BETWEEN)[0]
        is_repeated = set(stems.words(title)) <= set(stems.words(first))
        return path if is_repeated else BETWEEN.join(filter(None, (title, path)))


@lru_cache(_HEADINGS)
def clean_heading(path: str) -> str:
    """A path of headings without the signs of their anchors."""
    names = (
        plain_text(name).lstrip(_BULLETS).rstrip(_ANCHOR_SIGNS) for name in path.split(BETWEEN)
    )
    return BETWEEN.join(name for name in names if name)


def public_url(url: str) -> str:
    """Notes, files and FAQ entries have no address a visitor could open."""
    return url if url.startswith(("http://", "https://")) else ""


def link_to(url: str, sentence: str) -> str:
    """The address of *sentence* on the page at *url*, to which a browser scrolls.

    It is a text fragment (WICG, scroll-to-text-fragment). Markdown is left out of *sentence*, as it
    is not on the page. Of a table's row, the first cell is named, in front of the next one.
    """
    address, _, anchor = public_url(url).partition("#")
    if not address or not plain_text(sentence).strip():
        return public_url(url)
    directives = "&".join(map(_directive, _texts_on_page(sentence)))
    return f"{address}#{anchor.partition(':~:')[0]}:~:{directives}"


def _texts_on_page(sentence: str) -> Iterator[tuple[str, str]]:
    """What is looked for on the page, the surest first, with what follows directly.

    A row may be an item with a dash of its own, and have cells that are hidden.
    """
    item = ITEM.match(sentence)
    text = sentence[item.end() :] if item else sentence
    yield text, ""
    if item and DASH in text:
        first, *rest = first_cells(text)
        yield from ((first, cell) for cell in rest)
        yield first, ""


def _directive(text_and_next: tuple[str, str]) -> str:
    words, next_words = (plain_text(text).split() for text in text_and_next)
    directive = f"text={_escaped(words)}"
    if len(words) > _WHOLE_WORDS:
        directive = f"text={_escaped(words[:_END_WORDS])},{_escaped(words[-_END_WORDS:])}"
    return f"{directive},-{_escaped(next_words[:_END_WORDS])}" if next_words else directive


def _escaped(words: Iterable[str]) -> str:
    return quote(" ".join(words), safe="").replace("-", "%2D")
