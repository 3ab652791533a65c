"""Internal notes: what people of a site write on its conversations, for each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import ForeignKey, String, Text, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from chatbot_server.errors import NotFound, UsageError
from chatbot_server.storage.base import Base, JsonObject, UnixSeconds, count_changed, now
from chatbot_server.storage.visitors.conversations import Conversation
from chatbot_server.storage.visitors.erasures import remember_erased

LONGEST_NOTE = 1000
MOST_NOTES = 50  # on one conversation


class InternalNote(Base):
    """A note on a conversation, which its visitor does not read; erased with it.

    It is never changed, only erased, so that nobody overwrites what somebody else wrote.

    Attributes:
        person: the name of the account that wrote it.
        role, origin, sources: as those of the messages beside which it is shown and exported.
    """

    __tablename__ = "internal_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    person: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)

    role: ClassVar[str] = "note"
    origin: ClassVar[str] = ""
    sources: ClassVar[Sequence[JsonObject]] = ()


def add_internal_note(
    session: Session, conversation: Conversation, person: str, text: str
) -> InternalNote:
    """Write a note on *conversation*.

    Raises:
        UsageError: it is empty or too long, or there are too many.
        NotFound: the conversation was erased meanwhile.
    """
    if not 0 < len(text) <= LONGEST_NOTE:
        raise UsageError("internal_note_length", field="note", limit=LONGEST_NOTE)
    # A write comes first: whoever erases it, or writes another note, waits or has ended.
    this = update(Conversation).where(Conversation.id == conversation.id)
    if not count_changed(session, this.values(expires=Conversation.expires)):
        raise NotFound("conversation_unknown", field="conversation")
    on_it = InternalNote.conversation_id == conversation.id
    count = session.scalar(select(func.count()).select_from(InternalNote).where(on_it)) or 0
    if count >= MOST_NOTES:
        raise UsageError("internal_note_many", field="note", limit=MOST_NOTES)
    note = InternalNote(conversation_id=conversation.id, person=person, text=text)
    session.add(note)
    session.flush()
    return note


def internal_notes(session: Session, conversations: Sequence[str]) -> dict[str, list[InternalNote]]:
    """The notes on the conversations with these ids, by id, oldest first."""
    query = select(InternalNote).where(InternalNote.conversation_id.in_(conversations))
    notes: dict[str, list[InternalNote]] = {}
    for note in session.scalars(query.order_by(InternalNote.id)):
        notes.setdefault(note.conversation_id, []).append(note)
    return notes


def erase_internal_note(session: Session, conversation: Conversation, number: int) -> None:
    """Erase a note on *conversation* on somebody's demand.

    Raises:
        NotFound: there is no such note on it.
    """
    note = session.get(InternalNote, number)
    if note is None or note.conversation_id != conversation.id:
        raise NotFound("internal_note_unknown", field="note")
    key = {name: getattr(note, name) for name in ("conversation_id", "id", "created")}
    remember_erased(session, InternalNote.__tablename__, key)
    session.execute(delete(InternalNote).where(InternalNote.id == number))
