"""Names of elements, roles and classes, and signs in text, by what they mean for reading."""

from __future__ import annotations

import re
from typing import Any


def words_of(text: str) -> frozenset[str]:
    """The words of *text*, in any order."""
    return frozenset(text.split())


# Begin and end a line.
BLOCKS = words_of("""
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol
    option p section summary table tbody td tfoot th thead tr ul
""")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
LISTS = words_of("ul ol menu dir")
# Only mark letters: “<b>Chat</b><i>bot</i>” is one word.
MARKING = words_of("""
    abbr acronym b bdi bdo big cite code dfn em font i ins kbd mark q rt ruby samp strong sub sup
    tt u var wbr
""")
# May be the cell of a row that is no table's.
CELLS = words_of("a address b data dd div dt em i label p small span strong td th time")
# May be in such a cell.
IN_CELLS = words_of("a b br em i p small span strong sup time")
PICTURES = words_of("hr img picture svg")
# Hold no text for a visitor, or what is struck out: it holds no more.
SILENT = words_of("""
    area audio canvas datalist del embed frame iframe input map math meter noframes noscript object
    optgroup progress s script select strike style svg template textarea title video
""")
NAVIGATION_ROLES = words_of("navigation menu menubar tablist search toolbar")
MARGIN_ROLES = words_of("banner contentinfo complementary")
NAVIGATION_CLASSES = words_of("""
    headerlink menu-selector nav-pills nav-tabs page-numbers pager pagination tablist
""")
# A number to call, not those of the pages of a list; an address to write to.
CONTACT = re.compile(
    r"(?<!\w)(?:\+\d|\(?0\d)(?:[\s().-]{0,2}\d){7,13}(?!\d)|[\w.+-]{1,64}@[\w-]{1,63}\.\w"
)
_NAMED_HEADING = re.compile(r"(?<![^\W_])(?:heading|headline|title|titre)(?![^\W_])", re.IGNORECASE)
# Classes that tell what an element has or lacks, not what it is: “has-breadcrumbs” of a body.
_OF_A_PART = re.compile(r"(?:has|no|with|without|hide|show)[-_]", re.IGNORECASE)


def own_classes(element: Any) -> list[str]:
    """The classes of *element* that tell what it is."""
    return [name for name in (element.get("class") or "").split() if not _OF_A_PART.match(name)]


def is_named_heading(element: Any) -> bool:
    """Whether the class of *element* says so, as site builders do where they use no heading."""
    if next(element.iterdescendants(*HEADINGS), None) is not None:
        return False
    names = [element.get("class")]
    box = element.getparent()
    is_alone = element.getprevious() is None and element.getnext() is None
    if is_alone and box is not None and not (box.text or "").strip():
        names.append(box.get("class"))
    return any(_NAMED_HEADING.search(name) for name in names if name)
