"""Addresses of a sitemap. Read with patterns, not with an XML parser: nothing to expand."""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Callable, Iterator

from chatbot_server.retrieval.read.charset import decoded

MAX_SITEMAPS = 200
MAX_BYTES = 50_000_000

_ROOT = re.compile(r"<(\w+:)?(urlset|sitemapindex)\b", re.IGNORECASE)


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
        is_index, told = _told(decoded(unzipped(fetch(url) or b"")))
        for address in told:
            if is_index:
                todo.append(address)
                if len(todo) > MAX_SITEMAPS:
                    break
                continue
            yield address
            given += 1
            if given >= most:
                return


def _told(content: str) -> tuple[bool, Iterator[str]]:
    """Whether *content* lists sitemaps, and the addresses in it.

    A ``loc`` with another prefix than its root element's is an image's or a film's.
    """
    root = _ROOT.search(content[:5000])
    prefix = root[1] or "" if root else ""
    # Repetitions that could overlap are kept apart: a pattern must not go over blanks twice.
    found = re.finditer(
        rf"<{prefix}loc\s{{0,9}}>((?:\s{{0,99}}<!\[CDATA\[)?[^<]{{1,2000}})</",
        content,
        re.IGNORECASE,
    )
    is_index = root is not None and root[2].lower() == "sitemapindex"
    return is_index, (_address(one[1]) for one in found)


def _address(told: str) -> str:
    return html.unescape(told.strip().removeprefix("<![CDATA[").removesuffix("]]>").strip())


def unzipped(content: bytes) -> bytes:
    """*content*, or what is gzipped in it, bounded."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(content, MAX_BYTES)
    except zlib.error:
        return b""
