"""Separates what the pages of a site share from their own text, after a crawl of all pages.

Menus, footers and banners are on every page: repeated a hundred times they would be rivals of
each other. They are taken out of the pages, and indexed once, under the site's name.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.language.markdown import plain_text
from chatbot_server.retrieval.read.html.text.blocks import (
    Block,
    below_site_name,
    is_furniture,
    markdown,
    page_text,
    unpacked,
)
from chatbot_server.retrieval.read.html.title import SEPARATOR, folded, without_names
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import (
    delete_documents,
    documents_at,
    documents_of_page,
)
from chatbot_server.storage.knowledge.readings import put_lost_facts, readings_after
from chatbot_server.storage.knowledge.tables import KnowledgeReading, KnowledgeSource

# In the margin of pages, what stands on two is the site's; in their content, what stands on
# nearly all of several.
MARGIN_PAGES = 2
CONTENT_PAGES = 5
CONTENT_SHARE = 0.8
TITLE_PAGES = 3
TITLE_SHARE = 0.5
# If there are more different blocks, those seen once are dropped.
MAX_COUNTED = 300_000
MAX_SITE_TEXT = 20_000
LONGEST_TITLE = 80
# What is shorter, and on every page, is a label: “Share this article”, “Read more about it”.
SHORTEST_SENTENCE = 10
# In letters, of a script that writes no blanks between words.
SHORTEST_WITHOUT_BLANKS = 20
AT_ONCE = 20
# Kana, Chinese characters, Thai, Lao and Khmer.
_WITHOUT_BLANKS = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


@dataclass
class SharedBlocks:
    """Counts how often blocks occur on the pages of a site, in bounded memory."""

    pages: int = 0
    _counts: Counter[bytes] = field(default_factory=Counter)
    _titles: Counter[str] = field(default_factory=Counter)
    _title_parts: Counter[str] = field(default_factory=Counter)
    _names: Counter[str] = field(default_factory=Counter)

    def count(self, reading: KnowledgeReading, blocks: Iterable[Block]) -> None:
        """Count the blocks of one page."""
        self.pages += 1
        self._counts.update({_key(block) for block in blocks})
        if len(self._counts) > MAX_COUNTED:
            self._counts = Counter({key: n for key, n in self._counts.items() if n > 1})
        self._titles[folded(reading.title)] += 1
        parts = [part for part in SEPARATOR.split(reading.title) if part]
        self._title_parts.update({parts[0], parts[-1]} if parts else ())
        self._names[reading.site_name] += 1

    def is_shared(self, block: Block) -> bool:
        """Whether *block* belongs to the site rather than to a page."""
        count = self._counts[_key(block)]
        if block.margin:
            return count >= MARGIN_PAGES
        return count >= CONTENT_PAGES and count >= CONTENT_SHARE * self.pages

    def page_title(self, reading: KnowledgeReading, own: Iterable[Block]) -> str:
        """The title of a page, which has the blocks *own*, without the site's name.

        - Where a site's name heads every page, it was taken for the page's title.
        - Where pages have the same title, each is called by its own first heading, if it has one.
        """
        names = {folded(name) for name in self._names_in_titles()}
        title = without_names(reading.title, names)
        if reading.site_name and folded(reading.title) in names:
            title = reading.site_name
        if self._titles[folded(reading.title)] < 2:
            return title
        return first_heading(own) or title

    def site_name(self, start: str) -> str:
        """The name of the site at *start*."""
        least = min(2, self.pages)
        names = [name for name, count in self._names.most_common() if name and count >= least]
        host = (urlsplit(start).hostname or start).removeprefix("www.")
        return next(iter([*names, *self._names_in_titles()]), host)

    def _names_in_titles(self) -> list[str]:
        """The first or last parts of titles that are the site's name."""
        least = max(TITLE_PAGES, TITLE_SHARE * self.pages)
        return [part for part, count in self._title_parts.most_common(10) if count >= least]


def _is_content(block: Block) -> bool:
    return not (block.margin or block.level) and states_something(block)


def _key(block: Block) -> bytes:
    place = "margin" if block.margin else "content"
    return hashlib.blake2b(f"{place}\0{block.text}".encode(), digest_size=8).digest()


def states_something(block: Block) -> bool:
    """Whether *block*, in the content of all pages, tells visitors more than where to click."""
    letters = len(_WITHOUT_BLANKS.findall(block.text))
    is_long = len(block.text.split()) >= SHORTEST_SENTENCE or letters >= SHORTEST_WITHOUT_BLANKS
    return block.has_fact or (is_long and not block.link)


def first_heading(blocks: Iterable[Block]) -> str:
    """The first heading of the highest level among *blocks*; empty if it is long, or missing."""
    headings = [block for block in blocks if block.level and not block.margin]
    first = min(headings, key=lambda block: block.level, default=None)
    text = plain_text(first.text) if first else ""
    return text if len(text) <= LONGEST_TITLE else ""


def own_blocks(blocks: list[Block], shared: SharedBlocks) -> list[Block]:
    """Those of a page's *blocks* that are not the site's; headings of anything else stay.

    A heading of the first level that nearly all pages have is the site's name.
    """
    result: list[Block] = []
    headings: list[Block] = []
    for block in blocks:
        if block.level == 1 and not block.margin and shared.is_shared(block):
            headings = []
        elif block.level:
            headings = [heading for heading in headings if heading.level < block.level] + [block]
        elif not shared.is_shared(block):
            result += [*headings, block]
            headings = []
    return result


def settle(database: Database, source_id: int) -> None:
    """Index each page by its own text, what they share once, and note facts that are lost."""
    with database.session() as session:
        source = session.get(KnowledgeSource, source_id)
        if source is None:
            return
        start = source.address
    shared = SharedBlocks()
    for batch in _batches(database, source_id):
        for _url, reading, blocks in batch:
            shared.count(reading, blocks)
    name = shared.site_name(start)
    site_blocks = SiteBlocks(shared)
    untold: list[UntoldFacts] = []
    for batch in _batches(database, source_id):
        drafts = []
        for url, reading, blocks in batch:
            site_blocks.add(blocks, reading.language)
            own = own_blocks(blocks, shared)
            untold.append(UntoldFacts(reading, blocks, own))
            text = page_text(own, name)
            title = shared.page_title(reading, own if url != start else ())
            drafts.append(Draft(url, title, text, reading.language or None))
        _put(database, source_id, [draft for draft in drafts if draft.text])
    drafts = site_blocks.drafts(start, name)
    _put(database, source_id, drafts)
    with database.session() as session:
        source = session.get(KnowledgeSource, source_id)
        if source is not None:
            base = site_document_base(start)
            former = documents_of_page(session, source.site_id, base, source_id)
            urls = {draft.url for draft in drafts}
            outdated_ids = [document.id for document in former if document.url not in urls]
            delete_documents(session, source.site_id, outdated_ids)
        site_keys = site_blocks.keys()
        put_lost_facts(
            session,
            {document.page_id: document.lost for document in untold if document.compare(site_keys)},
        )


def _batches(
    database: Database, source_id: int
) -> Iterator[list[tuple[str, KnowledgeReading, list[Block]]]]:
    """The pages of a crawl, a few at a time, each with its reading and blocks."""
    last = 0
    while True:
        with database.session() as session:
            rows = readings_after(session, source_id, last, AT_ONCE)
        if not rows:
            return
        last = rows[-1][1].page_id
        yield [(url, reading, unpacked(json.loads(reading.blocks))) for url, reading in rows]


def _put(database: Database, source_id: int, drafts: list[Draft]) -> None:
    with database.session() as session:
        documents = documents_at(session, source_id, [draft.url for draft in drafts])
        digests = {document.url: document.digest for document in documents}
    analysed_drafts = [
        analyse(draft) for draft in drafts if digests.get(draft.url) != draft.digest()
    ]
    with database.session() as session:
        source = session.get(KnowledgeSource, source_id)
        if source is not None:
            indexing.put_all(session, source, analysed_drafts)


def site_document_base(start: str) -> str:
    """The address of the site's own documents, before the “#”: the start, but no part of it."""
    return f"{start}{'&' if '?' in start else '?'}"


class UntoldFacts:
    """The facts of a page that its own blocks do not tell, each with the keys of those that do."""

    def __init__(
        self, reading: KnowledgeReading, blocks: list[Block], own: Iterable[Block]
    ) -> None:
        self.page_id = reading.page_id
        self.lost: list[str] = []
        self._former = reading.lost
        own_keys = {_key(block) for block in own if not (block.margin and is_furniture(block))}
        keys = [_key(block) for block in blocks]
        facts = (
            (words, {keys[at] for at in places}) for words, places in json.loads(reading.facts)
        )
        self._facts = [(words, places) for words, places in facts if own_keys.isdisjoint(places)]

    def compare(self, site_keys: Container[bytes]) -> bool:
        """Set what the site's own text does not tell either; whether that has changed."""
        self.lost = [
            words for words, keys in self._facts if not any(key in site_keys for key in keys)
        ]
        return json.dumps(self.lost) != self._former


class SiteBlocks:
    """Gathers what the pages share, each block once, in the language of its first page."""

    def __init__(self, shared: SharedBlocks) -> None:
        self._shared = shared
        self._keys: set[bytes] = set()
        self._blocks: dict[str, list[Block]] = {}
        self._size = 0

    def add(self, blocks: list[Block], language: str) -> None:
        """The shared ones among *blocks*, with the headings above them that are shared, too."""
        headings: list[Block] = []
        former_headings: list[Block] = []
        for block in blocks:
            headings = [each for each in headings if each.margin == block.margin]
            if block.level:
                headings = [each for each in headings if each.level < block.level] + [block]
                continue
            if not block.margin and not states_something(block):
                continue
            above = [each for each in headings if each.margin or self._shared.is_shared(each)]
            if self._is_new(block, above):
                new_headings = [
                    each for each in above if all(each is not former for former in former_headings)
                ]
                self._blocks.setdefault(language, []).extend([*new_headings, block])
                self._size += len(block.text)
                former_headings = above

    def keys(self) -> set[bytes]:
        """Of all that was gathered, headings too."""
        return {_key(block) for blocks in self._blocks.values() for block in blocks}

    def _is_new(self, block: Block, headings: Sequence[Block]) -> bool:
        """Whether *block* is the site's and was not gathered below the last of *headings*."""
        key = b"".join(map(_key, [*headings[-1:], block]))
        if key in self._keys or not self._shared.is_shared(block) or is_furniture(block):
            return False
        is_label = len(block.text.split()) < 2 and not headings and not block.has_fact
        if is_label or self._size > MAX_SITE_TEXT:
            return False
        self._keys.add(key)
        return True

    def drafts(self, start: str, name: str) -> list[Draft]:
        """The site's own documents, one a language, where they state something.

        Of what is in margins, only facts count: menus and mottos alone are no document.
        """
        base = site_document_base(start)
        return [
            Draft(
                f"{base}#{language or 'site'}",
                name,
                markdown(below_site_name(blocks, name)),
                language or None,
            )
            for language, blocks in self._blocks.items()
            if any(block.has_fact or _is_content(block) for block in blocks)
        ]
