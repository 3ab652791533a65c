"""Reads the addresses of a sitemap, with patterns: there are no XML entities to expand."""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Callable, Iterator
from itertools import islice

from chatbot_server.retrieval.read.charset import decoded

MAX_SITEMAPS = 200
MAX_BYTES = 50_000_000

_ROOT = re.compile(r"<(\w+:)?(urlset|sitemapindex)\b", re.IGNORECASE)


def sitemap_addresses(
    sitemaps: list[str], fetch: Callable[[str], bytes | None], most: int
) -> Iterator[str]:
    """Up to *most* addresses of pages, in order; follows indexes of sitemaps.

    *fetch* gives the content at an address, or None.
    """
    return islice(_addresses(list(sitemaps), fetch), most)


def _addresses(todo: list[str], fetch: Callable[[str], bytes | None]) -> Iterator[str]:
    fetched_urls: set[str] = set()
    while todo and len(fetched_urls) < MAX_SITEMAPS:
        url = todo.pop(0)
        if url in fetched_urls:
            continue
        fetched_urls.add(url)
        is_index, addresses = _entries(decoded(_unzip(fetch(url) or b"")))
        if is_index:
            todo += islice(addresses, max(0, MAX_SITEMAPS + 1 - len(todo)))
        else:
            yield from addresses


def _entries(content: str) -> tuple[bool, Iterator[str]]:
    """Whether *content* lists sitemaps, and the addresses in it.

    A ``loc`` with another prefix than its root element's is an image's or a film's.
    """
    root = _ROOT.search(content[:5000])
    prefix = root[1] or "" if root else ""
    # The repetitions cannot overlap, so that the pattern takes linear time on blanks.
    entries = re.finditer(
        rf"<{prefix}loc\s{{0,9}}>((?:\s{{0,99}}<!\[CDATA\[)?[^<]{{1,2000}})</",
        content,
        re.IGNORECASE,
    )
    is_index = root is not None and root[2].lower() == "sitemapindex"
    texts = (entry[1].strip().removeprefix("<![CDATA[").removesuffix("]]>") for entry in entries)
    return is_index, (html.unescape(text.strip()) for text in texts)


def _unzip(content: bytes) -> bytes:
    """*content*, decompressed if it is gzipped, up to a limit."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(content, MAX_BYTES)
    except zlib.error:
        return b""
