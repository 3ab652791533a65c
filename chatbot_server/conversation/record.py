"""What is kept of an answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from chatbot_server.conversation.events import Cited, Ended, Event, Piece, Started
from chatbot_server.retrieval.base import Grounding
from chatbot_server.storage.conversations import (
    ChatMessage,
    Conversation,
    erase_messages,
)
from chatbot_server.storage.database import Database


@dataclass
class Record:
    """An answer while it is being made; *prompt*: the question as the model read it."""

    text: list[str] = field(default_factory=list)
    sources: list[dict[str, str]] = field(default_factory=list)
    grounding: Grounding | None = None
    model: str | None = None
    prompt: str | None = None
    stored: bool = False

    def note(self, event: Event) -> None:
        """Remember what of *event* is to be kept."""
        if isinstance(event, Piece):
            self.text.append(event.text)
        elif isinstance(event, Cited):
            self.sources = [asdict(source) for source in event.items]

    def facts(self, ended: Ended | None) -> dict[str, object]:
        """Figures of the answer: tokens, seconds, and how well the pages matched."""
        facts: dict[str, object] = {}
        if ended and ended.usage:
            facts["usage"] = asdict(ended.usage)
        if ended and ended.timings:
            facts["timings"] = asdict(ended.timings)
        if self.grounding:
            facts["score"] = round(self.grounding.score, 4)
            facts["margin"] = round(self.grounding.margin, 4)
        return facts


class Recorder:
    """Writes answers where their empty rows wait for them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, started: Started, record: Record, ended: Ended | None) -> None:
        """Store the answer; without *ended* it is marked as failed half way.

        The visitor may have erased the conversation meanwhile: then nothing is stored.
        """
        with self._database.session() as session:
            message = session.get(ChatMessage, started.message)
            if message is None:
                return
            message.text = "".join(record.text)
            message.sources = list(record.sources)
            message.facts = record.facts(ended)
            message.finish = ended.finish if ended else "error"
            message.origin = ended.origin if ended else None
            message.status = record.grounding.status if record.grounding else None
            message.model = record.model
            question = session.get(ChatMessage, started.question)
            if question and record.prompt:
                question.facts = {"prompt": record.prompt}

    def replace(self, messages: tuple[str, ...]) -> None:
        """Erase the exchange that was asked again."""
        if messages:
            with self._database.session() as session:
                erase_messages(session, messages)

    def refuse(self, started: Started) -> None:
        """Take back a question that was not accepted, and its conversation if it was the first."""
        with self._database.session() as session:
            for identifier in (started.question, started.message):
                if message := session.get(ChatMessage, identifier):
                    session.delete(message)
            if started.secret and (it := session.get(Conversation, started.conversation)):
                session.delete(it)
