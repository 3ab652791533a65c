"""Messages of conversations: how they are written, read and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

from sqlalchemy import Text, bindparam, cast, delete, func, insert, inspect, select, update
from sqlalchemy.orm import InstanceState, Session

from chatbot_server.errors import NotFound
from chatbot_server.storage.base import JsonObject, UnitOfWork, count_changed
from chatbot_server.storage.direct import DirectStatement
from chatbot_server.storage.visitors.conversations import (
    CONVERSATIONS,
    MESSAGES,
    ChatMessage,
    Conversation,
)

NEW_MESSAGE: JsonObject = {"text": "", "sources": [], "facts": {}} | dict.fromkeys(
    ("origin", "status", "finish", "model", "first_ms")
)
COLUMN_NAMES = CONVERSATIONS.columns.keys()
_NEW_CONVERSATION = DirectStatement(insert(CONVERSATIONS), COLUMN_NAMES)
_NEW_MESSAGES = DirectStatement(insert(MESSAGES), MESSAGES.columns.keys())
_LAST_MOMENT = (
    select(MESSAGES.c.created)
    .where(MESSAGES.c.conversation_id == bindparam("id"))
    .order_by(MESSAGES.c.position.desc())
    .limit(1)
)


def add_message(session: Session, conversation: Conversation, role: str, text: str) -> ChatMessage:
    """Append a message to a stored conversation."""
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
    state: InstanceState[Conversation] = inspect(conversation)
    if state.transient:
        values = state.dict  # not its attributes, which take ten times as long
        columns = {name: values.get(name) for name in COLUMN_NAMES}
        _NEW_CONVERSATION.insert(unit, columns)
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
    figures |= {"conversation_id": conversation.id}
    _NEW_MESSAGES.insert(
        unit,
        *(
            NEW_MESSAGE | row | {"position": place} | figures
            for place, row in enumerate(rows, position)
        ),
    )


def complete_answer(unit: UnitOfWork, identifier: str, answer: JsonObject) -> bool:
    """Store the columns of *answer* in its row; False if the conversation was erased."""
    statement = update(MESSAGES).where(MESSAGES.c.id == identifier).values(answer)
    return bool(count_changed(unit, statement))


def set_facts(unit: UnitOfWork, identifier: str, facts: JsonObject) -> None:
    """Replace the facts of one message."""
    unit.execute(update(MESSAGES).where(MESSAGES.c.id == identifier).values(facts=facts))


def erase_messages(unit: UnitOfWork, identifiers: Sequence[str]) -> None:
    """Erase single messages."""
    unit.execute(delete(MESSAGES).where(MESSAGES.c.id.in_(identifiers)))


def mark_cut_answers(session: Session, words: Mapping[str, str], before: int | None = None) -> int:
    """Set the text of answers that never ended to *words*, by language; returns how many.

    *before*: only of those that began before this moment, as a server may still be writing others.
    """
    cut = [MESSAGES.c.role == "assistant", MESSAGES.c.finish.is_(None)]
    if before is not None:
        cut.append(MESSAGES.c.created < before)
    if session.scalar(select(MESSAGES.c.id).where(*cut).limit(1)) is None:
        return 0  # as at most starts; nothing is written then
    count = 0
    for language, sentence in words.items():
        mine = select(CONVERSATIONS.c.id).where(CONVERSATIONS.c.locale == language)
        statement = update(MESSAGES).where(*cut, MESSAGES.c.conversation_id.in_(mine))
        values = {"text": sentence, "finish": "error", "status": "failed"}
        count += count_changed(session, statement.values(values))
    return count


def count_messages(session: Session) -> None:
    """Set the columns by which messages are counted, which older backups do not have."""
    of_it = CONVERSATIONS.c.id == MESSAGES.c.conversation_id
    conditions = (of_it, CONVERSATIONS.c.keep, CONVERSATIONS.c.preview.is_(False))
    values = {
        name: select(CONVERSATIONS.c[column]).where(*conditions).scalar_subquery()
        for name, column in (("site_id", "site_id"), ("begun", "created"))
    }
    session.execute(update(MESSAGES).values(values))


def history(session: Session, conversation_id: str) -> Sequence[ChatMessage]:
    """All messages, oldest first."""
    return session.scalars(
        select(ChatMessage)
        .where(ChatMessage.conversation_id == conversation_id)
        .order_by(ChatMessage.position)
    ).all()


def recent_history(session: Session, conversation_id: str, chars: int) -> Sequence[ChatMessage]:
    """The newest messages, oldest first: all, or *chars* to about twice as many characters.

    The first of them changes only after *chars* more characters: so prompts have a common prefix,
    which a model need not read again.
    """
    this = ChatMessage.conversation_id == conversation_id
    length = func.length(ChatMessage.text) + func.length(cast(ChatMessage.facts, Text))
    rows = session.execute(
        select(ChatMessage.position, ChatMessage.role, length)
        .where(this)
        .order_by(ChatMessage.position)
    ).all()
    *starts, total = accumulate((length for *_, length in rows), initial=0)
    questions = [
        (start, position)
        for start, (position, role, _) in zip(starts, rows, strict=True)
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


def last_moment(session: Session, conversation_id: str) -> int:
    """When the last message was written, in Unix seconds; 0 if there is none."""
    return session.scalar(_LAST_MOMENT, {"id": conversation_id}) or 0


def last_exchange(messages: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
    """The last question and its answer; empty if a person has written since."""
    questions = [number for number, message in enumerate(messages) if message.role == "user"]
    exchange = messages[questions[-1] :] if questions else ()
    return () if any(message.role == "person" for message in exchange) else exchange


def _figures_of(conversation: Conversation) -> JsonObject:
    """The columns by which messages are counted; None for previews, and where nothing is kept."""
    if conversation.preview or not conversation.keep:
        return {"site_id": None, "begun": None}
    return {"site_id": conversation.site_id, "begun": conversation.created}


def _next_position(unit: UnitOfWork, conversation_id: str) -> int:
    last = unit.scalar(
        select(func.max(MESSAGES.c.position)).where(MESSAGES.c.conversation_id == conversation_id)
    )
    return 0 if last is None else last + 1
