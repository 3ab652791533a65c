"""An FAQ entry that is added for a while, to see what it changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.jobs import embed_entry
from chatbot_server.retrieval.curate.library import add_faq, find_faq, restore_faq


@dataclass
class ProvisionalEntry:
    """Whether the entry stays when the block ends."""

    is_kept: bool = False


@contextmanager
def provisional_entry(
    base: KnowledgeBase, site_id: int, question: str, answer: str, wordings: Sequence[str]
) -> Iterator[ProvisionalEntry]:
    """Add an entry, or replace that for the same question; undone at the end unless it is kept.

    Also undone when the command is interrupted.
    """
    former = find_faq(base.database, site_id, question)
    entry = ProvisionalEntry()
    try:
        add_faq(base.database, site_id, question, answer, wordings)
        embed_entry(base, site_id, question)
        yield entry
    finally:
        if not entry.is_kept:
            restore_faq(base.database, site_id, question, former)
            embed_entry(base, site_id, question)
