"""Conversations that are there before a test begins."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from support.servers.owner_server import OwnerServer

from chatbot_server.storage.database import Database
from chatbot_server.storage.visitors.conversations import (
    ChatMessage,
    Conversation,
    new_conversation,
)
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


def add_conversation(
    session: Session,
    site_id: int,
    *exchanges: tuple[str, str],
    locale: str = "en",
    page: str | None = "https://example.org/p",
    keep: bool = True,
    **fields: Any,
) -> list[ChatMessage]:
    """Store a conversation of *exchanges*, each a question and its answer; returns the answers.

    *fields* are those of each answer.
    """
    conversation, _ = start_conversation(session, site_id, locale=locale, page=page, keep=keep)
    conversation.extend(30)
    answers = []
    for question, text in exchanges:
        add_message(session, conversation, "user", question)
        answers.append(add_message(session, conversation, "assistant", text))
        for name, value in {"finish": "stop", **fields}.items():
            setattr(answers[-1], name, value)
    return answers


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
        [message] = add_conversation(
            session, owner.site_id, (question, answer), origin=origin, **fields
        )
        if down is not None:
            save_feedback(session, message, "down", None, down)
        return message.conversation_id


def ask_in_vain(
    database: Database, site_id: int, *questions: str, origin: str = "none", keep: bool = True
) -> str:
    """One conversation in which each question got an answer of this origin; its id."""
    with database.session() as session:
        exchanges = [(question, "…") for question in questions]
        answers = add_conversation(
            session, site_id, *exchanges, page=None, keep=keep, origin=origin
        )
        return answers[0].conversation_id
