"""Books (EPUB): their chapters are pages, in the order of reading."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from posixpath import dirname, join, normpath
from typing import Any
from urllib.parse import unquote

from chatbot_server.retrieval.read.document import MAX_TEXT, NO_HEADS, Result, Unreadable
from chatbot_server.retrieval.read.files.office.epub_headings import mark_headings, styles_of
from chatbot_server.retrieval.read.files.office.package import (
    MAX_TREE,
    Package,
    attribute,
    text_of,
    xml_parser,
)
from chatbot_server.retrieval.read.files.titles import one_document
from chatbot_server.retrieval.read.files.writer import MarkdownWriter
from chatbot_server.retrieval.read.html_page import read_html

MAX_CHAPTERS = 2000
_HEADING = re.compile(rb"<(?:\w{1,20}:)?h[1-6][\s>]")
PAGES = ("application/xhtml+xml", "text/html")


def read_epub(data: bytes, name: str) -> Result:
    """The document of a book.

    Raises:
        Unreadable: damaged, protected, too large, or without text.
    """
    package = Package(data)
    container = package.tree("META-INF/container.xml")
    main = next(
        (attribute(rootfile, "full-path") for rootfile in container.iter("{*}rootfile")), ""
    )
    if main not in package.names:
        raise Unreadable("extract_other_kind")
    book = package.tree(main)
    chapters = chapters_of(book, dirname(main))
    if len(chapters) > MAX_CHAPTERS:
        raise Unreadable("extract_big")
    encryption = package.tree("META-INF/encryption.xml")
    encrypted_parts = {
        unquote(attribute(reference, "URI")) for reference in encryption.iter("{*}CipherReference")
    }
    if not encrypted_parts.isdisjoint(chapters):  # fonts often are, and harm nothing
        raise Unreadable("extract_encrypted")
    title = text_of(next(book.iter("{*}title"), None))
    writer = MarkdownWriter()
    size = 0
    pages = pages_of(package, chapters)
    for page in pages:
        for document in read_html(page, title or name, "", "")["documents"]:
            writer.markdown(document["text"])
            size += len(document["text"])
        if size >= MAX_TEXT:
            break
    return one_document(writer, name, title, NO_HEADS if lacks_heads(book, writer.text) else "")


def lacks_heads(book: Any, text: str) -> bool:
    """Whether the program that wrote *book* left out what names the columns of a table in *text*.

    LibreOffice does, with every row that is repeated on each page of a text. A table of two columns
    needs no names.
    """
    programs = (attribute(meta, "content") for meta in book.iter("{*}meta"))
    is_without = any("libepubgen" in program for program in programs)
    return is_without and any(
        first.count("|") > 3 and not second.startswith("| ---")
        for kind, lines in groupby(text.split("\n"), lambda line: line.startswith("|"))
        if kind
        for first, second in [(next(lines), next(lines, ""))]
    )


def pages_of(package: Package, chapters: Sequence[str]) -> list[bytes]:
    """The pages of a book; of one without headings, what looks like one is marked as it."""
    from lxml import etree  # type: ignore[import-untyped]

    pages = [page for chapter in chapters if (page := package.stream(chapter).getvalue())]
    if sum(map(len, pages)) > MAX_TREE or any(map(_HEADING.search, pages)):
        return pages
    try:
        trees = [etree.fromstring(page, xml_parser()) for page in pages]
    except etree.XMLSyntaxError:
        return pages  # the reader of pages takes what no strict one does
    mark_headings(trees, styles_of(package))
    return [etree.tostring(tree, encoding="utf-8", method="html") for tree in trees]


def chapters_of(book: Any, folder: str) -> list[str]:
    """The parts that are pages in the order of reading; the table of contents is none of them."""
    pages = {
        attribute(item, "id"): normpath(join(folder, unquote(attribute(item, "href"))))
        for item in book.iter("{*}item")
        if attribute(item, "media-type") in PAGES
        and "nav" not in attribute(item, "properties").split()
    }
    order = [attribute(item, "idref") for item in book.iter("{*}itemref")][: MAX_CHAPTERS + 1]
    return list(dict.fromkeys(pages[key] for key in order if key in pages))
