"""Conversations that a person of the site has taken over, and what waits in them for an answer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.orm import Session

from chatbot_server.storage.base import HOUR, JsonObject, UnitOfWork, now, session_of
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.conversations import ChatMessage, Conversation
from chatbot_server.storage.visitors.feedback import ContactRequest, add_contact_request
from chatbot_server.storage.visitors.messages import add_message

LONGEST_NAME = 40
LONGEST_TEXT = 4000
MOST_NEWS = 20  # messages told at once


def write_as_person(
    session: Session, conversation: Conversation, site: Site, name: str, text: str
) -> ChatMessage:
    """Add a message of the person *name*, to whom the chatbot leaves the answers."""
    silence = {"person": name, "silent_until": now() + site.silence_hours * HOUR}
    # First of all a write: who adds to the same conversation meanwhile waits for its place.
    session.execute(update(Conversation).where(Conversation.id == conversation.id).values(silence))
    message = add_message(session, conversation, "person", text)
    message.facts = {"person": name}
    _answer_waiting(session, conversation.id)
    return message


def hand_back(session: Session, conversation: Conversation) -> None:
    """Let the chatbot answer again."""
    conversation.silent_until = None
    _answer_waiting(session, conversation.id)


def note_waiting(
    unit: UnitOfWork,
    site: Site,
    conversation_id: str,
    message: JsonObject,
    mail_due: int | None,
) -> bool:
    """Note that the visitor's *message* (``id`` and ``text``) waits for a person of the site.

    An e-mail about it is due at *mail_due*. Returns False if another message waits already.
    """
    waiting = select(ContactRequest.id).where(_waiting(conversation_id)).limit(1)
    if unit.scalar(waiting) is not None:
        return False
    session = session_of(unit)
    conversation = session.get_one(Conversation, conversation_id)
    text = message["text"]
    request = add_contact_request(session, site, conversation, name="", email="", text=text)
    request.message_id, request.mail_due = message["id"], mail_due
    session.flush()
    return True


def persons_messages(session: Session, conversation_id: str, after: str) -> Sequence[ChatMessage]:
    """The messages of people after the message with the id *after*, oldest first."""
    mine = ChatMessage.conversation_id == conversation_id
    query = select(ChatMessage).where(mine, ChatMessage.role == "person")
    if after:
        place = select(ChatMessage.position).where(mine, ChatMessage.id == after)
        query = query.where(ChatMessage.position > func.coalesce(place.scalar_subquery(), -1))
    newest = session.scalars(query.order_by(ChatMessage.position.desc()).limit(MOST_NEWS)).all()
    return newest[::-1]


def ids_before(session: Session, messages: Sequence[ChatMessage]) -> dict[str, str]:
    """The id of the message before each of *messages*, by the id of the latter.

    All are of one conversation.
    """
    if not messages:
        return {}
    after = {message.position - 1: message.id for message in messages}
    query = select(ChatMessage.position, ChatMessage.id).where(
        ChatMessage.conversation_id == messages[0].conversation_id, ChatMessage.position.in_(after)
    )
    return {after[position]: identifier for position, identifier in session.execute(query)}


def _answer_waiting(session: Session, conversation_id: str) -> None:
    session.execute(delete(ContactRequest).where(_waiting(conversation_id)))


def _waiting(conversation_id: str) -> ColumnElement[bool]:
    mine = ContactRequest.conversation_id == conversation_id
    return and_(mine, ContactRequest.message_id.is_not(None))
