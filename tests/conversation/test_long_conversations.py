"""A conversation may go on without end: what is read of it does not grow with it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from support.conversations import start_conversation
from support.scripted_chat import Chat, ScriptedModel

from chatbot_server.conversation.service import REMEMBERED_CHARS
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import demo_site
from chatbot_server.storage.visitors.conversations import Conversation
from chatbot_server.storage.visitors.messages import add_message, last_exchange, recent_history


def test_the_window_of_a_conversation_moves_seldom_and_stays_small(database: Database) -> None:
    firsts = []
    with database.session() as session:
        talk, _ = start_conversation(
            session, demo_site(session).id, locale="en", page=None, keep=True
        )
        assert recent_history(session, talk.id, 400) == []
        for number in range(100):
            question = add_message(session, talk, "user", f"{number:8}")
            # What the model read has as many characters as it has, not as the visitor typed.
            question.facts = {"prompt": "p" * (17 - len('{"prompt": ""}'))}
            add_message(session, talk, "assistant", "a" * 13)  # 40 with its empty facts
            turns = recent_history(session, talk.id, 400)
            said = len(turns) // 2 * 40
            assert said == min(40 * (number + 1), max(said, 400)) < 840
            assert [turn.role for turn in turns] == ["user", "assistant"] * (len(turns) // 2)
            assert turns[-2].text == f"{number:8}"
            firsts.append(int(turns[0].text))
    assert [first for first, _ in groupby(firsts)] == list(range(0, 91, 10))


def test_an_exchange_longer_than_all_that_is_remembered_can_be_asked_again(
    database: Database,
) -> None:
    with database.session() as session:
        talk, _ = start_conversation(
            session, demo_site(session).id, locale="en", page=None, keep=True
        )
        for said in ("short", "long" * 100):
            add_message(session, talk, "user", said)
            add_message(session, talk, "assistant", said)
        turns = recent_history(session, talk.id, 100)
        assert [turn.text for turn in turns] == ["long" * 100] * 2
        assert last_exchange(turns) == turns


class Counting(ScriptedModel):
    """Remembers how much text it was given to count."""

    chars = 0

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        self.chars = max(self.chars, sum(map(len, texts)))
        return super().count_tokens(texts)


def test_a_question_in_a_long_conversation_counts_no_more_than_is_remembered(
    tmp_path: Path,
) -> None:
    model = Counting("write", ["Hello."])
    visitor = Chat(tmp_path, model, None)
    visitor.ask("First")
    with visitor.database.session() as session:
        talk = session.get_one(Conversation, visitor.conversation)
        for _ in range(200):
            add_message(session, talk, "user", "q" * 3000)
            add_message(session, talk, "assistant", "a" * 1000)
    visitor.ask("Last")
    assert REMEMBERED_CHARS / 2 < model.chars < 2 * REMEMBERED_CHARS + 10_000
    assert model.prompts[-1].messages[-1].content == "Last"
