"""Pages that word processors saved: bold letters and titles by class, typed bullets, comments."""

from __future__ import annotations

import re
from typing import Any

MAX_STYLES, MAX_SPANS = 100_000, 20_000
# What tells a page that Google Docs made, whose classes are named “c1”, “c2”.
_OF_GOOGLE_DOCS = ("doc-content", "lst-kix_")
_OF_COMMENTS = ("cmnt_ref", "mso-element:comment", "MsoCommentReference")
_BOLD_CLASS = re.compile(r"\.(c\d{1,4})\{[^{}]{0,400}?font-weight:(?:bold|[6-9]00)")
# A paragraph of Google Docs in the style of a title.
_TITLES = "//p[contains(concat(' ', @class, ' '), ' title ')]"
# Comments of those who wrote it, and what refers to them: of Google Docs, of Word.
_COMMENTS = (
    "//a[starts-with(@id, 'cmnt')] | //div[p/a[starts-with(@href, '#cmnt_ref')]]"
    " | //*[contains(@style, 'mso-element:comment')]"
    " | //span[contains(@class, 'MsoCommentReference')] | //a[contains(@class, 'msocomanchor')]"
)
_BULLET = re.compile(r"[·•▪●◦‣§][ \xa0]+(?=\S)")


def show_as_typed(tree: Any, page: str) -> None:
    """Show titles and bold letters of *tree* as word processors do, and no comments."""
    if any(sign in page for sign in _OF_COMMENTS):
        for comment in tree.xpath(_COMMENTS)[:MAX_SPANS]:
            comment.drop_tree()
    if any(sign in page for sign in _OF_GOOGLE_DOCS):
        for title in tree.xpath(_TITLES)[:1]:
            title.tag = "h1"
        show_bold_classes(tree)


def show_bold_classes(tree: Any) -> None:
    """Make ``b`` of the letters of *tree* that Google Docs made bold by a class."""
    styles = "".join(style.text or "" for style in tree.iter("style"))[:MAX_STYLES]
    bold = set(_BOLD_CLASS.findall(styles))
    for span in tree.xpath("//span[@class]")[:MAX_SPANS] if bold else ():
        if not bold.isdisjoint(span.get("class").split()):
            span.tag = "b"


def with_dash(line: str) -> str:
    """*line* as an item of a list, where it begins with a bullet and blanks."""
    bullet = _BULLET.match(line)
    return f"- {line[bullet.end() :]}" if bullet else line
