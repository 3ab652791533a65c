"""How answers and pages are named in the terminal."""

from __future__ import annotations

from chatbot_server.cli.context import Context

TOLD = {
    "faq": "knowledge_told_faq",
    "quoted": "knowledge_told_quoted",
    "passages": "knowledge_told_passages",
    "nothing": "knowledge_told_nothing",
}
PAGES = {
    "found": "knowledge_page_found",
    "read": "knowledge_page_read",
    "unchanged": "knowledge_page_unchanged",
    "skipped": "knowledge_page_skipped",
    "failed": "knowledge_page_failed",
    "gone": "knowledge_page_gone",
}


def counted(context: Context, counts: dict[str, int]) -> str:
    """How many pages are in which state."""
    return ", ".join(
        f"{count} {context.say(PAGES[state])}" for state, count in sorted(counts.items())
    )
