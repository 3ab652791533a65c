"""Conversations that are there before a test begins."""

from __future__ import annotations

from sqlalchemy.orm import Session

from chatbot_server.storage.visitors.conversations import Conversation, new_conversation


def start_conversation(
    session: Session, site_id: int, *, locale: str, page: str | None, keep: bool
) -> tuple[Conversation, str]:
    """Store a conversation without messages; returns it and its secret."""
    conversation, secret = new_conversation(site_id, locale=locale, page=page, keep=keep)
    session.add(conversation)
    session.flush()
    return conversation, secret
