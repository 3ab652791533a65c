"""The order of trust: the owner's words, quoted pages, the model under guard, an honest no."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from chatbot_server.conversation.events import Cited, Ended, Event, Piece, Started, Waiting
from chatbot_server.conversation.record import Recorder
from chatbot_server.conversation.service import ConversationService, Question
from chatbot_server.conversation.turn import Parts
from chatbot_server.engine.base import (
    EngineInfo,
    EngineStatus,
    Finished,
    Queued,
    Sampling,
    Tier,
    Timings,
    Token,
    Usage,
)
from chatbot_server.engine.base import Event as EngineEvent
from chatbot_server.errors import EngineBusy, EngineCrashed
from chatbot_server.prompt.base import Prompt
from chatbot_server.retrieval.base import Grounding, Passage, Source
from chatbot_server.storage.database import Database
from chatbot_server.storage.sites import demo_site

HOURS = Passage(1, "Hours", "", "https://example.org/hours", "We are open from 9 to 17.", 0.9)
QUOTED = Grounding(
    "quoted", "We are open from 9 to 17.", (Source("Hours", HOURS.url),), (HOURS,), 0.9, 0.2
)
DONE = Finished("stop", Usage(10, 3), Timings(0, 0.1, 0.1))


class ScriptedModel:
    """A double of a model large enough to be trusted with writing, which runs nowhere here."""

    def __init__(self, tier: Tier = "write", says: Sequence[str | Exception] = ()) -> None:
        self.tier: Tier = tier
        self.says = says
        self.prompts: list[Prompt] = []
        self.closed = 0

    def info(self) -> EngineInfo:
        return EngineInfo("scripted", "none", "chatml", tier=self.tier)

    def status(self) -> EngineStatus:
        return EngineStatus("ready")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def generate(
        self, prompt: Prompt, sampling: Sampling, *, conversation: str | None = None
    ) -> ScriptedModel:
        self.prompts.append(prompt)
        if self.says and isinstance(self.says[0], EngineBusy):
            raise self.says[0]
        self._events = self._play()
        return self

    def _play(self) -> Iterator[EngineEvent]:
        yield Queued(2)
        yield Queued(0)
        for said in self.says:
            if isinstance(said, Exception):
                raise said
            yield Token(said)
        yield DONE

    def __iter__(self) -> Iterator[EngineEvent]:
        return self._events

    def __next__(self) -> EngineEvent:
        return next(self._events)

    def close(self) -> None:
        self.closed += 1

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        raise AssertionError("no turn asks for vectors")


class Pages:
    """Knowledge that always says the same."""

    def __init__(self, found: Grounding | None) -> None:
        self.found = found
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def has_content(self, site_id: int) -> bool:
        return self.found is not None

    def ground(
        self, site_id: int, question: str, history: Sequence[str] = (), language: str = "en"
    ) -> Grounding:
        self.asked.append((question, tuple(history)))
        assert self.found is not None
        return self.found


class Chat:
    """A visitor of a service with scripted parts and a real database."""

    def __init__(self, folder: Path, model: ScriptedModel, found: Grounding | None) -> None:
        self.database = Database(f"sqlite:///{folder / 'chat.db'}")
        self.database.migrate()
        self.model, self.pages = model, Pages(found)
        parts = Parts(model, self.pages, Recorder(self.database), Sampling(max_tokens=32))
        self.service = ConversationService(self.database, parts, retention_days=30, streams=4)
        with self.database.session() as session:
            self.site = demo_site(session).key
        self.conversation: str | None = None
        self.secret = ""

    def ask(self, text: str, *, retry: bool = False) -> list[Event]:
        answer = self.service.ask(
            Question(self.site, text, "en", self.conversation, self.secret, retry=retry)
        )
        seen = [entry[1] for entry in answer.follow() if entry]
        started = seen[0]
        assert isinstance(started, Started)
        self.conversation, self.secret = started.conversation, started.secret or self.secret
        return seen

    def stored(self) -> list[tuple[str, str | None]]:
        assert self.conversation
        read = self.service.read(self.conversation, self.secret)
        return [(turn.text, turn.origin) for turn in read.messages]


def text(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Piece))


def end(events: list[Event]) -> Ended:
    last = events[-1]
    assert isinstance(last, Ended)
    return last


def test_without_pages_the_model_answers(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote", ["Hel", "lo."]), None)
    events = chat.ask("Hi")
    assert text(events) == "Hello."
    assert end(events).origin == "model"
    assert [event.position for event in events if isinstance(event, Waiting)] == [2]
    assert chat.stored() == [("Hi", None), ("Hello.", "model")]


@pytest.mark.parametrize("status", ["faq", "quoted"])
def test_a_small_model_is_not_asked_where_the_pages_answer(tmp_path: Path, status: str) -> None:
    found = Grounding(status, "The owner's words.", QUOTED.sources, (HOURS,))  # type: ignore[arg-type]
    chat = Chat(tmp_path, ScriptedModel("quote", ["Wrong."]), found)
    events = chat.ask("When?")
    assert text(events) == "The owner's words."
    assert chat.model.prompts == []
    assert end(events).origin == ("faq" if status == "faq" else "pages")
    assert any(isinstance(event, Cited) for event in events)


def test_even_a_large_model_does_not_reword_the_faq(tmp_path: Path) -> None:
    found = Grounding("faq", "The owner's words.", QUOTED.sources, (HOURS,))
    chat = Chat(tmp_path, ScriptedModel("write", ["Other words."]), found)
    assert text(chat.ask("When?")) == "The owner's words."


def test_a_trusted_model_writes_from_the_passages_with_their_sources(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("rephrase", ["You can come ", "from 9 to 17. "]), QUOTED)
    events = chat.ask("When?")
    assert text(events).strip() == "You can come from 9 to 17."
    assert end(events).origin == "model"
    cited = next(event for event in events if isinstance(event, Cited))
    assert [source.url for source in cited.items] == [HOURS.url]
    assert HOURS.text in chat.model.prompts[0].messages[-1].content


def test_a_sentence_that_stands_in_no_passage_is_not_shown(tmp_path: Path) -> None:
    says = ["We open at 9. ", "It costs 42 euros. ", "Call now."]
    chat = Chat(tmp_path, ScriptedModel("write", says), QUOTED)
    events = chat.ask("When?")
    assert "42" not in text(events)
    assert text(events).startswith("We open at 9.")
    assert QUOTED.answer in text(events)
    assert end(events).origin == "pages"
    assert chat.model.closed
    assert "42" not in chat.stored()[1][0]


@pytest.mark.parametrize(
    "trouble", [EngineBusy("engine_busy", waiting=1), EngineCrashed("engine_crashed")]
)
def test_where_the_model_cannot_answer_the_pages_do(tmp_path: Path, trouble: Exception) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", [trouble]), QUOTED)
    events = chat.ask("When?")
    assert text(events).strip() == QUOTED.answer
    assert end(events).origin == "pages"


def test_where_nothing_is_found_the_answer_is_an_honest_no(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["A guess."]), Grounding("nothing"))
    with chat.database.session() as session:
        demo_site(session).contact_email = "help@example.org"
    events = chat.ask("Who won in 1930?")
    assert "nothing" in text(events)
    assert "help@example.org" in text(events)
    assert end(events).origin == "none"
    assert chat.model.prompts == []


def test_a_busy_engine_refuses_and_nothing_of_the_question_stays(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", [EngineBusy("engine_busy", waiting=1)]), None)
    with pytest.raises(EngineBusy):
        chat.ask("Hi")
    with chat.database.engine.connect() as connection:
        for table in ("conversation", "message"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


def test_a_crash_in_the_middle_keeps_what_was_said(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["Hel", EngineCrashed("engine_crashed")]), None)
    chat.ask("Hi")
    assert chat.stored() == [("Hi", None), ("Hel", None)]


def test_the_next_prompt_begins_with_the_last_one_passages_included(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["You can come from 9 to 17."]), QUOTED)
    chat.ask("When?")
    chat.ask("And on Sundays?")
    first, second = (list(prompt.messages) for prompt in chat.model.prompts)
    assert second[: len(first)] == first
    assert chat.pages.asked[1] == ("And on Sundays?", ("When?",))


def test_a_retry_takes_the_place_of_the_last_exchange(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["One."]), None)
    chat.ask("Hi")
    chat.model.says = ["Two."]
    chat.ask("Hi again", retry=True)
    assert chat.stored() == [("Hi again", None), ("Two.", "model")]
    assert "One." not in str(chat.model.prompts[1].messages)


def test_a_retry_that_is_refused_leaves_the_exchange_as_it_was(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["One."]), None)
    chat.ask("Hi")
    chat.model.says = [EngineBusy("engine_busy", waiting=1)]
    with pytest.raises(EngineBusy):
        chat.ask("Hi", retry=True)
    assert chat.stored() == [("Hi", None), ("One.", "model")]
