"""Unanswered questions of visitors, and golden questions.

Questions without an answer are not copied anywhere: they are read where they were asked, so
that they go with their conversations, by retention or at the visitor's wish.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ForeignKey, String, UniqueConstraint, and_, delete, func, insert, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from chatbot_server.errors import UsageError
from chatbot_server.storage.base import Base, UnixSeconds, find_of_site, now
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.conversations import ChatMessage, Conversation
from chatbot_server.storage.visitors.inbox import ConversationFilter, is_unanswered, matching_ids

LONGEST_QUESTION, LONGEST_EXPECT = 300, 2000
# Each is asked before and after a new FAQ entry, at some 50 ms.
MOST_GOLDEN = 500


class GoldenQuestion(Base):
    """A golden question, whose right answer is known.

    Attributes:
        expect: the address of the page that answers it, or words of the answer; empty: the right
            answer is an honest no.
    """

    __tablename__ = "knowledge_golden"
    __table_args__ = (UniqueConstraint("site_id", "question"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    question: Mapped[str] = mapped_column(String(LONGEST_QUESTION))
    expect: Mapped[str] = mapped_column(String(LONGEST_EXPECT))


class IgnoredQuestion(Base):
    """A question without an answer that the owner does not want to see again.

    Its *name* is a digest of its words: what a visitor wrote is copied nowhere.
    """

    __tablename__ = "knowledge_ignored"

    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(8), primary_key=True)
    created: Mapped[UnixSeconds] = mapped_column(default=now)


class QuestionRecheck(Base):
    """Whether a question that was unanswered is answered by now: it was asked again.

    Attributes:
        name: a digest of its words, as of an :class:`IgnoredQuestion`.
        version: stands for the index that was asked, and the program that answered.
    """

    __tablename__ = "knowledge_verdict"

    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(8), primary_key=True)
    version: Mapped[int]
    answered: Mapped[bool]


@dataclass(frozen=True)
class Recheck:
    """A :class:`QuestionRecheck` of one question."""

    version: int
    answered: bool


@dataclass(frozen=True)
class UnansweredQuestion:
    """A question that got an honest no.

    Attributes:
        at: when it was asked, in Unix seconds.
        first: whether it is the first question of its conversation.
        conversation, message: their ids.
        page: the address where the conversation began; empty if it is not known.
    """

    text: str
    at: int
    first: bool
    conversation: str
    message: str
    page: str = ""


def unanswered_questions(session: Session, site_id: int, limit: int) -> list[UnansweredQuestion]:
    """Questions of the site that got an honest no, newest first, each time they were asked.

    Only the *limit* newest conversations with such a question are read. Those that are not to be
    kept do not count, nor do the owner's own tries.
    """
    question, answer = aliased(ChatMessage), aliased(ChatMessage)
    follows = and_(
        answer.conversation_id == question.conversation_id,
        answer.position == question.position + 1,
    )
    without_answer = ConversationFilter(site_id, "unanswered", previews=False)
    newest = matching_ids(without_answer).order_by(Conversation.created.desc()).limit(limit)
    rows = session.execute(
        select(
            question.text,
            question.created,
            question.position,
            question.conversation_id,
            question.id,
            Conversation.page,
        )
        .join(answer, follows)
        .join(Conversation, Conversation.id == question.conversation_id)
        .where(
            question.conversation_id.in_(select(newest.subquery().c.id)),
            question.role == "user",
            is_unanswered(answer),
        )
        .order_by(question.created.desc(), question.id)
        .limit(limit)
    )
    return [
        UnansweredQuestion(text, asked_at, position == 0, conversation, message, page or "")
        for text, asked_at, position, conversation, message, page in rows
    ]


def ignored_names(session: Session, site_id: int) -> frozenset[str]:
    """Names of the questions that the owner ignores."""
    mine = select(IgnoredQuestion.name).where(IgnoredQuestion.site_id == site_id)
    return frozenset(session.scalars(mine))


def set_ignored(session: Session, site_id: int, names: Collection[str], *, ignored: bool) -> None:
    """Ignore the questions of these names from now on, or no longer."""
    former = IgnoredQuestion.site_id == site_id, IgnoredQuestion.name.in_(names)
    session.execute(delete(IgnoredQuestion).where(*former))
    if ignored:
        session.add_all(IgnoredQuestion(site_id=site_id, name=name) for name in sorted(names))


def rechecks_of(session: Session, site_id: int) -> dict[str, Recheck]:
    """The rechecks of the site's questions, by name."""
    columns = QuestionRecheck.name, QuestionRecheck.version, QuestionRecheck.answered
    rows = session.execute(select(*columns).where(QuestionRecheck.site_id == site_id))
    return {name: Recheck(version, answered) for name, version, answered in rows}


def replace_rechecks(session: Session, site_id: int, rechecks: Mapping[str, Recheck]) -> None:
    """Replace all rechecks of the site's questions."""
    session.execute(delete(QuestionRecheck).where(QuestionRecheck.site_id == site_id))
    rows = [
        {"site_id": site_id, "name": name} | vars(recheck) for name, recheck in rechecks.items()
    ]
    if rows:
        session.execute(insert(QuestionRecheck), rows)


def put_recheck(session: Session, site_id: int, name: str, recheck: Recheck) -> None:
    """Replace the recheck of the question called *name*."""
    mine = (QuestionRecheck.site_id == site_id, QuestionRecheck.name == name)
    session.execute(delete(QuestionRecheck).where(*mine))
    session.execute(insert(QuestionRecheck), {"site_id": site_id, "name": name} | vars(recheck))


def golden_questions(session: Session, site_id: int) -> Sequence[GoldenQuestion]:
    """The site's golden questions, oldest first."""
    return session.scalars(
        select(GoldenQuestion).where(GoldenQuestion.site_id == site_id).order_by(GoldenQuestion.id)
    ).all()


def put_golden(session: Session, site_id: int, question: str, expect: str) -> None:
    """Add a golden question, or change the expectation of an existing one.

    Raises:
        UsageError: empty, too long, or one too many.
    """
    question, expect = question.strip(), expect.strip()
    if not 0 < len(question) <= LONGEST_QUESTION or len(expect) > LONGEST_EXPECT:
        raise UsageError("golden_length", most=LONGEST_QUESTION, expected=LONGEST_EXPECT)
    mine = GoldenQuestion.site_id == site_id
    golden = session.scalar(select(GoldenQuestion).where(mine, GoldenQuestion.question == question))
    if golden is not None:
        golden.expect = expect
        return
    count = session.scalar(select(func.count()).select_from(GoldenQuestion).where(mine)) or 0
    if count >= MOST_GOLDEN:
        raise UsageError("golden_many", limit=MOST_GOLDEN)
    session.add(GoldenQuestion(site_id=site_id, question=question, expect=expect))
    session.flush()


def remove_golden(session: Session, site_id: int, number: int) -> None:
    """Delete a golden question.

    Raises:
        NotFound: the site has none of this number.
    """
    session.delete(find_of_site(session, GoldenQuestion, site_id, number, "golden_unknown"))
