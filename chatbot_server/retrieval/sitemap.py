"""Addresses of a sitemap. Read with patterns, not with an XML parser: nothing to expand."""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Callable, Iterator

MAX_SITEMAPS = 200
MAX_BYTES = 50_000_000

_LOC = re.compile(
    rb"<(?:\w+:)?loc>\s*(?:<!\[CDATA\[)?\s*([^<\]\s]{1,2000})\s*(?:\]\]>)?\s*</", re.IGNORECASE
)
_INDEX = re.compile(rb"<(?:\w+:)?sitemapindex\b", re.IGNORECASE)


def addresses(
    sitemaps: list[str], fetch: Callable[[str], bytes | None], most: int
) -> Iterator[str]:
    """Up to *most* addresses of pages, in order; follows indexes of sitemaps.

    *fetch* gives the content at an address, or None.
    """
    todo = list(sitemaps)
    seen: set[str] = set()
    given = 0
    while todo and len(seen) < MAX_SITEMAPS:
        url = todo.pop(0)
        if url in seen:
            continue
        seen.add(url)
        content = unzipped(fetch(url) or b"")
        is_index = bool(_INDEX.search(content[:5000]))
        for match in _LOC.finditer(content):
            address = html.unescape(match[1].decode("utf-8", "replace"))
            if is_index:
                todo.append(address)
                if len(todo) > MAX_SITEMAPS:
                    break
                continue
            yield address
            given += 1
            if given >= most:
                return


def unzipped(content: bytes) -> bytes:
    """*content*, or what is gzipped in it, bounded."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(content, MAX_BYTES)
    except zlib.error:
        return b""
