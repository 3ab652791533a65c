"""Conversations that are there before a test begins."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from support.servers.owner_server import OwnerServer

from chatbot_server.storage.database import Database
from chatbot_server.storage.visitors.conversations import Conversation, new_conversation
from chatbot_server.storage.visitors.feedback import save_feedback
from chatbot_server.storage.visitors.messages import add_message


def start_conversation(
    session: Session, site_id: int, *, locale: str, page: str | None, keep: bool
) -> tuple[Conversation, str]:
    """Store a conversation without messages; returns it and its secret."""
    conversation, secret = new_conversation(site_id, locale=locale, page=page, keep=keep)
    session.add(conversation)
    session.flush()
    return conversation, secret


def talk(
    owner: OwnerServer,
    question: str,
    answer: str,
    origin: str,
    *,
    down: str | None = None,
    **fields: Any,
) -> str:
    """A conversation of one question; returns its id.

    *down* is what the visitor says with a thumb down.
    """
    with owner.database.session() as session:
        conversation, _ = start_conversation(
            session, owner.site_id, locale="en", page="https://example.org/p", keep=True
        )
        conversation.extend(30)
        add_message(session, conversation, "user", question)
        message = add_message(session, conversation, "assistant", answer)
        message.origin, message.finish = origin, "stop"
        for name, value in fields.items():
            setattr(message, name, value)
        if down is not None:
            save_feedback(session, message, "down", None, down)
        return conversation.id


def ask_in_vain(
    database: Database, site_id: int, *questions: str, origin: str = "none", keep: bool = True
) -> str:
    """One conversation in which each question got an answer of this origin; its id."""
    with database.session() as session:
        chat, _secret = start_conversation(session, site_id, locale="en", page=None, keep=keep)
        chat.extend(30)
        for question in questions:
            add_message(session, chat, "user", question)
            add_message(session, chat, "assistant", "…").origin = origin
        return chat.id
