"""Where a page leads: links, areas of maps, frames, and what it sends its visitors on to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from chatbot_server.retrieval.read.urls import joined

MAX_LINKS = 5000
_REFRESH = re.compile(r"\s*(?:[\d.]+\s*)?[;,]\s*(?:url\s*=\s*)?[\"']?([^\"'\s]{1,2000})", re.I)


def links(tree: Any, url: str) -> list[str]:
    """The addresses that the page at *url* leads to."""
    base = joined(url, next(iter(tree.xpath("//base/@href")), "")) or url
    addresses = dict.fromkeys(joined(base, target) or "" for target in targets(tree))
    return [link for link in addresses if link.startswith(("http://", "https://"))][:MAX_LINKS]


def targets(tree: Any) -> Iterator[str]:
    for meta in tree.xpath("//meta[@http-equiv]"):
        refresh = _REFRESH.match(meta.get("content") or "")
        if meta.get("http-equiv").lower() == "refresh" and refresh:
            yield refresh[1]
    for element in tree.xpath("//a[@href] | //area[@href]")[: 2 * MAX_LINKS]:
        if "nofollow" not in (element.get("rel") or "").lower():
            yield element.get("href").strip()
    for element in tree.xpath("//frame[@src] | //iframe[@src]")[:50]:
        yield element.get("src").strip()
