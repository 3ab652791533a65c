"""Figures of a site over days: questions, answers, thumbs, time to the first words, pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    case,
    func,
    select,
)
from sqlalchemy.orm import Session

from chatbot_server.storage.base import now
from chatbot_server.storage.visitors.conversations import ChatMessage, Conversation
from chatbot_server.storage.visitors.feedback import Feedback
from chatbot_server.storage.visitors.inbox import ANSWERED, MOST_ANSWERS, is_unanswered

MOST_PAGES = 10


def _count_of(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


_ANSWER_COUNTS = (_count_of(ChatMessage.origin.in_(ANSWERED)), _count_of(is_unanswered()))


@dataclass(frozen=True)
class Period:
    """The conversations of a site that began between *since* and *until*."""

    site_id: int
    since: int
    until: int


@dataclass(frozen=True)
class AnswerCounts:
    """Numbers of questions by outcome."""

    answered: int = 0
    unanswered: int = 0

    def __add__(self, other: AnswerCounts) -> AnswerCounts:
        no_count = self.unanswered + other.unanswered
        return AnswerCounts(self.answered + other.answered, no_count)

    @property
    def asked(self) -> int:
        """How many got an answer or an honest no."""
        return self.answered + self.unanswered

    @property
    def share_answered(self) -> int | None:
        """The percentage that was answered; None without questions."""
        return round(100 * self.answered / self.asked) if self.asked else None


@dataclass(frozen=True)
class Topic:
    """A page, and the number of answers whose first source it is."""

    title: str
    url: str
    count: int


@dataclass(frozen=True)
class Satisfaction:
    """Thumbs on answers."""

    up: int
    down: int

    @property
    def share(self) -> int | None:
        """The percentage of thumbs up; None without thumbs."""
        count = self.up + self.down
        return round(100 * self.up / count) if count else None


@dataclass(frozen=True)
class Activity:
    """What happened in a period: questions, thumbs, and the energy of answers.

    Attributes:
        by_model: of the questions, those that a model answered.
        joules: of all answers whose energy is known.
        estimated: how many of these were estimated, not measured.
    """

    counts: AnswerCounts
    thumbs: Satisfaction
    by_model: int
    joules: float
    estimated: int

    @property
    def share_without_model(self) -> int | None:
        """The percentage of questions answered without a model; None without questions."""
        count = self.counts.asked
        return round(100 * (1 - self.by_model / count)) if count else None


def activity(session: Session, period: Period) -> Activity:
    """What happened in the conversations of *period*."""
    energy = ChatMessage.facts["energy"]
    query = _answers(period).with_only_columns(
        *_ANSWER_COUNTS,
        _count_of(ChatMessage.origin == "model"),
        func.sum(energy["joules"].as_float()),
        _count_of(energy["method"].as_string() == "estimated"),
    )
    answer_count, no_count, by_model, joules, estimated_count = session.execute(query).one()
    return Activity(
        AnswerCounts(answer_count or 0, no_count or 0),
        satisfaction(session, period),
        by_model or 0,
        joules or 0.0,
        estimated_count or 0,
    )


def answer_counts(session: Session, period: Period) -> AnswerCounts:
    """The outcomes of the questions in the conversations of *period*."""
    answer_count, no_count = session.execute(
        _answers(period).with_only_columns(*_ANSWER_COUNTS)
    ).one()
    return AnswerCounts(answer_count or 0, no_count or 0)


def timeline(session: Session, period: Period, step: int) -> Mapping[int, AnswerCounts]:
    """The same, by intervals of *step* seconds in which the conversations began."""
    moment = ChatMessage.begun // step
    query = _answers(period).with_only_columns(moment, *_ANSWER_COUNTS).group_by(moment)
    rows: Iterable[Any] = session.execute(query)
    return {
        int(number) * step: AnswerCounts(int(answer_count), int(no_count))
        for number, answer_count, no_count in rows
    }


def time_to_answer(session: Session, period: Period) -> int | None:
    """Milliseconds within which half of the newest answers showed their first words."""
    newest = (
        _answers(period)
        .with_only_columns(ChatMessage.first_ms)
        .where(ChatMessage.first_ms.is_not(None))
        .order_by(ChatMessage.begun.desc())
        .limit(MOST_ANSWERS)
    )
    times = sorted(row[0] or 0 for row in session.execute(newest))
    return times[(len(times) - 1) // 2] if times else None


def satisfaction(session: Session, period: Period) -> Satisfaction:
    """The thumbs on the answers."""
    query = (
        select(Feedback.value, func.count())
        .join(ChatMessage, ChatMessage.id == Feedback.message_id)
        # Nobody judges an answer before it is given, and few judge any: the thumbs come first,
        # and "+ 0" keeps the database from reading all answers of the site instead.
        .where(
            Feedback.value.in_(("up", "down")),
            Feedback.created >= period.since,
            ChatMessage.site_id + 0 == period.site_id,
            ChatMessage.begun + 0 >= period.since,
            ChatMessage.begun + 0 < period.until,
        )
        .group_by(Feedback.value)
    )
    counts = {row[0]: row[1] for row in session.execute(query)}
    return Satisfaction(counts.get("up", 0), counts.get("down", 0))


def busiest_pages(session: Session, period: Period) -> Sequence[tuple[str, int]]:
    """The pages where most conversations began, with their numbers."""
    count = func.count().label("count")
    query = (
        select(Conversation.page, count)
        .where(
            Conversation.site_id == period.site_id,
            Conversation.created >= period.since,
            Conversation.created < period.until,
            Conversation.keep,
            Conversation.preview.is_(False),
            Conversation.expires >= now(),
            Conversation.page.is_not(None),
        )
        .group_by(Conversation.page)
        .order_by(count.desc(), Conversation.page)
        .limit(MOST_PAGES)
    )
    return [(row[0] or "", row[1]) for row in session.execute(query)]


def answering_pages(session: Session, period: Period) -> Sequence[Topic]:
    """The pages and entries that most of the newest answers come from."""
    first = ChatMessage.sources[0]
    newest = (
        _answers(period)
        .with_only_columns(first["url"].as_string(), first["title"].as_string())
        .where(ChatMessage.origin.in_(ANSWERED))
        .order_by(ChatMessage.begun.desc())
        .limit(MOST_ANSWERS)
    )
    # A quote's link leads to its sentence on the page; an entry has no address, but a question.
    answers = [
        (url.partition("#")[0], title or "")
        for url, title in session.execute(newest)
        if url is not None
    ]
    titles = dict(reversed(answers))
    counts = Counter((url, "" if url else title) for url, title in answers)
    most_frequent = sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:MOST_PAGES]
    return [Topic(title or titles[url] or url, url, count) for (url, title), count in most_frequent]


def _answers(period: Period) -> Select[ChatMessage]:
    """The condition for answers of *period*; expired ones count until they are erased."""
    return select(ChatMessage).where(
        ChatMessage.site_id == period.site_id,
        ChatMessage.begun >= period.since,
        ChatMessage.begun < period.until,
        ChatMessage.origin.is_not(None),
    )
