"""Statements given to SQLite's driver store and read what SQLAlchemy does, and fail as it does."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import bindparam, func, insert, select

from chatbot_server.errors import Unavailable
from chatbot_server.storage.database import Database
from chatbot_server.storage.direct import DirectStatement
from chatbot_server.storage.site.sites import add_site
from chatbot_server.storage.visitors.conversations import CONVERSATIONS, MESSAGES, new_conversation
from chatbot_server.storage.visitors.messages import NEW_MESSAGE

INSERT = DirectStatement(insert(MESSAGES), MESSAGES.columns.keys())
# A value of its own beside the one that is asked for.
COUNT = DirectStatement(
    select(func.coalesce(func.max(MESSAGES.c.position), 7)).where(MESSAGES.c.id == bindparam("id"))
)


@pytest.fixture
def begun(database: Database) -> str:
    with database.session() as session:
        site = add_site(session, "Shop")
        conversation, _secret = new_conversation(site.id, locale="fr", page=None, keep=True)
        session.add(conversation)
        return conversation.id


def message(conversation: str, identifier: str, position: int) -> dict[str, Any]:
    source = {"title": "Prix « été »", "url": "https://example.org/?a=1&b", "quote": 'a"b\\\n\0'}
    return NEW_MESSAGE | {
        "id": identifier,
        "conversation_id": conversation,
        "position": position,
        "role": "assistant",
        "text": "Ça coûte 12 € 🙂",
        "created": 1_700_000_000,
        "sources": [source],
        "facts": {"score": 0.25, "cached": True, "choices": []},
        "site_id": None,
        "begun": None,
    }


def test_rows_are_stored_as_sqlalchemy_stores_them(database: Database, begun: str) -> None:
    with database.connection() as connection:
        INSERT.insert(connection, message(begun, "direct", 0), message(begun, "direct 2", 1))
        connection.execute(insert(MESSAGES), [message(begun, "core", 2)])
    with database.connection() as connection:
        text = select(MESSAGES).order_by(MESSAGES.c.position)
        direct, second, core = map(dict, connection.execute(text).mappings())
        raw = connection.exec_driver_sql("SELECT sources, facts FROM message").all()
    assert raw[0] == raw[1] == raw[2]
    for number, row in enumerate((direct, second, core)):
        assert (row.pop("id"), row.pop("position")) == (
            ("direct", "direct 2", "core")[number],
            number,
        )
    assert direct == second == core
    assert core["sources"] == message("", "", 0)["sources"]


def test_a_row_is_read_with_the_constants_of_the_statement(database: Database, begun: str) -> None:
    known = DirectStatement(
        select(CONVERSATIONS.c.locale, CONVERSATIONS.c.keep).where(CONVERSATIONS.c.id == begun)
    )
    unknown = DirectStatement(select(CONVERSATIONS.c.id).where(CONVERSATIONS.c.id == "unknown"))
    with database.session() as session:
        assert tuple(known.first(session, {}) or ()) == ("fr", 1)
        assert unknown.first(session, {}) is None
        assert tuple(COUNT.first(session, {"id": "none"}) or ()) == (7,)
    database.forget_erased()  # nobody reads an older state


def test_what_fails_is_rolled_back_and_told_as_what_sqlalchemy_fails_at(database: Database) -> None:
    with pytest.raises(Unavailable, match=r"(?i)foreign key"), database.connection() as connection:
        INSERT.insert(connection, message("nobody's", "a", 0))
    with database.connection() as connection:
        assert tuple(COUNT.first(connection, {"id": "a"}) or ()) == (7,)
