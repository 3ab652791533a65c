"""Headings of books in which they are only larger or bold, as LibreOffice writes them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot_server.retrieval.read.files.office.package import Package, attribute

MAX_STYLES = 200_000
LARGER = 1.12
LONGEST_HEADING = 120
DEEPEST = 4
# Within one rule, which no program writes longer.
_RULE = re.compile(r"\.([\w-]{1,80})\s{0,9}\{([^{}]{0,2000})\}")
_SIZE = re.compile(r"font-size:\s{0,9}(\d{1,3}(?:\.\d{1,9})?)pt")
_BOLD = re.compile(r"font-weight:\s{0,9}(?:bold|[6-9]00)")
_LETTERS = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, slots=True)
class Style:
    """How letters of a class look; a size of 0: as those around them."""

    size: float = 0.0
    is_bold: bool = False


def styles_of(package: Package) -> dict[str, Style]:
    """The looks of the classes of a book."""
    styles: dict[str, Style] = {}
    for name in sorted(package.names):
        if name.endswith(".css"):
            text = package.stream(name).getvalue()[:MAX_STYLES].decode("utf-8", "replace")
            for rule, body in _RULE.findall(text):
                size = _SIZE.search(body)
                is_bold = bool(_BOLD.search(body))
                styles[rule] = Style(float(size[1]) if size else 0.0, is_bold)
    return styles


def mark_headings(chapters: Sequence[Any], styles: Mapping[str, Style]) -> None:
    """Make headings of the paragraphs of *chapters* that look like some."""
    paragraphs = [
        (element, text, style_of(element, styles))
        for page in chapters
        for element in page.iter("{*}p")
        if (text := " ".join("".join(element.itertext()).split()))
    ]
    sizes: Counter[float] = Counter()
    for _element, text, style in paragraphs:
        sizes[style.size] += len(text)
    body_size = sizes.most_common(1)[0][0] if sizes else 0.0
    headings = [
        (element, style)
        for element, text, style in paragraphs
        if looks_like_heading(text, style, body_size) and not is_in_table(element)
    ]
    ranks = sorted({style.size for _element, style in headings}, reverse=True)
    for element, style in headings:
        namespace = element.tag.rpartition("p")[0]
        element.tag = f"{namespace}h{min(1 + ranks.index(style.size), DEEPEST)}"


def style_of(paragraph: Any, styles: Mapping[str, Style]) -> Style:
    """How the letters of *paragraph* look: those of its words that look least."""
    looks = [
        styles.get(attribute(element, "class"), Style())
        for element in (paragraph, *paragraph.iter("{*}span"))
        if (element.text or "").strip()
    ]
    return Style(
        min((look.size for look in looks), default=0.0),
        bool(looks) and all(look.is_bold for look in looks),
    )


def looks_like_heading(text: str, style: Style, body_size: float) -> bool:
    """Whether a paragraph stands out as a heading does."""
    is_large = style.size >= LARGER * body_size > 0
    stands_out = style.is_bold and style.size >= body_size and not text.endswith((".", ",", ";"))
    is_short = len(text) <= LONGEST_HEADING and bool(_LETTERS.search(text))
    return is_short and (is_large or stands_out)


def is_in_table(element: Any) -> bool:
    """Whether a table has *element* in a cell."""
    return next(element.iterancestors("{*}td", "{*}th"), None) is not None
