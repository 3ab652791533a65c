"""The tables of conversations and their messages; how conversations are opened and erased."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    bindparam,
    delete,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from chatbot_server.errors import NotFound, Unauthorized
from chatbot_server.storage.base import (
    DAY,
    HOUR,
    Base,
    JsonObject,
    JsonObjects,
    RandomId,
    UnitOfWork,
    UnixSeconds,
    count_changed,
    hash_of_secret,
    now,
    random_id,
)
from chatbot_server.storage.direct import DirectStatement
from chatbot_server.storage.visitors.erasures import remember_erased


class Conversation(Base):
    """A conversation of one visitor with the chatbot.

    Attributes:
        secret_hash: SHA-256 of the secret that only the visitor's browser has.
        expires: when it is erased, in Unix seconds; extended by every message.
        keep: if False, it is erased an hour after the last message.
        page: the address where it began, without query string.
        preview: whether it began on the owner's pages; it is not counted then.
        person: the name of the person who has taken it over, as the visitor reads it.
        silent_until: until then, the chatbot leaves the answers to *person*.
    """

    __tablename__ = "conversation"
    __table_args__ = (
        # All columns that are used to find and count the conversations of a site.
        Index(
            "ix_conversation_figures",
            *("site_id", "created", "keep", "preview", "expires", "page"),
        ),
        # For the languages that occur, and the newest conversations in one of them.
        Index("ix_conversation_language", "site_id", "locale", "created"),
    )

    id: Mapped[RandomId] = mapped_column(default=random_id)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    expires: Mapped[UnixSeconds] = mapped_column(index=True)
    keep: Mapped[bool] = mapped_column(default=True)
    locale: Mapped[str] = mapped_column(String(10), default="en")
    page: Mapped[str | None] = mapped_column(String(500))
    preview: Mapped[bool] = mapped_column(default=False)
    person: Mapped[str | None] = mapped_column(String(40), index=True)
    silent_until: Mapped[UnixSeconds | None]

    messages: Mapped[list[ChatMessage]] = relationship(
        order_by="ChatMessage.position", passive_deletes=True, cascade="all, delete-orphan"
    )

    def extend(self, retention_days: int) -> None:
        """Postpone the erasure, counted from now."""
        lasting = self.keep and retention_days > 0
        self.expires = now() + (retention_days * DAY if lasting else HOUR)

    @property
    def answering_person(self) -> str | None:
        """Who answers in place of the chatbot now; None: the chatbot does."""
        return self.person if (self.silent_until or 0) > now() else None


class ChatMessage(Base):
    """One message, of the ``user``, the ``assistant`` or a ``person`` of the site.

    Attributes:
        finish: why an answer ended; None before it has, ``error`` if it failed.
        first_ms: milliseconds from the question to the first words of its answer.
        site_id, begun: site and beginning of the conversation, repeated here so that figures can be
            counted without reading conversations. None: the message is not counted.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_conversation_id_position", "conversation_id", "position", unique=True),
        # All columns that figures need of an answer, so that its long text is not read.
        Index(
            "ix_message_begun",
            *("site_id", "begun", "origin", "status", "first_ms"),
            sqlite_where=text("origin IS NOT NULL"),
            postgresql_where=text("origin IS NOT NULL"),
        ),
        # For lists of the conversations that have an answer of some kind.
        Index(
            "ix_message_origin",
            *("origin", "conversation_id", "status", "first_ms"),
            sqlite_where=text("origin IS NOT NULL"),
            postgresql_where=text("origin IS NOT NULL"),
        ),
    )

    id: Mapped[RandomId] = mapped_column(default=random_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    position: Mapped[int]
    role: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    origin: Mapped[str | None] = mapped_column(String(10))
    status: Mapped[str | None] = mapped_column(String(20))
    finish: Mapped[str | None] = mapped_column(String(10))
    model: Mapped[str | None] = mapped_column(String(120))
    sources: Mapped[JsonObjects] = mapped_column(default=list)
    facts: Mapped[JsonObject] = mapped_column(default=dict)
    first_ms: Mapped[int | None]
    site_id: Mapped[int | None]
    begun: Mapped[int | None] = mapped_column(BigInteger)

    @property
    def person(self) -> str:
        """The name under which a person of the site wrote it; empty if none did."""
        return str(self.facts.get("person", "")) if self.role == "person" else ""


# The tables themselves: answers are written without objects, which is faster.
CONVERSATIONS: Table = Base.metadata.tables[Conversation.__tablename__]
MESSAGES: Table = Base.metadata.tables[ChatMessage.__tablename__]
_WITH_ID = DirectStatement(select(CONVERSATIONS.c.id).where(CONVERSATIONS.c.id == bindparam("id")))


def new_conversation(
    site_id: int, *, locale: str, page: str | None, keep: bool, preview: bool = False
) -> tuple[Conversation, str]:
    """A new conversation, to be stored by the caller, and its secret, which is not stored."""
    secret = secrets.token_urlsafe(24)
    conversation = Conversation(
        id=random_id(),
        site_id=site_id,
        secret_hash=hash_of_secret(secret),
        created=now(),
        locale=locale,
        page=page,
        keep=keep,
        preview=preview,
    )
    conversation.extend(1)
    return conversation, secret


def open_conversation(session: Session, identifier: str, secret: str) -> Conversation:
    """The conversation, if *secret* is its own.

    Raises:
        NotFound: unknown, expired, or the secret is wrong: a stranger cannot tell which.
        Unauthorized: no secret was given.
    """
    if not secret:
        raise Unauthorized("conversation_no_secret", field="Authorization")
    conversation = session.get(Conversation, identifier)
    secret_hash = conversation.secret_hash if conversation else "0" * 64
    is_owner = hmac.compare_digest(secret_hash, hash_of_secret(secret))
    if conversation is None or not is_owner or conversation.expires < now():
        raise NotFound("conversation_unknown", field="conversation")
    return conversation


def has_conversation(unit: UnitOfWork, identifier: str) -> bool:
    """Whether the conversation exists."""
    return _WITH_ID.first(unit, {"id": identifier}) is not None


def erase_conversation(session: Session, conversation: Conversation) -> int:
    """Erase a conversation on somebody's demand; returns the number of erased messages."""
    remember_erased(session, CONVERSATIONS.name, {"id": conversation.id})
    return erase_conversations(session, [conversation.id])


def erase_conversations(session: Session, identifiers: Sequence[str]) -> int:
    """Erase conversations, few enough for one statement; returns the number of erased messages."""
    messages = delete(ChatMessage).where(ChatMessage.conversation_id.in_(identifiers))
    message_count = count_changed(session, messages)
    session.execute(delete(Conversation).where(Conversation.id.in_(identifiers)))
    return message_count
