"""The quality of a site's answers: runs of golden questions, and reviews of answers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from chatbot_server.errors import NotFound
from chatbot_server.storage.base import (
    Base,
    JsonObject,
    JsonObjects,
    Texts,
    UnixSeconds,
    find_of_site,
    now,
)
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.conversations import ChatMessage, Conversation
from chatbot_server.storage.visitors.learning import golden_questions

MOST_RUNS = 100  # of one site
MOST_RECENT = 2000  # conversations, of which answers are drawn
REVIEW_SECONDS = 90 * 24 * 3600  # judgements older than this say nothing of today


class QualityRun(Base):
    """All golden questions of a site, asked at one moment.

    Attributes:
        who: the name of the account that started it; empty: it runs every night by itself.
        model: the model that was loaded; empty: none.
        results: for each question, ``question``, ``expect``, ``grade`` and ``answer``.
        causes: what had changed since the run before, of the names in ``state``.
        state: what answers depended on, each as a digest or a name.
        worse: the questions that were answered as expected before and are not now, each with the
            number of the last run in which they were.
    """

    __tablename__ = "quality_run"
    __table_args__ = (Index("ix_quality_run_site_id_created", "site_id", "created"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"))
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    who: Mapped[str] = mapped_column(String(80), default="")
    model: Mapped[str] = mapped_column(String(200), default="")
    results: Mapped[JsonObjects]
    causes: Mapped[Texts] = mapped_column(default=list)
    state: Mapped[JsonObject] = mapped_column(default=dict)
    worse: Mapped[JsonObject] = mapped_column(default=dict)

    @property
    def passed(self) -> int:
        """The number of questions that were answered as expected."""
        return sum(result["grade"] == "answered" for result in self.results)


class AnswerReview(Base):
    """A review of an answer by a person of the site; erased with it."""

    __tablename__ = "answer_review"
    __table_args__ = (Index("ix_answer_review_site_id_created", "site_id", "created"),)

    message_id: Mapped[str] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), primary_key=True
    )
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"))
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    right: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(200), default="")


@dataclass(frozen=True)
class Exchange:
    """A visitor's question and its answer."""

    conversation: str
    message: str
    question: str
    answer: str
    origin: str | None
    sources: list[dict[str, Any]]


def add_run(session: Session, run: QualityRun) -> QualityRun:
    """Store *run*, with what is worse than in the runs before.

    The oldest is deleted if there are too many.
    """
    former = next(iter(runs_of(session, run.site_id, 1)), None)
    run.worse = worse_questions(run, former) if former else {}
    session.add(run)
    session.flush()
    newest_first = select(QualityRun.id).where(QualityRun.site_id == run.site_id)
    newest_first = newest_first.order_by(QualityRun.id.desc())
    oldest = session.scalar(newest_first.offset(MOST_RUNS).limit(1))
    if oldest is not None:
        mine = QualityRun.site_id == run.site_id
        session.execute(delete(QualityRun).where(mine, QualityRun.id <= oldest))
    return run


def worse_questions(run: QualityRun, former: QualityRun) -> dict[str, int]:
    """What :attr:`QualityRun.worse` of *run* is, which came after *former*."""
    before = {result["question"]: result for result in former.results}
    worse: dict[str, int] = {}
    for result in run.results:
        question = result["question"]
        earlier = before.get(question)
        if result["grade"] == "answered" or not earlier or earlier["expect"] != result["expect"]:
            continue
        if earlier["grade"] == "answered":
            worse[question] = former.id
        elif question in former.worse:
            worse[question] = former.worse[question]
    return worse


def worse_now(session: Session, site_id: int) -> tuple[int, dict[str, int]]:
    """The number of the site's last run, and what is worse in it; 0 where there is no run.

    A question that was removed since, or of which something else is expected now, is left out.
    """
    last = select(QualityRun.id, QualityRun.worse).where(QualityRun.site_id == site_id)
    row = session.execute(last.order_by(QualityRun.id.desc()).limit(1)).one_or_none()
    if row is None or not row.worse:
        return (row.id if row else 0), {}
    current = {golden.question: golden.expect for golden in golden_questions(session, site_id)}
    run = session.get_one(QualityRun, row.id)
    expectations = {result["question"]: result["expect"] for result in run.results}
    worse = {
        question: number
        for question, number in run.worse.items()
        if question in current and current[question] == expectations[question]
    }
    return run.id, worse


def runs_of(session: Session, site_id: int, limit: int = 20) -> Sequence[QualityRun]:
    """The newest runs of the site, the last one first."""
    return session.scalars(
        select(QualityRun)
        .where(QualityRun.site_id == site_id)
        .order_by(QualityRun.id.desc())
        .limit(limit)
    ).all()


def find_run(session: Session, site_id: int, number: int) -> QualityRun:
    """A run of the site.

    Raises:
        NotFound: it has none of this number.
    """
    return find_of_site(session, QualityRun, site_id, number, "run_unknown")


def recent_questions(session: Session, site_id: int, limit: int) -> list[str]:
    """The latest questions of visitors without duplicates, of conversations that are kept."""
    rows = session.scalars(
        select(ChatMessage.text)
        .where(
            ChatMessage.conversation_id.in_(_recent_conversations(site_id, limit)),
            ChatMessage.position == 0,
        )
        .order_by(ChatMessage.created.desc())
    )
    return list(dict.fromkeys(" ".join(text.split())[:300] for text in rows))


def draw_answers(session: Session, site_id: int, count: int) -> list[Exchange]:
    """A random sample of answers to first questions that were not reviewed yet."""
    question, answer = aliased(ChatMessage), aliased(ChatMessage)
    rows = session.execute(
        select(
            answer.conversation_id,
            answer.id,
            question.text,
            answer.text,
            answer.origin,
            answer.sources,
        )
        .join(question, question.conversation_id == answer.conversation_id)
        .outerjoin(AnswerReview, AnswerReview.message_id == answer.id)
        .where(
            answer.conversation_id.in_(_recent_conversations(site_id, MOST_RECENT)),
            answer.position == 1,
            question.position == 0,
            answer.origin.in_(("faq", "pages", "model", "none")),
            func.coalesce(answer.status, "") != "courtesy",
            AnswerReview.message_id.is_(None),
        )
    ).all()
    sample = random.sample(rows, min(count, len(rows)))
    return [Exchange(*row) for row in sample]


def review_answer(
    session: Session, site_id: int, message: str, *, right: bool, reason: str = ""
) -> None:
    """Store the review of an answer, in place of an earlier one.

    Raises:
        NotFound: the site has no such answer, or its visitor did not want it kept.
    """
    row = session.get(ChatMessage, message)
    conversation = session.get(Conversation, row.conversation_id) if row else None
    if conversation is None or conversation.site_id != site_id or not conversation.keep:
        raise NotFound("feedback_answer_unknown", field="message")
    session.merge(
        AnswerReview(
            message_id=message, site_id=site_id, right=right, reason=reason[:200], created=now()
        )
    )


def review_counts(session: Session, site_id: int) -> tuple[int, int]:
    """How many answers were reviewed lately, and how many of them were right."""
    lately = AnswerReview.site_id == site_id, AnswerReview.created >= now() - REVIEW_SECONDS
    total = session.scalar(select(func.count()).select_from(AnswerReview).where(*lately)) or 0
    right = select(func.count()).select_from(AnswerReview).where(*lately, AnswerReview.right)
    return total, session.scalar(right) or 0


def _recent_conversations(site_id: int, limit: int) -> Select[tuple[str]]:
    mine = Conversation.site_id == site_id, Conversation.keep, Conversation.expires >= now()
    newest = select(Conversation.id).where(*mine).order_by(Conversation.created.desc())
    return select(newest.limit(limit).subquery().c.id)
