"""Figures of a site over days: questions, answers, thumbs, time to the first words, pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnExpressionArgument, Select, case, func, select
from sqlalchemy.orm import Session

from chatbot_server.storage.base import now
from chatbot_server.storage.conversations import ChatMessage, Conversation
from chatbot_server.storage.feedback import Feedback
from chatbot_server.storage.inbox import ANSWERED, is_unanswered

# Time zones begin their days at quarters of an hour.
QUARTER = 900
MOST_PAGES = 10


@dataclass(frozen=True)
class Period:
    """The conversations of a site that were begun from *since* on and before *until*."""

    site_id: int
    since: int
    until: int


@dataclass(frozen=True)
class QuarterHour:
    """Questions of the conversations that were begun in the quarter of an hour after *moment*."""

    moment: int
    answered: int
    unanswered: int


@dataclass(frozen=True)
class Satisfaction:
    """Thumbs on answers."""

    up: int
    down: int

    @property
    def share(self) -> int | None:
        """Percent of the thumbs that are up; None: nobody gave one."""
        count = self.up + self.down
        return round(100 * self.up / count) if count else None


def quarter_hours(session: Session, period: Period) -> list[QuarterHour]:
    """What was asked, in the order of time; a quarter in which nothing was is left out."""
    moment = (Conversation.created // QUARTER) * QUARTER
    answered = func.sum(case((ChatMessage.origin.in_(ANSWERED), 1), else_=0))
    unanswered = func.sum(case((is_unanswered(), 1), else_=0))
    query = _answers(period).with_only_columns(moment, answered, unanswered)
    rows = session.execute(query.group_by(moment).order_by(moment))
    return [QuarterHour(*map(int, row)) for row in rows]


def median_first_ms(session: Session, period: Period) -> int | None:
    """Milliseconds within which half of the answers showed their first words."""
    timed = _answers(period).where(ChatMessage.first_ms.is_not(None))
    count = session.scalar(timed.with_only_columns(func.count())) or 0
    in_order = timed.with_only_columns(ChatMessage.first_ms).order_by(ChatMessage.first_ms)
    return session.scalar(in_order.offset((count - 1) // 2).limit(1)) if count else None


def satisfaction(session: Session, period: Period) -> Satisfaction:
    """What visitors thought of the answers."""
    query = (
        select(Feedback.value, func.count())
        .join(ChatMessage, ChatMessage.id == Feedback.message_id)
        .join(Conversation, Conversation.id == ChatMessage.conversation_id)
        # Nobody judges an answer before it is given.
        .where(Feedback.created >= period.since, *_within(period))
        .group_by(Feedback.value)
    )
    counts = {row[0]: row[1] for row in session.execute(query)}
    return Satisfaction(counts.get("up", 0), counts.get("down", 0))


def busiest_pages(session: Session, period: Period) -> Sequence[tuple[str, int]]:
    """The pages on which most conversations were begun, with how many."""
    count = func.count().label("count")
    query = (
        select(Conversation.page, count)
        .where(*_within(period), Conversation.page.is_not(None))
        .group_by(Conversation.page)
        .order_by(count.desc(), Conversation.page)
        .limit(MOST_PAGES)
    )
    return [(row[0] or "", row[1]) for row in session.execute(query)]


def _within(period: Period) -> Sequence[ColumnExpressionArgument[bool]]:
    return (
        Conversation.site_id == period.site_id,
        Conversation.created >= period.since,
        Conversation.created < period.until,
        Conversation.keep,
        Conversation.preview.is_(False),
        Conversation.expires >= now(),
    )


def _answers(period: Period) -> Select[ChatMessage]:
    return (
        select(ChatMessage)
        .select_from(Conversation)
        .join(ChatMessage, ChatMessage.conversation_id == Conversation.id)
        .where(*_within(period))
    )
