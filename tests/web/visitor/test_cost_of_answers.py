"""What one answer costs the database and the process: it bounds how many visitors are answered."""

from __future__ import annotations

import gc
import sys
import unicodedata
import weakref
from collections.abc import Iterator
from pathlib import Path
from time import thread_time

import pytest
from flask.testing import FlaskClient
from support.configured import make_config
from support.database.statements import executed
from support.scripted_chat import ScriptedModel

from chatbot_server.app import create_app
from chatbot_server.conversation.events import Event
from chatbot_server.conversation.live import MOST_ENDED, LiveAnswer, LiveAnswers
from chatbot_server.errors import NotFound
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.retrieval.language.text import fold
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site

NEW, AGAIN, NOTHING = 14, 4, 7
LONG_QUESTION = "When exactly is your little shop near the river open on a normal working Monday?"


class Counted:
    """A server whose statements are counted."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite:///{folder / 'chatbot.db'}")
        self.database.migrate()
        with self.database.session() as session:
            site = add_site(session, "Shop")
            self.site, self.site_id = site.key, site.id
        add_note(self.database, self.site_id, "Hours", "The shop is open from 9 to 17 on Monday.")
        config = make_config(folder)
        self.client: FlaskClient = create_app(config, ScriptedModel(), self.database).test_client()
        self.statements = executed(self.database.engine)

    def ask(self, message: str) -> str:
        answer = self.client.post("/api/chat", json={"site": self.site, "message": message})
        return answer.get_data(as_text=True)

    def cost(self, message: str) -> int:
        self.statements.clear()
        assert "event: done" in self.ask(message)
        return sum(statement not in ("COMMIT", "ROLLBACK") for statement in self.statements)


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Counted]:
    counted = Counted(tmp_path)
    yield counted
    counted.database.close()


def test_an_answer_takes_few_statements_however_long_the_question(counted: Counted) -> None:
    counted.cost("Where is it?")  # the first question of a site reads its languages, too
    assert counted.cost("When is the shop open?") <= NEW, "\n".join(counted.statements)
    assert counted.cost(LONG_QUESTION) <= NEW, "\n".join(counted.statements)
    assert counted.cost("When is the shop open?") <= AGAIN, "\n".join(counted.statements)
    # Told again within a second, it is not looked up in its own conversation.
    assert counted.cost("When is the shop open?") <= AGAIN - 1, "\n".join(counted.statements)


def test_topics_are_offered_again_without_asking_the_database_for_them(counted: Counted) -> None:
    """Whoever sends noise to a site must not cost it more than who asks."""
    assert "Hours" in counted.ask("Zzyzx?")
    assert counted.cost("Qwxyz?") <= NOTHING, "\n".join(counted.statements)
    add_note(counted.database, counted.site_id, "Parking", "The car park costs 2 euros an hour.")
    assert "Parking" in counted.ask("What can you do?")


class Nothing:
    """Work that is done at once."""

    is_settled = True

    def events(self) -> Iterator[Event]:
        return iter(())

    def cancel(self) -> None:
        """Never needed."""


def test_answers_that_can_be_taken_up_again_do_not_slow_new_ones() -> None:
    answers = LiveAnswers(4, 4)
    many = [LiveAnswer(str(number), "", Nothing(), grace=0) for number in range(12_000)]
    seconds = []
    for thousand in range(12):
        began = thread_time()
        for answer in many[1000 * thousand : 1000 * (thousand + 1)]:
            answers.add(answer)
            answer.start()
        seconds.append(thread_time() - began)
    assert answers.get("11000") is many[11_000]
    assert min(seconds[-4:]) < 3 * min(seconds[:4])


def test_answers_that_have_ended_leave_little_for_the_garbage_collector() -> None:
    """A minute's answers were a million objects, and a collection took a third of a second."""
    answers = LiveAnswers(4, 4)
    gc.disable()
    try:
        works, ended = zip(
            *(end_answer(answers, str(n)) for n in range(MOST_ENDED + 1)), strict=True
        )
        assert not any(work() for work in works)
        assert [answer() is None for answer in ended].count(True) == 1
    finally:
        gc.enable()
    with pytest.raises(NotFound):
        answers.get("0")
    assert answers.get(str(MOST_ENDED))


def end_answer(
    answers: LiveAnswers, name: str
) -> tuple[weakref.ref[Nothing], weakref.ref[LiveAnswer]]:
    """What tells whether the work of an answer that has ended is still there, and the answer."""
    work = Nothing()
    answer = LiveAnswer(name, "", work, grace=0)
    answers.add(answer)
    answer.start()
    return weakref.ref(work), weakref.ref(answer)


def test_folding_is_what_it_says_for_every_character() -> None:
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, sys.maxunicode + 1)]))
    plain = every.casefold().replace("œ", "oe").replace("æ", "ae")
    spread = unicodedata.normalize("NFKD", plain.replace("\u200c", "").replace("\u200d", ""))
    assert fold(every) == "".join(char for char in spread if not unicodedata.combining(char))
