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
    """What one visitor and the chatbot said to each other.

    Attributes:
        secret_hash: SHA-256 of the secret that only the visitor's browser holds.
        expires: when it is erased, in Unix seconds; moves on with every message.
        keep: False: erased an hour after the last message.
        page: where it began, without query string.
        preview: it began on the owner's pages, and is not counted.
        person: name of who has taken it over, as the visitor reads it.
        silent_until: the chatbot leaves the answers to *person* until then.
    """

    __tablename__ = "conversation"
    __table_args__ = (
        # All that is looked at to find and count a site's conversations.
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
        """Move the day of erasure on from this moment."""
        lasting = self.keep and retention_days > 0
        self.expires = now() + (retention_days * DAY if lasting else HOUR)

    @property
    def answering_person(self) -> str | None:
        """Who answers in the chatbot's place at this moment; None: the chatbot does."""
        return self.person if (self.silent_until or 0) > now() else None


class ChatMessage(Base):
    """One turn, of the ``user``, the ``assistant`` or a ``person`` of the site's.

    ``finish`` of an answer is empty until it ended, ``error`` if it failed.
    ``first_ms``: milliseconds from the question to the first words of its answer.
    ``site_id`` and ``begun`` say again what its conversation does, so that figures are counted
    without a look at each: of which site, and begun when. None: it counts in no figures.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_conversation_id_position", "conversation_id", "position", unique=True),
        # All that figures need of an answer: its text, which is long, is not read.
        Index(
            "ix_message_begun",
            *("site_id", "begun", "origin", "status", "first_ms"),
            sqlite_where=text("origin IS NOT NULL"),
            postgresql_where=text("origin IS NOT NULL"),
        ),
        # Which conversations have an answer of some kind: lists that show only those.
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
        """The name under which a person wrote it; empty: nobody of the site's did."""
        return str(self.facts.get("person", "")) if self.role == "person" else ""


# The tables themselves: what each answer writes passes by the objects.
CONVERSATIONS: Table = Base.metadata.tables[Conversation.__tablename__]
MESSAGES: Table = Base.metadata.tables[ChatMessage.__tablename__]
NEW_MESSAGE: JsonObject = {"text": "", "sources": [], "facts": {}} | dict.fromkeys(
    ("origin", "status", "finish", "model", "first_ms")
)


def new_conversation(
    site_id: int, *, locale: str, page: str | None, keep: bool, preview: bool = False
) -> tuple[Conversation, str]:
    """A conversation that is not stored yet and its secret, of which only the hash will be."""
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
    """A new conversation and its secret, of which only the hash is stored."""
    conversation, secret = new_conversation(site_id, locale=locale, page=page, keep=keep)
    session.add(conversation)
    session.flush()
    return conversation, secret


def open_conversation(session: Session, identifier: str, secret: str) -> Conversation:
    """The conversation, for whoever holds its secret.

    Raises:
        NotFound: it does not exist, has expired, or the secret is another's: a
            stranger cannot tell which.
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
    """Append a question and its answer, and store the conversation with its first exchange.

    Others who add to the same conversation wait until *unit* ends. *question* and *answer*
    are values of columns: their ids and texts, and all that is known of the answer already.

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
        # First of all a write: with it PostgreSQL locks the row, and SQLite the database.
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
    """Where a message of *conversation* is counted; not the owner's tries, nor what is not kept."""
    if conversation.preview or not conversation.keep:
        return {"site_id": None, "begun": None}
    return {"site_id": conversation.site_id, "begun": conversation.created}


def count_messages(session: Session) -> None:
    """Note again at each message what its conversation says: an older backup does not."""
    of_it = CONVERSATIONS.c.id == MESSAGES.c.conversation_id
    conditions = (of_it, CONVERSATIONS.c.keep, CONVERSATIONS.c.preview.is_(False))
    values = {
        name: select(CONVERSATIONS.c[column]).where(*conditions).scalar_subquery()
        for name, column in (("site_id", "site_id"), ("begun", "created"))
    }
    session.execute(update(MESSAGES).values(values))


def complete_answer(unit: UnitOfWork, identifier: str, answer: JsonObject) -> bool:
    """Store *answer*, values of columns, in its row; False: the conversation was erased."""
    statement = update(MESSAGES).where(MESSAGES.c.id == identifier).values(answer)
    return bool(count_changed(unit, statement))


def mark_cut_answers(session: Session, words: Mapping[str, str], *, is_start: bool) -> int:
    """Give the answers that never ended *words* as their text, by language; returns how many.

    Where a server may be writing its own, which on PostgreSQL is so also at the start of one,
    only what began an hour ago counts.
    """
    cut = [MESSAGES.c.role == "assistant", MESSAGES.c.finish.is_(None)]
    if not is_start or session.get_bind().dialect.name != "sqlite":
        cut.append(MESSAGES.c.created < now() - HOUR)
    if session.scalar(select(MESSAGES.c.id).where(*cut).limit(1)) is None:
        return 0  # nothing is written at most starts
    count = 0
    for language, sentence in words.items():
        mine = select(CONVERSATIONS.c.id).where(CONVERSATIONS.c.locale == language)
        statement = update(MESSAGES).where(*cut, MESSAGES.c.conversation_id.in_(mine))
        values = {"text": sentence, "finish": "error", "status": "failed"}
        count += count_changed(session, statement.values(values))
    return count


def set_facts(unit: UnitOfWork, identifier: str, facts: JsonObject) -> None:
    """Replace what is noted of one turn."""
    unit.execute(update(MESSAGES).where(MESSAGES.c.id == identifier).values(facts=facts))


_SAME_ID = select(CONVERSATIONS.c.id).where(CONVERSATIONS.c.id == bindparam("id"))


def has_conversation(unit: UnitOfWork, identifier: str) -> bool:
    """Whether the conversation was not erased."""
    return bool(unit.scalar(_SAME_ID, {"id": identifier}))


def _next_position(unit: UnitOfWork, conversation_id: str) -> int:
    last = unit.scalar(
        select(func.max(MESSAGES.c.position)).where(MESSAGES.c.conversation_id == conversation_id)
    )
    return 0 if last is None else last + 1


def history(session: Session, conversation_id: str) -> Sequence[ChatMessage]:
    """All turns, oldest first."""
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
    """When the last turn was said, in Unix seconds; 0: nothing was."""
    return session.scalar(_LAST_MOMENT, {"id": conversation_id}) or 0


def recent_history(session: Session, conversation_id: str, chars: int) -> Sequence[ChatMessage]:
    """The newest turns, oldest first: all, or about *chars* to twice *chars* characters of them.

    They begin with the same question until *chars* more were said, so that the prompt made
    of them does, too, and what a model has read of it can be used again.
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
    """The last question of *turns* and its answer; none where a person has written since."""
    questions = [number for number, turn in enumerate(turns) if turn.role == "user"]
    exchange = turns[questions[-1] :] if questions else ()
    return () if any(turn.role == "person" for turn in exchange) else exchange


def erase_messages(unit: UnitOfWork, identifiers: Sequence[str]) -> None:
    """Erase single turns."""
    unit.execute(delete(MESSAGES).where(MESSAGES.c.id.in_(identifiers)))


def erase_conversation(session: Session, conversation: Conversation) -> int:
    """Erase a conversation for good; returns the number of messages that went with it."""
    return _erase(session, [conversation.id])


def erase_expired(session: Session, moment: int | None = None) -> tuple[int, int]:
    """Erase what has outlived the retention; returns (conversations, messages)."""
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
