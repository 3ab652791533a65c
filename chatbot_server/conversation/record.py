"""What is kept of an answer."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass, field, replace

from chatbot_server.conversation.cache import CachedAnswer
from chatbot_server.conversation.events import AnswerStatus, Cited, Ended, Event, Started, TextPiece
from chatbot_server.engine.base import Usage
from chatbot_server.retrieval.base import Grounding, Source
from chatbot_server.storage.conversations import ChatMessage, Conversation, erase_messages
from chatbot_server.storage.database import Database

logger = logging.getLogger("chatbot_server.conversation")


@dataclass
class Record:
    """An answer while it is being made.

    Attributes:
        prompt: the question as the model read it.
        fell_back: the model had its turn, and the pages had to answer instead.
        is_small_talk: nothing was asked, and a courtesy was returned.
        cached_answer: the answer was kept from an earlier question.
        begun_at, first_text_at: moments of the monotonic clock.
    """

    text: list[str] = field(default_factory=list)
    sources: tuple[Source, ...] = ()
    grounding: Grounding | None = None
    model: str | None = None
    prompt: str | None = None
    fell_back: bool = False
    is_small_talk: bool = False
    cached_answer: CachedAnswer | None = None
    stored: bool = False
    begun_at: float = field(default_factory=time.monotonic)
    first_text_at: float | None = None

    def repeat(self, answer: CachedAnswer) -> None:
        """The answer is *answer*, told again."""
        self.cached_answer = answer
        self.grounding, self.prompt = answer.grounding, answer.prompt
        self.model = answer.ended.model

    def note(self, event: Event) -> None:
        """Remember what of *event* is to be kept."""
        if isinstance(event, TextPiece):
            self.first_text_at = self.first_text_at or time.monotonic()
            self.text.append(event.text)
        elif isinstance(event, Cited):
            self.sources = event.items

    def status(self, ended: Ended | None) -> AnswerStatus:
        """What kind of answer it is, by facts alone: see :data:`AnswerStatus`.

        ``faq`` and ``quoted``: the owner's words; ``written``: by the model from the pages,
        and checked; ``withheld``: quoted, because the model's own words could not be shown
        or did not come; ``free``: by the model, there are no pages; ``related`` and
        ``nothing``: an honest no, with or without pages that speak of something near;
        ``courtesy``: a greeting answered, which asked nothing;
        ``stopped`` by the visitor or ``failed`` half way.
        """
        if ended is None:
            return "failed"
        if self.cached_answer:
            return self.cached_answer.status
        if ended.finish == "stopped":
            return "stopped"
        if ended.origin == "faq":
            return "faq"
        if ended.origin == "pages":
            return "withheld" if self.fell_back else "quoted"
        if self.is_small_talk:
            return "courtesy"
        if ended.origin == "model":
            return "written" if self.sources else "free"
        return "related" if self.grounding and self.grounding.passages else "nothing"

    def figures(self, ended: Ended | None) -> dict[str, object]:
        """Figures of the answer: tokens, seconds, and how well the pages matched."""
        facts: dict[str, object] = {}
        if ended and ended.usage:
            facts["usage"] = asdict(ended.usage)
        if ended and ended.timings:
            facts["timings"] = asdict(ended.timings)
        if self.grounding:
            facts["score"] = round(self.grounding.score, 4)
            facts["margin"] = round(self.grounding.margin, 4)
        if self.cached_answer:
            facts["cached"] = True
        return facts

    def log(self, site_key: str, ended: Ended | None) -> None:
        """One line about the answer, for who watches the server: no text, and nobody's address."""
        usage = (ended and ended.usage) or Usage(0, 0)
        begun_at, first_text_at = self.begun_at, self.first_text_at
        logger.info(
            "answer site=%s status=%s origin=%s cached=%s first_ms=%s ms=%d"
            " prompt_tokens=%d completion_tokens=%d",
            site_key,
            self.status(ended),
            ended.origin if ended else "-",
            "yes" if self.cached_answer else "no",
            "-" if first_text_at is None else round(1000 * (first_text_at - begun_at)),
            1000 * (time.monotonic() - begun_at),
            usage.prompt_tokens,
            usage.completion_tokens,
        )

    def to_cache(self, ended: Ended, conversation: str) -> CachedAnswer | None:
        """What can be told again to whoever asks the same; None: nothing of this answer can.

        An answer that was cut short, or that the pages gave because something did not work,
        would be another one a moment later.
        """
        unsteady = self.grounding is not None and not self.grounding.lasting
        if self.cached_answer or self.fell_back or unsteady or ended.finish != "stop":
            return None
        return CachedAnswer(
            "".join(self.text),
            self.sources,
            ended,
            self.status(ended),
            # How well it matched is told again; the passages would only take memory.
            self.grounding and replace(self.grounding, answer="", sources=(), passages=()),
            self.prompt,
            conversation,
        )


class Recorder:
    """Writes answers where their empty rows wait for them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, started: Started, record: Record, ended: Ended | None) -> bool:
        """Store the answer; without *ended* it is marked as failed half way.

        False: the visitor has erased the conversation meanwhile, and nothing is stored.
        """
        with self._database.session() as session:
            message = session.get(ChatMessage, started.message)
            if message is None:
                return False
            message.text = "".join(record.text)
            message.sources = [asdict(source) for source in record.sources]
            message.facts = record.figures(ended)
            message.finish = ended.finish if ended else "error"
            message.origin = ended.origin if ended else None
            message.status = record.status(ended)
            message.model = record.model
            question = session.get(ChatMessage, started.question)
            if question and record.prompt:
                question.facts = {"prompt": record.prompt}
        return True

    def has_conversation(self, conversation: str) -> bool:
        """Whether the conversation was not erased."""
        with self._database.session() as session:
            return session.get(Conversation, conversation) is not None

    def erase_replaced(self, messages: tuple[str, ...]) -> None:
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
            if started.secret and (row := session.get(Conversation, started.conversation)):
                session.delete(row)
