"""How sources, documents and reasons are listed in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from chatbot_server.cli.context import Context
from chatbot_server.cli.diagnosis.sources import in_words
from chatbot_server.retrieval.crawl.reasons import is_allowed_now

if TYPE_CHECKING:
    from chatbot_server.retrieval.curate.listing import SourceReport

MOST_LOST = 5  # pages, and facts of each
PAGES = {
    "found": "knowledge_page_found",
    "read": "knowledge_page_read",
    "unchanged": "knowledge_page_unchanged",
    "skipped": "knowledge_page_skipped",
    "failed": "knowledge_page_failed",
    "gone": "knowledge_page_gone",
}
# Versions that somebody put back, by their state.
PUT_BACK = {"overtaken": "versions_overtaken", "undone": "versions_undone"}


def page_counts(context: Context, counts: Mapping[str, int]) -> str:
    """The number of pages by state."""
    return ", ".join(
        context.say(PAGES[state], count=count) for state, count in sorted(counts.items())
    )


def limit_reached(context: Context, counts: Mapping[str, int]) -> list[str]:
    """The sentence for a crawl that has reached its limit of pages."""
    limit = context.config.retrieval.max_pages
    return [context.say("knowledge_full", limit=limit)] if sum(counts.values()) >= limit else []


def lost_lines(context: Context, lost: Mapping[str, Sequence[str]]) -> list[str]:
    """Facts that visitors see on pages and no document states, page by page."""
    if not lost:
        return []
    count = sum(map(len, lost.values()))
    lines = [context.say("knowledge_lost", count=count, pages=len(lost))]
    for url, facts in islice(lost.items(), MOST_LOST):
        more = ", …" if len(facts) > MOST_LOST else ""
        lines.append(f"  {url}: {', '.join(facts[:MOST_LOST])}{more}")
    return [*lines, "  …"] if len(lost) > MOST_LOST else lines


def document_lines(context: Context, document: Mapping[str, Any]) -> list[str]:
    """A document's number, title and address, and the other wordings of an entry below."""
    address = document["id"] if "://" in document["id"] else ""
    title = document["title"] or document["id"]
    if document["every_page"]:
        title, address = context.say("document_every_page"), ""
    head = f"{document['document']:6}  {title}  {address}"
    return [head.rstrip(), *(f"{'':8}{wording}" for wording in document["wordings"])]


def source_lines(context: Context, source: SourceReport, *, has_others: bool) -> list[str]:
    """A source: what was read from it and, below, why the rest was not.

    Args:
        has_others: whether its site has other pages; if not, what that means is said once, below
            all sources.
    """
    state = context.say("knowledge_state_paused") if source.state == "paused" else ""
    pages = page_counts(context, source.pages)
    head = f"{source.number:4}  {source.kind:5} {source.documents:6}  {source.address}"
    is_named = source.is_empty_crawl and has_others
    notes = [context.say("knowledge_nothing_left")] if is_named else []
    notes += source_notes(context, source)
    lines = ["  ".join(part for part in (head.rstrip(), pages, state) if part)]
    return lines + [f"      {note}" for note in notes]


def source_notes(context: Context, source: SourceReport) -> list[str]:
    """Why a source, or pages of it, were not read, and what of the others was lost."""
    hosts = context.config.retrieval.private_hosts
    is_refused = source.why and not is_allowed_now(source.why, hosts)
    lines = [in_words(context, source.why, source.address)] if is_refused else []
    lines += limit_reached(context, source.pages) + lost_lines(context, source.lost)
    lines += [
        context.say(sentence, count=source.versions[state])
        for state, sentence in PUT_BACK.items()
        if state in source.versions
    ]
    for reason in source.reasons:
        sentence = in_words(context, reason.why, reason.url)
        address = "" if reason.url in sentence else f" ({reason.url})"
        state = context.say(PAGES[reason.state], count=reason.count)
        lines.append(context.say("named", name=state, text=f"{sentence}{address}"))
    return lines
