"""Pages that only send their visitors on to another one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urldefrag

from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.read.html.text.blocks import Block
from chatbot_server.retrieval.read.urls import joined

# Nobody reads a page that is left within a second, nor much of one that is left within ten.
AT_ONCE, SOON = 1.0, 10.0
# “This page has moved. If you are not redirected, click here”, in two languages.
MAX_WORDS = 60
LONGEST_SCRIPT = 3000
MAX_SCRIPTS = 20
_REFRESH = re.compile(
    r"\s*(\d{0,6}(?:\.\d{1,6})?)\s*(?:[;,]\s*(?:url\s*=\s*)?[\"']?([^\"'\s]{1,2000}))?", re.I
)
_OBJECT = r"\b(?:(?:window|document|self|top|parent)\s{0,3}\.\s{0,3})?location\b\s{0,3}"
_LOCATION = re.compile(
    rf"{_OBJECT}(?:(?:\.\s{{0,3}}href\s{{0,3}})?=(?!=)|\.\s{{0,3}}(?:replace|assign)\s{{0,3}}\()"
    r"\s{0,9}[\"']([^\"'\s]{1,2000})[\"']\s{0,3}\)?\s{0,3}(?:[;}\n]|$)"
)
# Of the page, never of who has it: shops move, too, and say where to.
_HAS_MOVED = re.compile(
    r"\b(?:page|site|website|document)\b.{0,20}?\b(?:(?:has|have)(?: been)? (?:moved|relocated)"
    r"|a (?:demenage|change d.adresse|ete (?:deplacee?|transferee?)))\b"
    r"|\b(?:redirecting|being redirected|redirection en cours|allez etre redirige)"
)


def moved_to(tree: Any, blocks: Sequence[Block], url: str) -> str:
    """The address that the page at *url* sends all its visitors on to; empty if it is read itself.

    Either it is left at once, or it holds hardly more than the sentence that says so.
    """
    is_short = sum(len(block.text.split()) for block in blocks) <= MAX_WORDS
    base = joined(url, next(iter(tree.xpath("//base/@href")), "")) or url
    targets = [target for seconds, target in refreshes(tree) if is_short or seconds <= AT_ONCE]
    if is_short and not targets:
        targets = [*scripted_targets(tree), *told_targets(tree, blocks)]
    addresses = (joined(base, target) or "" for target in targets)
    here = urldefrag(url)[0]
    return next((each for each in addresses if each and urldefrag(each)[0] != here), "")


def header_target(header: str, url: str, words: int = MAX_WORDS + 1) -> str:
    """The address that the ``Refresh`` *header* of the page at *url* leads to; empty if the page,
    which has *words*, is read itself."""
    refresh = _REFRESH.match(header)
    if not refresh or not refresh[2]:
        return ""
    seconds = _seconds(refresh[1])
    if seconds > SOON or (words > MAX_WORDS and seconds > AT_ONCE):
        return ""
    target = joined(url, refresh[2]) or ""
    return target if urldefrag(target)[0] != urldefrag(url)[0] else ""


def refreshes(tree: Any) -> Iterator[tuple[float, str]]:
    """After how many seconds the page is left for which one, for visitors with scripts."""
    for meta in tree.xpath("//meta[@http-equiv][not(ancestor::noscript)]"):
        refresh = _REFRESH.match(meta.get("content") or "")
        if meta.get("http-equiv").strip().lower() != "refresh" or not refresh or not refresh[2]:
            continue
        seconds = _seconds(refresh[1])
        if seconds <= SOON:
            yield seconds, refresh[2]


def scripted_targets(tree: Any) -> Iterator[str]:
    """Where the scripts in the page go at once, if they do nothing else of length."""
    texts = [script.text or "" for script in islice(tree.iter("script"), MAX_SCRIPTS)]
    texts += [str(text) for text in tree.xpath("//body/@onload")]
    for text in texts:
        if len(text) <= LONGEST_SCRIPT and "addEventListener" not in text:
            yield from _LOCATION.findall(text)


def told_targets(tree: Any, blocks: Sequence[Block]) -> list[str]:
    """The only link of a page that says that it has moved."""
    text = fold(" ".join(block.text for block in blocks))
    links = {str(href) for href in tree.xpath("//body//a/@href")[:9]}
    return list(links) if len(links) == 1 and _HAS_MOVED.search(text) else []


def _seconds(text: str) -> float:
    return float(text) if text.strip(".") else 0.0
