"""Canonical addresses of pages, and crawler traps."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

MAX_URL = 500
MAX_SEGMENTS = 12
# Addresses that differ only in digits: a page that leads to others like itself (calendars, ?page=…)
# may be generated without end, while a list of products leads to other kinds of pages.
MAX_CHAINED = 100
MAX_ALIKE = 1000
# Queries of one path, among addresses found by links and not in a sitemap.
MAX_QUERIES = 25

_NOISE = re.compile(
    r"^(utm_.*|(?:g|fb|ms|d|y|tw)clid|mc_[ce]id|_gl|igshid|mkt_tok|(?:mtm|pk|piwik|hsa|matomo)_.*|ref"
    r"|phpsessid|jsessionid|sid|oscsid|xtcsid|zenid|modsid|sessionid|session|s?_?ga"
    r"|replytocom|share|print|add[-_]to[-_](?:cart|wishlist|compare)|remove_item|_wpnonce|orderby)$",
    re.IGNORECASE,
)
# Of Java, and of ASP.NET without cookies.
_SESSION = re.compile(r";(?:jsessionid|sid)=[^/?#]*|/\([a-z]\([a-z0-9]{24}\)\)", re.IGNORECASE)
_NOT_A_PAGE = re.compile(
    r"\.(jpe?g|png|gif|webp|svg|ico|avif|css|js|mjs|json|xml|rss|atom|zip|gz|tgz|rar|7z|exe|dmg|apk|mp[34]|m4a|avi|mov"
    r"|webm|ogg|wav|woff2?|ttf|eot|ics|vcf|docm?|dotx?|xls|ppt|rtf|pages|numbers|key|mobi|azw3?)$",
    re.IGNORECASE,
)
# Browsers drop line breaks and tabs inside an address; no database accepts the other characters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DIGITS = re.compile(r"\d+")
_IN_PATHS = "/%:@!$&'()*+,;=~"
_ESCAPED = re.compile("%[0-9a-fA-F]{2}")


def canonical(url: str) -> str | None:
    """The canonical spelling of *url*; None if it is not a web address."""
    url = url.strip()
    if _UNPRINTABLE.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _ascii_host(parts.hostname or "")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return None
    usual = {"http": 80, "https": 443}[parts.scheme]
    netloc = f"[{host}]" if ":" in host else host
    netloc += f":{port}" if port and port != usual else ""
    path = quote(_SESSION.sub("", parts.path) or "/", safe=_IN_PATHS)
    path = _ESCAPED.sub(lambda escape: escape[0].upper(), path)
    parameters = [  # what is escaped and no UTF-8 stays as it is
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
        if not _NOISE.match(name)
    ]
    query = urlencode(sorted(parameters), errors="surrogateescape")
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def _ascii_host(host: str) -> str:
    """*host* in ASCII: ``bücher.example`` becomes ``xn--bcher-kva.example``.

    Raises:
        ValueError: it is not a valid name.
    """
    if host.isascii():
        return host.lower()
    import httpx

    try:
        return httpx.URL(scheme="http", host=host).raw_host.decode()
    except httpx.InvalidURL as error:
        raise ValueError(host) from error


def joined(base: str, address: str) -> str | None:
    """*address* relative to the page at *base*; None if it is invalid (``http://[x``)."""
    try:
        return urljoin(base, address)
    except ValueError:
        return None


def same_site(url: str, start: str) -> bool:
    """Whether both have the same host and port, apart from ``www.`` and the scheme."""
    return _site(url) == _site(start)


def _site(url: str) -> str:
    return urlsplit(canonical(url) or "").netloc.removeprefix("www.")


class Traps:
    """Recognises addresses that a crawl should not follow, by counting those it has seen."""

    def __init__(self) -> None:
        self._chained: Counter[str] = Counter()
        self._shapes: Counter[str] = Counter()
        self._queries: Counter[str] = Counter()

    def refuses(self, url: str, origin: str = "") -> bool:
        """Whether *url*, found by a link, seems to be one of endlessly many pages.

        *origin* is the page with the link; empty if it is known not to be a trap.
        """
        parts = urlsplit(url)
        segments = [segment for segment in parts.path.split("/") if segment]
        if len(url) > MAX_URL or len(segments) > MAX_SEGMENTS or _NOT_A_PAGE.search(parts.path):
            return True
        if segments and max(Counter(segments).values()) >= 3:
            return True
        shape = _shape(url)
        if origin and _shape(origin) == shape:
            self._chained[shape] += 1
        self.count(url)
        return (
            self._chained[shape] > MAX_CHAINED
            or self._shapes[shape] > MAX_ALIKE
            or self._queries[parts.path] > MAX_QUERIES
        )

    def count(self, url: str) -> None:
        """Count *url*, which an earlier crawl has followed."""
        parts = urlsplit(url)
        shape = _shape(url)
        self._shapes[shape] += "#" in shape
        self._queries[parts.path] += bool(parts.query)


def _shape(url: str) -> str:
    parts = urlsplit(url)
    return _DIGITS.sub("#", f"{parts.path}?{parts.query}")
