"""Questions and answers of a conversation stand in turn, whoever asks at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from alembic import command
from sqlalchemy import text
from support.conversations import start_conversation
from support.patience import LONG
from support.scripted_chat import QUOTED, Pages, ScriptedModel

from chatbot_server.conversation.questions import VisitorQuestion
from chatbot_server.conversation.record import Recorder
from chatbot_server.conversation.service import ConversationService
from chatbot_server.conversation.turn import TurnParts
from chatbot_server.engine.base import Sampling
from chatbot_server.errors import NotFound, Unavailable
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import demo_site
from chatbot_server.storage.visitors.conversations import erase_conversation, open_conversation
from chatbot_server.storage.visitors.messages import add_exchange

DEMO = text("SELECT id FROM site WHERE demo")  # also where the site had fewer columns
CONVERSATION = (
    "INSERT INTO conversation (id, site_id, secret_hash, created, expires, keep, locale)"
    " VALUES (:id, :site, '', 1, 1, true, 'en')"
)
MESSAGE = (
    "INSERT INTO message (id, conversation_id, position, role, text, created, sources, facts)"
    " VALUES (:id, :conversation, :position, :role, '', :created, '[]', '{}')"
)
THUMB = "INSERT INTO feedback (message_id, value, created) VALUES ('a1', 'up', 1)"
ASKED_AT_ONCE = [("q1", 0, 5), ("q2", 0, 6), ("a1", 1, 5), ("a2", 1, 6), ("q3", 2, 7), ("a3", 3, 7)]
ASKED_AGAIN = [("q4", 0, 1), ("a4", 1, 1), ("q5", 4, 3), ("a5", 5, 3)]  # 2 and 3 were erased


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    database.migrate()
    with database.session() as session:
        demo_site(session)
    yield database
    database.close()


def fill(database: Database, conversation: str, rows: list[tuple[str, int, int]]) -> None:
    with database.session() as session:
        session.execute(text(CONVERSATION), {"id": conversation, "site": session.scalar(DEMO)})
        for name, position, created in rows:
            role = "user" if name.startswith("q") else "assistant"
            row = {"id": name, "position": position, "role": role, "created": created}
            session.execute(text(MESSAGE), row | {"conversation": conversation})


def places(database: Database, conversation: str) -> list[tuple[str, int]]:
    asked = text("SELECT id, position FROM message WHERE conversation_id = :id ORDER BY position")
    with database.session() as session:
        return [(row.id, row.position) for row in session.execute(asked, {"id": conversation})]


def test_an_upgrade_puts_what_was_asked_at_once_in_turn(database: Database) -> None:
    command.downgrade(database.alembic_config(), "0005")
    fill(database, "doubled", ASKED_AT_ONCE)
    fill(database, "sound", ASKED_AGAIN)
    with database.session() as session:
        session.execute(text(THUMB))
    database.migrate()

    in_turn = ["q1", "a1", "q2", "a2", "q3", "a3"]
    assert places(database, "doubled") == [(name, place) for place, name in enumerate(in_turn)]
    assert places(database, "sound") == [(name, place) for name, place, _ in ASKED_AGAIN]
    with database.session() as session:
        assert session.scalar(text("SELECT count(*) FROM feedback")) == 1


def test_a_place_belongs_to_one_message(database: Database) -> None:
    with pytest.raises(Unavailable, match=r"(?i)unique"):
        fill(database, "doubled", ASKED_AT_ONCE)


def test_eight_questions_at_once_stand_in_turn(database: Database) -> None:
    parts = TurnParts(ScriptedModel("quote"), Pages(QUOTED), Recorder(database), Sampling())
    service = ConversationService(database, parts, retention_days=30, streams=9, visitor_streams=9)
    with database.session() as session:
        site = demo_site(session)
        begun, secret = start_conversation(session, site.id, locale="en", page=None, keep=True)
    together = Barrier(8)

    def ask(number: int) -> tuple[str, str]:
        together.wait(LONG)
        question = VisitorQuestion(site, str(number), "en", begun.id, secret)
        answer = service.answer(service.prepare(question))
        for _event in answer.follow():
            pass
        return str(number), answer.identifier

    with ThreadPoolExecutor(8) as visitors:
        answers = dict(visitors.map(ask, range(8)))

    told = service.read(begun.id, secret).messages
    assert [turn.position for turn in told] == list(range(16))
    assert [turn.role for turn in told] == ["user", "assistant"] * 8
    pairs = zip(told[::2], told[1::2], strict=True)
    assert {asked.text: answer.id for asked, answer in pairs} == answers


def test_nothing_is_added_to_a_conversation_that_was_erased_meanwhile(database: Database) -> None:
    with database.session() as session:
        begun, secret = start_conversation(
            session, demo_site(session).id, locale="en", page=None, keep=True
        )
    with database.session() as session:
        erase_conversation(session, open_conversation(session, begun.id, secret))
    with database.session() as session, pytest.raises(NotFound):
        add_exchange(session, begun, {"id": "q", "text": "?"}, {"id": "a"})
