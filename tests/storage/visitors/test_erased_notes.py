"""Notes on conversations, on each database: they go with the conversation, however it goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from support.conversations import start_conversation

from chatbot_server.errors import NotFound
from chatbot_server.storage.base import DAY, now
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import Site, add_site
from chatbot_server.storage.visitors.conversations import Conversation, erase_conversation
from chatbot_server.storage.visitors.erasure import (
    erase_conversations_of,
    erase_expired,
    erase_outlived,
)
from chatbot_server.storage.visitors.internal_notes import (
    InternalNote,
    add_internal_note,
    internal_notes,
)


def by_demand(database: Database, conversation: Conversation) -> None:
    with database.session() as session:
        erase_conversation(session, session.get_one(Conversation, conversation.id))


def by_purge(database: Database, _thread: Conversation) -> None:
    erase_expired(database, now() + 31 * DAY)


def by_restore(database: Database, conversation: Conversation) -> None:
    with database.session() as session:
        session.get_one(Conversation, conversation.id).expires = 1
        session.flush()
        erase_outlived(session)


def with_its_site(database: Database, conversation: Conversation) -> None:
    with database.session() as session:
        site = session.get_one(Site, conversation.site_id)
    erase_conversations_of(database, site)


@pytest.mark.parametrize("erase", [by_demand, by_purge, by_restore, with_its_site])
def test_notes_go_with_their_conversation(
    database: Database, erase: Callable[[Database, Conversation], None]
) -> None:
    with database.session() as session:
        site = add_site(session, "Bakery")
        conversation, _ = start_conversation(session, site.id, locale="en", page=None, keep=True)
        conversation.extend(30)
        for person in ("Ann", "Marie"):
            add_internal_note(session, conversation, person, f"Seen by {person}.")
        notes = internal_notes(session, [conversation.id])[conversation.id]
        assert [(note.person, note.text) for note in notes] == [
            ("Ann", "Seen by Ann."),
            ("Marie", "Seen by Marie."),
        ]
    erase(database, conversation)
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(InternalNote)) == 0
        with pytest.raises(NotFound):
            add_internal_note(session, conversation, "Ann", "Too late.")
