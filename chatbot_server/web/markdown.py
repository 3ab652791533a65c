"""Answers as HTML: Markdown without raw HTML, images, or unsafe links."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from markupsafe import Markup, escape

LONGEST = 50_000  # of one answer, in characters
SAFE_LINK = re.compile(r"(?i)https?://|mailto:|tel:")

# “25 €”, “10 h”, “04 78 55” and “Quand ?” stay together, as in the widget’s markdown.js.
_HARD_BLANK = re.compile(
    r" (?=[!:;?»€%×°–—])|(?<=[«×]) "
    r"|(?:(?<=[0-9])|(?<=[0-9]h)|(?<=[0-9]\sh)) (?=(?:[0-9]{2,3}|[hl]|min|[ap]m|[ckm]?m|k?g)\b)"
)

# Line breaks are kept, as in the chat, so that a heading stands above its section.
_OPTIONS = {"html": False, "maxNesting": 20, "breaks": True}


@cache
def _markdown() -> Any:
    # Imported here, because no start needs it.
    from markdown_it import MarkdownIt

    markdown: Any = MarkdownIt("commonmark", _OPTIONS).enable("table")
    markdown.disable(["image", "html_block", "html_inline"])
    markdown.validateLink = lambda url: bool(SAFE_LINK.match(url))

    def text_rule(_: Any, tokens: Any, index: int, *_options: Any) -> str:
        return str(escape(with_hard_blanks(tokens[index].content)))

    markdown.add_render_rule("text", text_rule)
    return markdown


def with_hard_blanks(text: str) -> str:
    """*text* without line breaks inside amounts, times and numbers, or before marks."""
    return _HARD_BLANK.sub("\u00a0", text)


def in_html(text: str) -> Markup:
    """Untrusted *text* as HTML that is safe to put into a page."""
    html: str = _markdown().render(text[:LONGEST])
    links = 'rel="noopener noreferrer nofollow" target="_blank" href='
    return Markup(html.replace("<a href=", f"<a {links}"))  # noqa: S704
