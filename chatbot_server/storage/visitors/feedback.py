"""Visitors' feedback on answers, and their messages to people of the site."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import JSON, ForeignKey, Index, String, Text, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from chatbot_server.errors import NotFound
from chatbot_server.storage.base import Base, JsonObject, UnixSeconds, count_changed, now
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.conversations import (
    ChatMessage,
    Conversation,
    open_conversation,
)
from chatbot_server.storage.visitors.erasures import remember_erased

MOST_CONTACT_REQUESTS = 1000  # of one site


class Feedback(Base):
    """A visitor's thumb on one answer; erased with the answer.

    Attributes:
        value: ``up`` or ``down``.
        reason: ``wrong``, ``incomplete``, ``unclear`` or ``other``, if one was given.
    """

    __tablename__ = "feedback"
    __table_args__ = (Index("ix_feedback_value", "value", "created", "message_id"),)

    message_id: Mapped[str] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), primary_key=True
    )
    value: Mapped[str] = mapped_column(String(4))
    reason: Mapped[str | None] = mapped_column(String(12))
    comment: Mapped[str | None] = mapped_column(Text)
    created: Mapped[UnixSeconds] = mapped_column(default=now)


class ContactRequest(Base):
    """A visitor's message to a person. It is not erased with the conversation: it was sent.

    Attributes:
        message_id: the visitor's message in a conversation that a person has taken over, where it
            waits for an answer; erased with it. Name and e-mail are empty then.
        seen: when somebody of the site first saw it; None: nobody has.
        mail_due: when it is to be sent by e-mail; None: it was sent, or is not to be.
        mail_attempts: how often sending failed.
        mail_problem: why sending failed, as ``{"code": …, "values": {…}}`` of a sentence.
    """

    __tablename__ = "contact_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), index=True)
    conversation_id: Mapped[str | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="SET NULL"), index=True
    )
    message_id: Mapped[str | None] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    text: Mapped[str] = mapped_column(Text)
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    seen: Mapped[UnixSeconds | None]
    mail_due: Mapped[UnixSeconds | None] = mapped_column(index=True)
    mail_attempts: Mapped[int] = mapped_column(default=0)
    mail_problem: Mapped[JsonObject | None] = mapped_column(JSON(none_as_null=True))


def find_answer(session: Session, message: str, secret: str) -> tuple[ChatMessage, Site]:
    """An answer and its site, if *secret* is that of the conversation.

    Raises:
        NotFound: there is no such answer, or the secret is wrong; a stranger cannot tell which.
        Unauthorized: no secret was given.
    """
    answer = session.get(ChatMessage, message)
    conversation = open_conversation(session, answer.conversation_id if answer else "", secret)
    site = session.get(Site, conversation.site_id)
    if answer is None or site is None or answer.role != "assistant":
        raise NotFound("feedback_answer_unknown", field="message")
    return answer, site


def question_of(session: Session, answer: ChatMessage) -> str | None:
    """The visitor's question; None if it was erased."""
    return session.scalar(
        select(ChatMessage.text).where(
            ChatMessage.conversation_id == answer.conversation_id,
            ChatMessage.position == answer.position - 1,
        )
    )


def save_feedback(
    session: Session,
    answer: ChatMessage,
    value: str | None,
    reason: str | None,
    comment: str | None,
) -> None:
    """Save the visitor's thumb on *answer*; None takes it back."""
    session.execute(delete(Feedback).where(Feedback.message_id == answer.id))
    if value is not None:
        session.add(
            Feedback(message_id=answer.id, value=value, reason=reason, comment=comment or None)
        )


def thumbs_of(session: Session, conversation: str) -> dict[str, str]:
    """The thumbs in a conversation: ``up`` or ``down`` by message id."""
    rows = session.execute(
        select(Feedback.message_id, Feedback.value)
        .join(ChatMessage, ChatMessage.id == Feedback.message_id)
        .where(ChatMessage.conversation_id == conversation)
    )
    return {row.message_id: row.value for row in rows}


def add_contact_request(
    session: Session,
    site: Site,
    conversation: Conversation | None,
    *,
    name: str,
    email: str,
    text: str,
) -> ContactRequest:
    """Store a message to the people of *site*; the oldest is deleted if there are too many.

    So nobody can close the form for others by filling it up.
    """
    mine = select(ContactRequest.id).where(ContactRequest.site_id == site.id)
    newest_first = mine.order_by(ContactRequest.id.desc())
    oldest = session.scalar(newest_first.offset(MOST_CONTACT_REQUESTS - 1).limit(1))
    if oldest is not None:
        session.execute(
            delete(ContactRequest).where(
                ContactRequest.site_id == site.id, ContactRequest.id <= oldest
            )
        )
    request = ContactRequest(
        site_id=site.id,
        conversation_id=conversation.id if conversation else None,
        name=name,
        email=email,
        text=text,
    )
    session.add(request)
    session.flush()
    return request


def contact_requests(session: Session, site_id: int) -> Sequence[ContactRequest]:
    """Messages to the people of a site, newest first."""
    return session.scalars(
        select(ContactRequest)
        .where(ContactRequest.site_id == site_id)
        .order_by(ContactRequest.id.desc())
    ).all()


def unread_counts(session: Session) -> dict[int, int]:
    """How many messages nobody has seen yet, by site."""
    rows = session.execute(
        select(ContactRequest.site_id, func.count())
        .where(ContactRequest.seen.is_(None))
        .group_by(ContactRequest.site_id)
    )
    return {row[0]: row[1] for row in rows}


def mark_seen(session: Session, numbers: Collection[int]) -> None:
    """Mark the messages to a person with these numbers as seen."""
    session.execute(
        update(ContactRequest)
        .where(ContactRequest.id.in_(numbers), ContactRequest.seen.is_(None))
        .values(seen=now())
    )


def erase_contact_request(session: Session, request: ContactRequest) -> None:
    """Erase one message to a person on somebody's demand."""
    key = {name: getattr(request, name) for name in ("site_id", "id", "created")}
    remember_erased(session, ContactRequest.__tablename__, key)
    session.delete(request)


def erase_contact_requests(session: Session, before: int) -> int:
    """Erase the messages older than the moment *before*; returns how many."""
    return count_changed(session, delete(ContactRequest).where(ContactRequest.created < before))
