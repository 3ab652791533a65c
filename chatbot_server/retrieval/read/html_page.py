"""The document of an HTML page: its main text, title, links and rules; it is not trusted."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.read.charset import decoded
from chatbot_server.retrieval.read.document import (
    MAX_TITLE,
    Result,
    Unreadable,
    decode_text,
    document,
)
from chatbot_server.retrieval.read.urls import joined

MAX_BYTES = 20_000_000
MAX_LINKS = 5000
# Of robots rules: what is not to be found, or not to be quoted.
NOT_KEPT = {"noindex", "none", "nosnippet"}
_TITLE_SEPARATOR = re.compile(r"\s+[|–—·•-]\s+")


def read_html(data: bytes, name: str, url: str, charset: str) -> Result:
    """The document of a page, if there is text in it, its questions and answers, and its links."""
    import trafilatura
    from lxml import html  # type: ignore[import-untyped]

    # Its parser would guess the charset, and take the French for Czech.
    data = decoded(data, charset).encode("utf-8", "replace")
    if len(data) > MAX_BYTES:
        raise Unreadable("extract_big")
    tree = trafilatura.load_html(data)
    if tree is None:  # a fragment without <html>, as editors export them
        text = decode_text(data).strip()
        if not text:
            raise Unreadable("extract_no_text")
        tree = html.document_fromstring(f"<html><body>{text}</body></html>")
    metas = [meta for meta in tree.iter("meta") if (meta.get("name") or "").lower() == "robots"]
    rules = robots_directives(",".join(meta.get("content") or "" for meta in metas))
    canonical_addresses = (
        str(link.get("href") or "")
        for link in tree.iter("link")
        if "canonical" in (link.get("rel") or "").lower().split()
    )
    result: Result = {
        "links": _links(tree, url),
        "canonical": next(canonical_addresses, ""),
        "language": str(next(iter(tree.xpath("/html/@lang")), ""))[:10],
        "noindex": bool(rules & NOT_KEPT),
        "nofollow": bool(rules & {"nofollow", "none"}),
        "faq": _json_ld_faq(tree),
    }
    title = _title(tree) or name
    page_with_menus = html.tostring(tree, encoding="unicode")
    for menu in tree.xpath("//body//nav | //body//*[@role='navigation']"):
        menu.drop_tree()
    # A page whose menu is never closed is nothing but a menu.
    text = _main_text(html.tostring(tree, encoding="unicode")) or _main_text(page_with_menus)
    return result | {"documents": [document(title, text)] if text else []}


def _main_text(page: str) -> str:
    import trafilatura

    text = trafilatura.extract(
        page, output_format="markdown", include_comments=False,
        include_tables=True, include_links=False, favor_recall=True, deduplicate=False,
    )  # fmt: skip
    return (text or markdown(page)).strip()


def markdown(page: str) -> str:
    """Headings, paragraphs and list items of *page*, one a line."""
    return "\n".join(_markdown_lines(page))


def _markdown_lines(page: str) -> Iterator[str]:
    from lxml import html

    for element in html.document_fromstring(page).iter():
        tag = element.tag if isinstance(element.tag, str) else ""
        text = " ".join(element.text_content().split())
        if text and len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            yield f"\n{'#' * int(tag[1])} {text}"
        elif text and tag in ("p", "li") and not element.findall(".//p"):
            yield text


def robots_directives(rules: str) -> set[str]:
    """The words of ``robots`` rules; ``max-image-preview: none`` and ``otherbot: …`` are none."""
    parts = rules.lower().split(",")
    return {word for part in parts if ":" not in part for word in part.split()}


def _title(tree: Any) -> str:
    """The first of its titles, without the site's name that most pages put behind theirs."""
    paths = ("//meta[@property='og:title']/@content", "//title/text()", "//h1//text()")
    titles = (" ".join("".join(tree.xpath(path)[:3]).split()) for path in paths)
    title = next(filter(None, titles), "")
    parts = _TITLE_SEPARATOR.split(title)
    names = tree.xpath("//meta[@property='og:site_name' or @name='application-name']/@content")
    ends_with_name = len(parts) == 2 and _folded(parts[-1]) in set(map(_folded, names))
    heading = _folded("".join(tree.xpath("(//h1)[1]//text()")))
    return parts[0] if ends_with_name or _folded(parts[0]) == heading else title


def _folded(text: str) -> str:
    return " ".join(fold(text).replace("’", "'").split())


def _links(tree: Any, url: str) -> list[str]:
    base = joined(url, next(iter(tree.xpath("//base/@href")), "")) or url
    links: dict[str, None] = {}
    for element in tree.xpath("//a[@href]")[: 2 * MAX_LINKS]:
        if "nofollow" not in (element.get("rel") or "").lower():
            links[joined(base, element.get("href").strip()) or ""] = None
    return [link for link in links if link.startswith(("http://", "https://"))][:MAX_LINKS]


def _json_ld_faq(tree: Any) -> list[list[str]]:
    """The owner's own questions and answers, marked up for search engines (schema.org)."""
    pairs: list[list[str]] = []
    for script in tree.xpath("//script[@type='application/ld+json']/text()")[:20]:
        with contextlib.suppress(ValueError, AttributeError, TypeError, KeyError, RecursionError):
            data = json.loads(script)
            for item in data if isinstance(data, list) else data.get("@graph", [data]):
                if "FAQPage" in str(item.get("@type")):
                    for entry in item["mainEntity"][:200]:
                        answer = str(entry["acceptedAnswer"]["text"])
                        plain = " ".join(_markdown_lines(answer)) or answer
                        pairs.append([str(entry["name"])[:MAX_TITLE], plain[:20_000]])
    return pairs
