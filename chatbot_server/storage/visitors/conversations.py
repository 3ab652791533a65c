"""Conversations and their messages."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from itertools import accumulate

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from chatbot_server.errors import NotFound, Unauthorized
from chatbot_server.storage.base import (
    Base,
    JsonObject,
    JsonObjects,
    Moment,
    RandomId,
    UnitOfWork,
    batches,
    count_changed,
    hash_of_secret,
    now,
    random_id,
)

HOUR = 3600
DAY = 24 * HOUR


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
    )

    id: Mapped[RandomId] = mapped_column(default=random_id)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    created: Mapped[Moment] = mapped_column(default=now)
    expires: Mapped[Moment] = mapped_column(index=True)
    keep: Mapped[bool] = mapped_column(default=True)
    locale: Mapped[str] = mapped_column(String(10), default="en")
    page: Mapped[str | None] = mapped_column(String(500))
    preview: Mapped[bool] = mapped_column(default=False)
    person: Mapped[str | None] = mapped_column(String(40), index=True)
    silent_until: Mapped[Moment | None]

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
        site_id, begun: site and beginning of the conversation, repeated here so that figures are
            counted without reading conversations. None: not counted.
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
    created: Mapped[Moment] = mapped_column(default=now)
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
NEW_MESSAGE: JsonObject = {"text": "", "sources": [], "facts": {}} | dict.fromkeys(
    ("origin", "status", "finish", "model", "first_ms")
)


def new_conversation(
    site_id: int, *, locale: str, page: str | None, keep: bool, preview: bool = False
) -> tuple[Conversation, str]:
    """A conversation that is not stored yet, and its secret, of which only a hash is stored."""
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


def start_conversation(
    session: Session, site_id: int, *, locale: str, page: str | None, keep: bool
) -> tuple[Conversation, str]:
    """Store a new conversation; returns it and its secret, of which only a hash is stored."""
    conversation, secret = new_conversation(site_id, locale=locale, page=page, keep=keep)
    session.add(conversation)
    session.flush()
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


def add_message(session: Session, conversation: Conversation, role: str, text: str) -> ChatMessage:
    """Append a turn to a stored conversation."""
    message = ChatMessage(
        conversation_id=conversation.id,
        position=_next_position(session, conversation.id),
        role=role,
        text=text,
        **_figures_of(conversation),
    )
    session.add(message)
    session.flush()
    return message


def add_exchange(
    unit: UnitOfWork, conversation: Conversation, question: JsonObject, answer: JsonObject
) -> None:
    """Append a question and its answer; the first exchange also stores the conversation.

    Others that append to the same conversation wait until *unit* ends. *question* and *answer* are
    the values of their columns that are known already.

    Raises:
        NotFound: the conversation was erased meanwhile.
    """
    if inspect(conversation).transient:
        columns = {
            column.name: getattr(conversation, column.name) for column in CONVERSATIONS.columns
        }
        unit.execute(insert(CONVERSATIONS), columns)
        position = 0
    else:
        # A write comes first: it makes PostgreSQL lock the row, and SQLite the database.
        statement = (
            update(CONVERSATIONS)
            .where(CONVERSATIONS.c.id == conversation.id)
            .values(expires=conversation.expires)
        )
        if not count_changed(unit, statement):
            raise NotFound("conversation_unknown", field="conversation")
        position = _next_position(unit, conversation.id)
    figures = _figures_of(conversation)
    rows = (question | {"role": "user"}, answer | {"role": "assistant"})
    unit.execute(
        insert(MESSAGES),
        [
            NEW_MESSAGE | row | {"conversation_id": conversation.id, "position": place} | figures
            for place, row in enumerate(rows, position)
        ],
    )


def _figures_of(conversation: Conversation) -> dict[str, int | None]:
    """The columns by which messages are counted; None for previews, and where nothing is kept."""
    if conversation.preview or not conversation.keep:
        return {"site_id": None, "begun": None}
    return {"site_id": conversation.site_id, "begun": conversation.created}


def count_messages(session: Session) -> None:
    """Set the columns by which messages are counted, which older backups do not have."""
    of_it = CONVERSATIONS.c.id == MESSAGES.c.conversation_id
    conditions = (of_it, CONVERSATIONS.c.keep, CONVERSATIONS.c.preview.is_(False))
    values = {
        name: select(CONVERSATIONS.c[column]).where(*conditions).scalar_subquery()
        for name, column in (("site_id", "site_id"), ("begun", "created"))
    }
    session.execute(update(MESSAGES).values(values))


def complete_answer(unit: UnitOfWork, identifier: str, answer: JsonObject) -> bool:
    """Store the columns of *answer* in its row; False if the conversation was erased."""
    statement = update(MESSAGES).where(MESSAGES.c.id == identifier).values(answer)
    return bool(count_changed(unit, statement))


def mark_cut_answers(session: Session, words: Mapping[str, str], *, is_start: bool) -> int:
    """Set the text of answers that never ended to *words*, by language; returns how many.

    Answers that a server may still be writing must be an hour old. On PostgreSQL, that may be
    another server, even at the start of this one.
    """
    cut = [MESSAGES.c.role == "assistant", MESSAGES.c.finish.is_(None)]
    if not is_start or session.get_bind().dialect.name != "sqlite":
        cut.append(MESSAGES.c.created < now() - HOUR)
    if session.scalar(select(MESSAGES.c.id).where(*cut).limit(1)) is None:
        return 0  # as at most starts; nothing is written then
    count = 0
    for language, sentence in words.items():
        mine = select(CONVERSATIONS.c.id).where(CONVERSATIONS.c.locale == language)
        statement = update(MESSAGES).where(*cut, MESSAGES.c.conversation_id.in_(mine))
        values = {"text": sentence, "finish": "error", "status": "failed"}
        count += count_changed(session, statement.values(values))
    return count


def set_facts(unit: UnitOfWork, identifier: str, facts: JsonObject) -> None:
    """Replace the facts of one message."""
    unit.execute(update(MESSAGES).where(MESSAGES.c.id == identifier).values(facts=facts))


_SAME_ID = select(CONVERSATIONS.c.id).where(CONVERSATIONS.c.id == bindparam("id"))


def has_conversation(unit: UnitOfWork, identifier: str) -> bool:
    """Whether the conversation exists."""
    return bool(unit.scalar(_SAME_ID, {"id": identifier}))


def _next_position(unit: UnitOfWork, conversation_id: str) -> int:
    last = unit.scalar(
        select(func.max(MESSAGES.c.position)).where(MESSAGES.c.conversation_id == conversation_id)
    )
    return 0 if last is None else last + 1


def history(session: Session, conversation_id: str) -> Sequence[ChatMessage]:
    """All messages, oldest first."""
    return session.scalars(
        select(ChatMessage)
        .where(ChatMessage.conversation_id == conversation_id)
        .order_by(ChatMessage.position)
    ).all()


_LAST_MOMENT = (
    select(MESSAGES.c.created)
    .where(MESSAGES.c.conversation_id == bindparam("id"))
    .order_by(MESSAGES.c.position.desc())
    .limit(1)
)


def last_moment(session: Session, conversation_id: str) -> int:
    """When the last message was written, in Unix seconds; 0 if there is none."""
    return session.scalar(_LAST_MOMENT, {"id": conversation_id}) or 0


def recent_history(session: Session, conversation_id: str, chars: int) -> Sequence[ChatMessage]:
    """The newest messages, oldest first: all, or *chars* to about twice as many characters.

    They begin with the same message until *chars* more characters were written, so that prompts
    have a common prefix, which a model need not read again.
    """
    this = ChatMessage.conversation_id == conversation_id
    length = func.length(ChatMessage.text) + func.length(cast(ChatMessage.facts, Text))
    turns = session.execute(
        select(ChatMessage.position, ChatMessage.role, length)
        .where(this)
        .order_by(ChatMessage.position)
    ).all()
    *starts, total = accumulate((length for *_, length in turns), initial=0)
    questions = [
        (start, position)
        for start, (position, role, _) in zip(starts, turns, strict=True)
        if role == "user"
    ]
    earliest = (total // chars - 1) * chars
    recent = [question for question in questions if question[0] >= earliest] or questions[-1:]
    first = recent[0][1] if recent else 0
    return session.scalars(
        select(ChatMessage)
        .where(this, ChatMessage.position >= first)
        .order_by(ChatMessage.position)
    ).all()


def last_exchange(turns: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
    """The last question and its answer; empty if a person has written since."""
    questions = [number for number, turn in enumerate(turns) if turn.role == "user"]
    exchange = turns[questions[-1] :] if questions else ()
    return () if any(turn.role == "person" for turn in exchange) else exchange


def erase_messages(unit: UnitOfWork, identifiers: Sequence[str]) -> None:
    """Erase single messages."""
    unit.execute(delete(MESSAGES).where(MESSAGES.c.id.in_(identifiers)))


def erase_conversation(session: Session, conversation: Conversation) -> int:
    """Erase a conversation; returns the number of erased messages."""
    return _erase(session, [conversation.id])


def erase_expired(session: Session, moment: int | None = None) -> tuple[int, int]:
    """Erase expired conversations; returns the numbers of conversations and messages."""
    due = session.scalars(
        select(Conversation.id).where(Conversation.expires < (now() if moment is None else moment))
    ).all()
    return len(due), _erase(session, due)


def _erase(session: Session, conversation_ids: Sequence[str]) -> int:
    message_count = 0
    for batch in batches(conversation_ids):
        messages = delete(ChatMessage).where(ChatMessage.conversation_id.in_(batch))
        message_count += count_changed(session, messages)
        session.execute(delete(Conversation).where(Conversation.id.in_(batch)))
    return message_count
