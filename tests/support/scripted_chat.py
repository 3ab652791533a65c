"""A visitor of a service with a real database, where model and pages say what a test wants."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from support.patience import LONG

from chatbot_server.conversation.cache import AnswerCache
from chatbot_server.conversation.events import Ended, Event, Started, TextPiece
from chatbot_server.conversation.questions import VisitorQuestion
from chatbot_server.conversation.record import Recorder
from chatbot_server.conversation.service import ConversationService
from chatbot_server.conversation.turn import TurnParts
from chatbot_server.engine.base import (
    EngineInfo,
    EngineState,
    EngineStatus,
    Finished,
    FinishReason,
    Queued,
    Sampling,
    Timings,
    Token,
    Usage,
    Workload,
)
from chatbot_server.engine.base import Event as EngineEvent
from chatbot_server.errors import EngineBusy
from chatbot_server.models.base import Tier
from chatbot_server.prompt.base import Prompt
from chatbot_server.retrieval.base import Grounding, Passage, Source
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.asked_sites import AskedSites
from chatbot_server.storage.site.sites import demo_site
from chatbot_server.storage.visitors.conversations import ChatMessage

HOURS = Passage(1, "Hours", "", "https://example.org/hours", "We are open from 9 to 17.", 0.9)
QUOTED = Grounding(
    "quoted",
    "We are open from 9 to 17.",
    (Source("Hours", HOURS.url),),
    (HOURS,),
    score=0.9,
    margin=0.2,
)
DONE = Finished("stop", Usage(10, 3), Timings(0, 0.1, 0.1))


class ScriptedModel:
    """A double of a model large enough to be trusted with writing, which runs nowhere here."""

    def __init__(self, tier: Tier = "write", says: Sequence[str | Exception] = ()) -> None:
        self.tier: Tier = tier
        self.says = says
        self.name = "scripted"
        self.state: EngineState = "ready"
        self.finish: FinishReason = "stop"
        self.prompts: list[Prompt] = []
        self.stops_after = ""
        self.closing = threading.Event()
        self.closed = 0

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, "none", "chatml", tier=self.tier)

    def status(self) -> EngineStatus:
        return EngineStatus(self.state)

    def workload(self) -> Workload:
        return Workload(0, 0)

    def pids(self) -> tuple[int, ...]:
        return ()

    def is_answering(self) -> bool:
        return self.state == "ready"

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def count_prompt(self, prompt: Prompt) -> int:
        return sum(self.count_tokens([segment.text for segment in prompt.segments]))

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
            if said == self.stops_after:
                self.closing.wait(LONG)
                return
        yield replace(DONE, reason=self.finish)

    def __iter__(self) -> Iterator[EngineEvent]:
        return self._events

    def __next__(self) -> EngineEvent:
        return next(self._events)

    def close(self) -> None:
        self.closed += 1
        self.closing.set()

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
        self, site_id: int, question: str, history: Sequence[str] = (), locale: str = ""
    ) -> Grounding:
        self.asked.append((question, tuple(history)))
        return self.found or Grounding("nothing", has_content=False)

    def get_ready(self, site_id: int) -> None: ...

    def topics(self, site_id: int, language: str, version: int | None = None) -> list[str]:
        return ["Tarifs", "Horaires"] if language == "fr" else ["Prices", "Hours"]


class Chat:
    """A visitor of a service with scripted parts and a real database."""

    def __init__(self, folder: Path, model: ScriptedModel, found: Grounding | None) -> None:
        self.database = Database(f"sqlite:///{folder / 'chat.db'}")
        self.database.migrate()
        self.model, self.pages = model, Pages(found)
        with self.database.session() as session:
            site = demo_site(session)
            site.free_chat, self.site_key = found is None, site.key
        self.sites = AskedSites(self.database)
        self.time = 1e9
        self.cache = AnswerCache(3, 3600, lambda: self.time)
        parts = TurnParts(
            model, self.pages, Recorder(self.database), Sampling(max_tokens=32), self.cache
        )
        self.service = ConversationService(
            self.database, parts, retention_days=30, streams=4, visitor_streams=4
        )
        self.conversation: str | None = None
        self.secret = ""

    def ask(
        self, text: str, *, retry: bool = False, keep: bool = True, locale: str = "en"
    ) -> list[Event]:
        site, index_version = self.sites.find(self.site_key)
        question = VisitorQuestion(
            site, text, locale, self.conversation, self.secret,
            retry=retry, keep=keep, index_version=index_version,
        )  # fmt: skip
        answer = self.service.answer(self.service.prepare(question))
        seen = []
        for _number, event in filter(None, answer.follow()):
            seen.append(event)
            if isinstance(event, TextPiece) and event.text == self.model.stops_after:
                answer.stop()
        started = seen[0]
        assert isinstance(started, Started)
        self.conversation, self.secret = started.conversation, started.secret or self.secret
        return seen

    def ask_anew(self, text: str, *, keep: bool = True, locale: str = "en") -> list[Event]:
        """The first question of a new conversation."""
        self.conversation, self.secret = None, ""
        return self.ask(text, keep=keep, locale=locale)

    def answers(self) -> list[ChatMessage]:
        """The answers of the conversation, as they are stored."""
        assert self.conversation
        read = self.service.read(self.conversation, self.secret)
        return [turn for turn in read.messages if turn.role == "assistant"]

    def stored(self) -> list[tuple[str, str | None]]:
        assert self.conversation
        read = self.service.read(self.conversation, self.secret)
        return [(turn.text, turn.origin) for turn in read.messages]


def text(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextPiece))


def end(events: list[Event]) -> Ended:
    last = events[-1]
    assert isinstance(last, Ended)
    return last
