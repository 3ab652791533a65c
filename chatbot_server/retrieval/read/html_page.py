"""Reads an HTML page, which is not trusted: its text, title, links and robots rules."""

from __future__ import annotations

from typing import Any

from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.words.stems import language_of_page
from chatbot_server.retrieval.read.charset import decoded, is_text
from chatbot_server.retrieval.read.document import Result, Unreadable, document
from chatbot_server.retrieval.read.html.built_by_scripts import (
    is_built_by_scripts,
    show_faded_in,
    show_shadow_roots,
)
from chatbot_server.retrieval.read.html.display.amounts import show_amounts
from chatbot_server.retrieval.read.html.display.choices import show_choices
from chatbot_server.retrieval.read.html.display.protected import show_protected_addresses
from chatbot_server.retrieval.read.html.display.signs import show_signs
from chatbot_server.retrieval.read.html.display.word_processors import show_as_typed
from chatbot_server.retrieval.read.html.forwarding import moved_to
from chatbot_server.retrieval.read.html.links import links
from chatbot_server.retrieval.read.html.not_found import says_not_found
from chatbot_server.retrieval.read.html.schema_org.business import business_sections
from chatbot_server.retrieval.read.html.schema_org.items import faq_pairs, items
from chatbot_server.retrieval.read.html.text.blocks import Block, markdown, packed, page_text
from chatbot_server.retrieval.read.html.title import page_title, site_names
from chatbot_server.retrieval.read.html.unread.invisible_text import mark_invisible
from chatbot_server.retrieval.read.html.unread.placeholders import empty_placeholders
from chatbot_server.retrieval.read.html.unread.posting_dates import name_posting_dates
from chatbot_server.retrieval.read.html.unread.shop_themes import strike_out
from chatbot_server.retrieval.read.html.unread.translations import take_translations
from chatbot_server.retrieval.read.html.unread.visible import Visibility
from chatbot_server.retrieval.read.html.visible_facts import visible_facts
from chatbot_server.retrieval.read.html.walk import read_blocks

MAX_BYTES = 20_000_000
LONGEST_IN_MENU = 8
# Characters of its text that tell a page's language.
LONGEST_SAMPLE = 8000
_NO_TEXT = "self::script or self::style or self::noscript or self::template"
# Robots rules that forbid finding or quoting a page.
NOT_KEPT = {"noindex", "none", "nosnippet"}


def read_html(data: bytes, name: str, url: str, charset: str) -> Result:
    """The document of a page, if it has text, with its FAQ, its links and its blocks.

    Raises:
        Unreadable: it is no page.
    """
    if not is_text(data):
        raise Unreadable("extract_not_text")
    page = decoded(data, charset)
    tree = parsed(page)
    language = page_language(tree)
    record = LANGUAGES.get(language[:2])
    has_templates = show_as_seen(tree, page)
    name_posting_dates(tree, language[:2])
    show_choices(tree, page, "\u00a0: " if record and record.space_before_colon else ": ")
    rules = robots_rules(tree)
    data_items = items(tree)
    names = site_names(tree, data_items)
    title, other_name = page_title(tree, names)
    title = title or name
    decimal = "." if record and not record.space_before_colon else ","
    visibility = Visibility(tree)
    translations = read_translations(tree, language[:2], decimal, visibility)
    blocks = read_blocks(tree, decimal, visibility)
    if all(block.margin for block in blocks):
        blocks = with_menus(tree, decimal, blocks)
    is_not_found = says_not_found(title, names, blocks)
    moved = moved_to(tree, blocks, url)
    needs_scripts = not moved and is_built_by_scripts(tree, blocks, has_templates)
    blocks += business_sections(data_items, language[:2])
    text = page_text(blocks, next(iter(names), title))
    return {
        "links": links(tree, url),
        "canonical": canonical_address(tree),
        "moved_to": moved,
        "not_found": is_not_found,
        "language": language,
        "noindex": bool(rules & NOT_KEPT),
        "nofollow": bool(rules & {"nofollow", "none"}),
        "faq": faq_pairs(data_items),
        "documents": [document(title, text)] if text else [],
        "translations": [(code, document(title, text)) for code, text in translations],
        "site_name": next(iter(names), other_name),
        "blocks": packed(blocks),
        "needs_scripts": needs_scripts,
        "facts": visible_facts(tree, blocks, decimal, language, visibility),
    }


def read_translations(
    tree: Any, language: str, decimal: str, visibility: Visibility
) -> list[tuple[str, str]]:
    """The languages and texts of parts in other languages, which are taken out of *tree*."""
    texts: list[tuple[str, str]] = []
    for code, parts in take_translations(tree, language).items():
        blocks = [block for part in parts for block in read_blocks(part, decimal, visibility)]
        if blocks:
            texts.append((code, markdown(blocks)))
    return texts


def show_as_seen(tree: Any, page: str) -> bool:
    """Put into the *tree* of *page* what scripts and styles show; whether it has templates."""
    show_protected_addresses(tree)
    show_faded_in(tree)
    show_shadow_roots(tree)
    show_amounts(tree, page)
    show_as_typed(tree, page)
    mark_invisible(tree, page)
    strike_out(tree, page)
    show_signs(tree, page)
    return empty_placeholders(tree, page)


def parsed(page: str) -> Any:
    """The tree of *page*.

    Raises:
        Unreadable: the page is empty or too large.
    """
    from lxml import etree, html  # type: ignore[import-untyped]

    data = page.encode("utf-8", "replace")
    if len(data) > MAX_BYTES:
        raise Unreadable("extract_big")
    parser = html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True
    )
    try:
        return html.document_fromstring(data, parser=parser)
    except etree.ParserError:
        raise Unreadable("extract_no_text") from None


def with_menus(tree: Any, decimal: str, margin: list[Block]) -> list[Block]:
    """The blocks of a page that is all menu, since the tag of one is never closed; else its
    *margin*."""
    blocks = read_blocks(tree, decimal, Visibility(tree, with_menus=True))
    is_page = any(not block.link and len(block.text.split()) > LONGEST_IN_MENU for block in blocks)
    return blocks if is_page or not margin else margin


def page_language(tree: Any) -> str:
    """The code of a page's language, such as “en-gb”; empty if the page does not name it."""
    named = str(next(iter(tree.xpath("/html/@lang")), "")).lower()[:10]
    texts = tree.xpath(f"//body//*[not({_NO_TEXT})]/text()")
    return language_of_page(named, " ".join(texts)[:LONGEST_SAMPLE]) if named else ""


def canonical_address(tree: Any) -> str:
    """The address that a page names as its own; empty if it names none."""
    addresses = (
        str(link.get("href") or "")
        for link in tree.iter("link")
        if "canonical" in (link.get("rel") or "").lower().split()
    )
    return next(addresses, "")


def robots_rules(tree: Any) -> set[str]:
    """What a page forbids all robots."""
    metas = [meta for meta in tree.iter("meta") if (meta.get("name") or "").lower() == "robots"]
    return robots_directives(",".join(meta.get("content") or "" for meta in metas))


def robots_directives(rules: str) -> set[str]:
    """The directives of ``robots`` *rules*, without those that have a value or name a bot."""
    parts = rules.lower().split(",")
    return {word for part in parts if ":" not in part for word in part.split()}
