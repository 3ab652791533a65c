"""The colour of a site: what its first page declares, or else what its styles use most."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urljoin, urlsplit

from chatbot_server.errors import ChatbotError
from chatbot_server.retrieval.crawl.fetch import Fetcher

SECONDS = 4  # for each file
MOST_STYLES = 2  # files, of the site itself
READ_CHARS = 500_000  # of each file
LEAST_SPREAD = 64  # between red, green and blue; with less, a colour is a grey

_TAG = re.compile(r"<(?:meta|link)\b[^<>]{0,500}>", re.IGNORECASE)
_DECLARED = re.compile(r"name=[\"']?theme-color\b", re.IGNORECASE)
_STYLE = re.compile(r"rel=[\"']?stylesheet\b", re.IGNORECASE)
_HREF = re.compile(r"href=[\"']?([^\"'\s<>]{1,500})", re.IGNORECASE)
_HEX = r"#([0-9a-f]{6}|[0-9a-f]{3})(?![0-9a-z_-])"
_COLOUR = re.compile(_HEX, re.IGNORECASE)
_COLOUR_OF_STYLE = re.compile(rf"[:,(]\s?{_HEX}", re.IGNORECASE)


def colour_of_site(fetcher: Fetcher, address: str) -> str | None:
    """``#0b6b4f``, or None where the site at *address* has none that tells it from others.

    Raises:
        FetchError: its first page cannot be fetched.
    """
    page = fetcher.get(address, seconds=SECONDS, truncate=True)
    html = _text(page.body)
    for tag in _TAG.findall(html):
        if _DECLARED.search(tag) and (match := _COLOUR.search(tag)):
            return _long(match[1])
    counts = Counter(
        colour
        for text in (html, *_styles(fetcher, page.url, html))
        for colour in map(_long, _COLOUR_OF_STYLE.findall(text))
    )
    for colour, _count in counts.most_common():
        parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        if max(parts) - min(parts) >= LEAST_SPREAD:
            return colour
    return None


def _styles(fetcher: Fetcher, url: str, html: str) -> Iterator[str]:
    """The first style files of the page that are the site's own."""
    links = (_HREF.search(tag) for tag in _TAG.findall(html) if _STYLE.search(tag))
    files = (urljoin(url, link[1]) for link in links if link)
    own = [file for file in files if urlsplit(file).netloc == urlsplit(url).netloc]
    for file in own[:MOST_STYLES]:
        with suppress(ChatbotError):  # the page has others, and a colour is only offered
            yield _text(fetcher.get(file, seconds=SECONDS, truncate=True).body)


def _text(body: bytes) -> str:
    return body[:READ_CHARS].decode(errors="replace")


def _long(digits: str) -> str:
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    return f"#{digits.lower()}"
