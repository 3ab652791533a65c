"""The owner answers a group of questions: an FAQ entry, kept only if nothing gets worse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chatbot_server.errors import Conflict, UsageError
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.learning.unanswered import QuestionGroup, note_answered
from chatbot_server.retrieval.curate.library import LONGEST_ANSWER, find_faq
from chatbot_server.retrieval.curate.listing import describe_entries
from chatbot_server.retrieval.curate.quality.golden import (
    GoldenResult,
    ask_golden_questions,
    worse_results,
)
from chatbot_server.retrieval.curate.quality.provisional import provisional_entry
from chatbot_server.retrieval.language.words import stems


@dataclass(frozen=True)
class Lesson:
    """What became of the owner's answer to a group of questions.

    Attributes:
        question, wordings: those of the FAQ entry.
        answered: how many of these are answered with it now.
        worse: golden questions that were answered better before.
        is_kept: whether the entry stays; it is taken back where anything got worse.
    """

    question: str
    wordings: tuple[str, ...]
    answered: int
    worse: tuple[GoldenResult, ...]
    is_kept: bool


def teach(
    base: KnowledgeBase,
    site_id: int,
    group: QuestionGroup,
    answer: str,
    *,
    question: str | None = None,
    force: bool = False,
) -> Lesson:
    """Make *answer* the FAQ entry for the questions of *group*.

    Args:
        question: the entry's question in the owner's words, instead of a visitor's.
        force: keep the entry even if golden questions are answered worse with it, or the FAQ
            has another answer already.

    Raises:
        Conflict: the FAQ has another answer to one of these questions.
        UsageError: the answer is empty or too long, or no wording may be used.
    """
    answer, own_question = answer.strip(), (question or "").strip()
    if not 0 < len(answer) <= LONGEST_ANSWER:
        raise UsageError("lesson_answer", limit=LONGEST_ANSWER)
    wordings = [*([own_question] if own_question else []), *group.quotable()]
    if not wordings:
        raise UsageError("lesson_personal")
    before = ask_golden_questions(base, site_id)
    if not force:
        _raise_for_other_answer(base, site_id, wordings, answer)
    former = find_faq(base.database, site_id, wordings[0])
    title, *others = _distinct([*wordings, *(former.wordings if former else ())])
    with provisional_entry(base, site_id, title, answer, others) as entry:
        worse = worse_results(before, ask_golden_questions(base, site_id))
        answers = [base.ground(site_id, wording) for wording in (title, *others)]
        answer_count = sum(grounding.status == "faq" for grounding in answers)
        entry.is_kept = force or not worse
    if entry.is_kept:
        note_answered(base, site_id, group)
    return Lesson(title, tuple(others), answer_count, tuple(worse), entry.is_kept)


def _distinct(wordings: Iterable[str]) -> list[str]:
    """*wordings*, without those that differ from an earlier one in case, accents or punctuation."""
    by_words: dict[tuple[str, ...], str] = {}
    for wording in wordings:
        by_words.setdefault(tuple(stems.words(wording)), wording)
    return list(by_words.values())


def _raise_for_other_answer(
    base: KnowledgeBase, site_id: int, wordings: list[str], answer: str
) -> None:
    """Check that nobody else has answered the same question meanwhile.

    Raises:
        Conflict: an entry for one of *wordings* has another answer.
    """
    questions = {tuple(stems.words(wording)) for wording in wordings}
    with base.database.session() as session:
        entries = describe_entries(session, site_id)
    for entry in entries:
        names = {tuple(stems.words(name)) for name in (entry["title"], *entry["wordings"])}
        if names & questions and entry["text"].split() != answer.split():
            question, other_answer = entry["title"][:200], entry["text"][:200]
            raise Conflict("lesson_meanwhile", question=question, answer=other_answer)
