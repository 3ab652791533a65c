"""What matters to the widget on a page: its tags, and the page's policies."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

MAX_CHARS = 2_000_000
MAX_ELEMENTS = 50
# Where optimisers put the address of a script that they run later: data-src, data-rocket-src, …
SOURCE = re.compile(r"data(-[a-z]+)*-src")
POLICY = "content-security-policy"
LOADER = re.compile(r"widget\.js(?=\?|#|$)")


@dataclass(frozen=True)
class Tag:
    """One script element that is, or was meant to be, the widget's.

    Attributes:
        source: its address, absolute; empty if the tag has none.
        source_name: the attribute that holds it, ``src`` unless something renamed it.
    """

    attributes: dict[str, str]
    source: str
    source_name: str

    @property
    def key(self) -> str:
        """The key of its site."""
        in_address = parse_qs(urlsplit(self.source).query).get("site", [""])[0]
        return self.attributes.get("data-site") or in_address

    @property
    def server(self) -> str:
        """Where its parts and answers come from; empty if it does not say."""
        base = self.attributes.get("data-base", "").strip()
        return _join(self.source, f"{base.rstrip('/')}/") if base else self.source

    @property
    def type(self) -> str:
        """Its ``type``; a browser runs it if this is empty or JavaScript."""
        return self.attributes.get("type", "").strip().lower()


@dataclass
class Page:
    """A page as its server sends it, before any script of it ran."""

    url: str
    tags: list[Tag] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)


def read_page(url: str, html: str) -> Page:
    """The widget's tags in *html* and the policies of its ``<meta>`` elements.

    Args:
        url: where it was found, for addresses relative to it.
        html: anything; past two million characters nothing is read.
    """
    reader = _TagReader(url)
    reader.feed(html[:MAX_CHARS])
    return reader.page


class _TagReader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.page = Page(url)
        self._base = url

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "base" and "href" in attributes:
            self._base = _join(self.page.url, attributes["href"])
        elif tag == "meta" and attributes.get("http-equiv", "").lower() == POLICY:
            self.page.policies = [*self.page.policies, attributes.get("content", "")][:MAX_ELEMENTS]
        elif tag == "script" and len(self.page.tags) < MAX_ELEMENTS:
            names = ["src", *filter(SOURCE.fullmatch, attributes)]
            name = next((name for name in names if attributes.get(name)), "src")
            source = _join(self._base, attributes[name]) if attributes.get(name) else ""
            if "data-site" in attributes or LOADER.search(source):
                self.page.tags.append(Tag(attributes, source, name))


def _join(base: str, address: str) -> str:
    """The absolute address; empty if no browser would load it."""
    try:
        absolute = urljoin(base, address.strip())
        urlsplit(absolute).port  # noqa: B018  (reading it checks it)
    except ValueError:
        return ""
    return absolute
