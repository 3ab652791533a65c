"""The owner answers a group of questions once: an FAQ entry, kept only if nothing gets worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot_server.errors import UsageError
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.curate import golden
from chatbot_server.retrieval.curate.golden import Tried
from chatbot_server.retrieval.curate.jobs import embed_all
from chatbot_server.retrieval.curate.library import add_faq, faq_address
from chatbot_server.retrieval.curate.unanswered import Group
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.language import stems
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import delete_documents, find_faq_entry
from chatbot_server.storage.knowledge.sources import open_source

LONGEST_ANSWER = 20_000


@dataclass(frozen=True)
class Lesson:
    """What came of an answer.

    Attributes:
        question: of the FAQ entry; *wordings* are its other ones.
        answered: how many of all these are answered with it now.
        worse: golden questions that were answered better before.
        kept: False: the entry was taken back because of them.
    """

    question: str
    wordings: tuple[str, ...]
    answered: int
    worse: tuple[Tried, ...]
    kept: bool


def teach(
    database: Database,
    base: KnowledgeBase,
    site_id: int,
    group: Group,
    answer: str,
    *,
    question: str | None = None,
    force: bool = False,
) -> Lesson:
    """Make *answer* the FAQ entry for the questions of *group*.

    Args:
        question: the entry's question in the owner's words, instead of a visitor's.
        force: keep the entry even if golden questions are answered worse with it.

    Raises:
        UsageError: the answer is empty or too long, or no wording may be used.
    """
    if not 0 < len(answer.strip()) <= LONGEST_ANSWER:
        raise UsageError("lesson_answer", limit=LONGEST_ANSWER)
    asked = [*([question.strip()] if question and question.strip() else []), *group.quotable()]
    if not asked:
        raise UsageError("lesson_personal")
    former = _entry(database, site_id, asked[0])
    title, *others = _distinct([*asked, *(former.wordings if former else ())])
    before = golden.run(database, base, site_id)
    kept = False
    try:
        add_faq(database, site_id, title, answer.strip(), others)
        _embed(database, base)
        worse = golden.worse(before, golden.run(database, base, site_id))
        answered = sum(base.ground(site_id, one).status == "faq" for one in (title, *others))
        kept = force or not worse
    finally:  # also when somebody loses patience while the golden questions are asked
        if not kept:
            _put_back(database, base, site_id, title, former)
    return Lesson(title, tuple(others), answered, tuple(worse), kept)


def _distinct(wordings: Sequence[str]) -> list[str]:
    """The first of those that differ in case, accents or marks alone."""
    found: dict[tuple[str, ...], str] = {}
    for one in wordings:
        found.setdefault(tuple(stems.words(one)), one)
    return list(found.values())


def _entry(database: Database, site_id: int, question: str) -> Draft | None:
    """The FAQ entry of this question as it stands now."""
    with database.session() as session:
        found = find_faq_entry(session, site_id, faq_address(question))
        if found is None:
            return None
        wordings = tuple(found.wordings)
        return Draft(found.url, found.title, found.text, found.language, True, wordings)


def _put_back(
    database: Database, base: KnowledgeBase, site_id: int, question: str, former: Draft | None
) -> None:
    with database.session() as session:
        if former is not None:
            indexing.put(session, open_source(session, site_id, "faq"), former)
        elif entry := find_faq_entry(session, site_id, faq_address(question)):
            delete_documents(session, site_id, [entry.id])
    _embed(database, base)


def _embed(database: Database, base: KnowledgeBase) -> None:
    if base.searcher.embedder is not None:
        embed_all(database, base.searcher.embedder)
