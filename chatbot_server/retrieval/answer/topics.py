"""What a site can be asked about, in its own words: questions of its FAQ, titles, headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from chatbot_server.retrieval.index.chunks import BETWEEN, below
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.text import BLANKS_RUN, fold
from chatbot_server.storage.base import UnitOfWork
from chatbot_server.storage.knowledge.index.chunks import titles_and_headings
from chatbot_server.storage.site.sites import name_of_site

TOPICS = 6
ENTRIES = 3  # of the FAQ, where there are pages as well
READ = 400  # titles and headings
LONGEST = 70  # characters of a topic
# A part that a larger share of the titles has is the name of the site.
COMMON_SHARE = 0.4
# With fewer titles, the first headings of the pages are offered as well.
FEW_PAGES = 3
_JOINTS = re.compile(rf"{BLANKS_RUN}[|–—·›»-]\s+|(?:{BLANKS_RUN})?\|\s*")
# The name of a site without another one: “bakery.example”.
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_FIRST_PAGES = frozenset(name for language in LANGUAGES.values() for name in language.first_pages)
_LABELS = frozenset(label for language in LANGUAGES.values() for label in language.labels)
_WELCOMES = tuple(f"{words} " for language in LANGUAGES.values() for words in language.welcomes)


def topics(unit: UnitOfWork, site_id: int, language: str, most: int = TOPICS) -> list[str]:
    """At most *most* topics in *language*; in all languages if the site has none in it."""
    rows = titles_and_headings(unit, site_id, READ)
    readable = [row for row in rows if row.language in (language, None)] or rows
    entries = _distinct(row.title for row in readable if row.faq)
    pages = [row for row in readable if not row.faq]
    # A first page often has no title but the site's name, which nobody asks about.
    name = fold(name_of_site(unit, site_id))
    titles = _distinct(without_site_name([row.title for row in pages if fold(row.title) != name]))
    if len(titles) < FEW_PAGES:
        headings = (below(row.title, row.heading).split(BETWEEN)[0] for row in pages)
        titles = _distinct([*headings, *titles])
    few_entries = entries[: ENTRIES if titles else most]
    return [*few_entries, *titles][:most]


def without_site_name(titles: Sequence[str], name: str = "") -> list[str]:
    """*titles* without the name of the site: *name*, or what many of them contain."""
    parts_of = [_JOINTS.split(title) for title in dict.fromkeys(titles)]
    counts = Counter(part for parts in parts_of for part in set(parts))
    most = max(1, COMMON_SHARE * len(parts_of))
    folded_name = fold(name)
    own = (
        [part for part in parts if counts[part] <= most and fold(part) != folded_name]
        for parts in parts_of
    )
    return [" – ".join(parts) for parts in own if parts]


def _distinct(texts: Iterable[str]) -> list[str]:
    """Those of *texts* that are worth offering, without duplicates."""
    by_words = {fold(text.strip()): text.strip() for text in texts}
    return [
        text
        for words, text in by_words.items()
        if words and _JOINTS.split(words)[0] not in _FIRST_PAGES and not words.startswith(_WELCOMES)
        if words.strip("!:.… ") not in _LABELS
        if len(text) <= LONGEST and not _HOST.fullmatch(text)
    ]
