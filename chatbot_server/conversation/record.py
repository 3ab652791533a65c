"""What is kept of an answer: in the database, the cache, the log and the metrics."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from functools import cache

from chatbot_server.conversation.alerts import Alerts, Deliveries
from chatbot_server.conversation.cache import CachedAnswer
from chatbot_server.conversation.events import AnswerStatus, Cited, Ended, Event, TextPiece
from chatbot_server.conversation.questions import PreparedQuestion
from chatbot_server.engine.base import Usage
from chatbot_server.messages import say
from chatbot_server.metrics import ANSWERS, ENERGY, FIRST_TEXT, TOKENS
from chatbot_server.retrieval.base import Grounding, Source
from chatbot_server.storage.base import JsonObject, UnitOfWork, now
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.webhooks import queue_event
from chatbot_server.storage.visitors.conversations import has_conversation
from chatbot_server.storage.visitors.messages import (
    add_exchange,
    complete_answer,
    erase_messages,
    set_facts,
)
from chatbot_server.storage.visitors.takeover import note_waiting

# How long a finished answer waits for the database; its visitor has read it already.
PATIENCE_SECONDS = 60.0
logger = logging.getLogger("chatbot_server.conversation")
# Remembered: finding them takes the library longer than counting.
_answers_of, _first_text_of = cache(ANSWERS.labels), cache(FIRST_TEXT.labels)


@dataclass
class Record:
    """An answer while it is being made.

    Attributes:
        prompt: the question as the model read it.
        fell_back: the model could not answer, and a quote of the pages took its place.
        is_small_talk: the answer is to a remark that asks nothing of the site.
        is_passed_on: a person has taken the conversation over, and is to answer.
        cached_answer: the earlier answer that this one repeats.
        is_begun: whether the question is stored, beside an empty answer.
        is_stored: whether question and answer are stored.
        begun_at, first_text_at: times of the monotonic clock.
    """

    text: list[str] = field(default_factory=list)
    sources: tuple[Source, ...] = ()
    grounding: Grounding | None = None
    model: str | None = None
    prompt: str | None = None
    fell_back: bool = False
    is_small_talk: bool = False
    is_passed_on: bool = False
    cached_answer: CachedAnswer | None = None
    is_begun: bool = False
    is_stored: bool = False
    begun_at: float = field(default_factory=time.monotonic)
    first_text_at: float | None = None

    def repeat(self, answer: CachedAnswer) -> None:
        """Make this a repetition of *answer*."""
        self.cached_answer = answer
        self.grounding, self.prompt = answer.grounding, answer.prompt
        self.model = answer.ended.model

    def note(self, event: Event) -> None:
        """Remember the text or the sources in *event*."""
        if isinstance(event, TextPiece):
            self.first_text_at = self.first_text_at or time.monotonic()
            self.text.append(event.text)
        elif isinstance(event, Cited):
            self.sources = event.items

    def status(self, ended: Ended | None) -> AnswerStatus:
        """The kind of answer, an :data:`AnswerStatus`.

        ``faq`` and ``quoted``: the owner's words; ``written``: by the model from the pages, and
        checked; ``withheld``: quoted, because the model's text failed the check or did not come;
        ``free``: by the model, on a site without pages; ``related`` and ``nothing``: an honest no,
        with or without related pages; ``courtesy``: the reply to a remark; ``asked_back``: a
        question which of several places is meant; ``passed_on``: to a person; ``stopped``: by the
        visitor; ``failed``: half way.
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
        if ended.origin == "question":
            return "asked_back"
        if ended.origin == "person":
            return "passed_on"
        if ended.origin == "model":
            return "written" if self.sources else "free"
        return "related" if self.grounding and self.grounding.passages else "nothing"

    @property
    def first_ms(self) -> int | None:
        """Milliseconds until the first text; None if none came."""
        if self.first_text_at is None:
            return None
        return round(1000 * (self.first_text_at - self.begun_at))

    def figures(self, ended: Ended | None) -> dict[str, object]:
        """Figures of the answer: tokens, seconds, and how well the pages matched."""
        facts: dict[str, object] = {}
        if ended and ended.usage:
            facts["usage"] = dict(vars(ended.usage))
        if ended and ended.timings:
            facts["timings"] = dict(vars(ended.timings))
        if ended and ended.energy:
            facts["energy"] = dict(vars(ended.energy))
        if self.grounding:
            facts["score"] = round(self.grounding.score, 4)
            facts["margin"] = round(self.grounding.margin, 4)
            if self.grounding.choices:
                facts["choices"] = list(self.grounding.choices)
        if self.cached_answer:
            facts["cached"] = True
        return facts

    def columns(self, ended: Ended | None) -> JsonObject:
        """The columns of the answer's row."""
        return {
            "text": "".join(self.text),
            "sources": [dict(vars(source)) for source in self.sources],
            "facts": self.figures(ended),
            "finish": ended.finish if ended else "error",
            "origin": ended.origin if ended else None,
            "status": self.status(ended),
            "model": self.model,
            "first_ms": self.first_ms,
        }

    def log(self, site_key: str, ended: Ended | None) -> None:
        """Log one line about the answer, without any text or address."""
        usage = (ended and ended.usage) or Usage(0, 0)
        logger.info(
            "answer site=%s status=%s origin=%s cached=%s first_ms=%s ms=%d"
            " prompt_tokens=%d completion_tokens=%d",
            site_key,
            self.status(ended),
            ended.origin if ended else "-",
            "yes" if self.cached_answer else "no",
            "-" if self.first_ms is None else self.first_ms,
            1000 * (time.monotonic() - self.begun_at),
            usage.prompt_tokens,
            usage.completion_tokens,
        )

    def count(self, ended: Ended | None) -> None:
        """Count the answer in :mod:`chatbot_server.metrics`."""
        origin, is_cached = ended.origin if ended else "none", self.cached_answer is not None
        _answers_of(self.status(ended), origin, "yes" if is_cached else "no").inc()
        if self.first_text_at is not None:
            _first_text_of(origin).observe(self.first_text_at - self.begun_at)
        if ended and ended.usage:
            TOKENS.labels("prompt").inc(ended.usage.prompt_tokens - ended.usage.cached_tokens)
            TOKENS.labels("completion").inc(ended.usage.completion_tokens)
        if ended and ended.energy:
            ENERGY.labels(origin, ended.energy.method).inc(ended.energy.joules)

    def to_cache(self, ended: Ended, conversation: str) -> CachedAnswer | None:
        """The answer for the cache; None if it must not be repeated.

        An answer that was cut short, or that was quoted because the model failed, would be
        another one a moment later. The reply to a remark is made as fast as it is looked up.
        """
        is_momentary = self.grounding is not None and not self.grounding.lasting
        is_made_anew = self.cached_answer or self.fell_back or self.is_small_talk or is_momentary
        if is_made_anew or ended.finish != "stop":
            return None
        return CachedAnswer(
            "".join(self.text),
            self.sources,
            ended,
            self.status(ended),
            # Its score and margin are stored again; texts would only take memory.
            self.grounding and replace(self.grounding, answer="", sources=(), passages=()),
            self.prompt,
            conversation,
        )


class Recorder:
    """Writes questions and their answers into the database."""

    def __init__(self, database: Database, alerts: Alerts | None = None) -> None:
        self._database = database
        self._alerts = alerts or Alerts()

    def begin(self, prepared: PreparedQuestion, record: Record) -> None:
        """Store the question beside an empty answer, because the answer takes a while.

        Raises:
            NotFound: the visitor has erased the conversation meanwhile.
        """
        with self._database.connection() as connection:
            _add(connection, prepared, {}, {})
        record.is_begun = True

    def save(self, prepared: PreparedQuestion, record: Record, ended: Ended | None) -> bool:
        """Store the answer; without *ended* it is marked as failed half way.

        If the question is stored already, this waits up to a minute for a busy database.

        Returns:
            False if the visitor has erased the conversation meanwhile; nothing is stored then.

        Raises:
            NotFound: the same, where the question is not stored yet.
        """
        hide = prepared.mask.hide
        texts = {"prompt": record.prompt, "completed": prepared.dialogue.completed}
        facts: JsonObject = {name: hide(text) for name, text in texts.items() if text}
        answer = record.columns(ended)
        answer["text"] = hide(answer["text"])
        if ended is None and not answer["text"]:  # a visitor who returns reads why it is empty
            answer["text"] = say("answer_interrupted", prepared.question.locale)

        def store(unit: UnitOfWork) -> Deliveries | None:
            """What can be delivered then; None: the conversation was erased meanwhile."""
            if not record.is_begun:
                _add(unit, prepared, facts, answer)
            elif not complete_answer(unit, prepared.started.message, answer):
                return None
            elif facts:
                set_facts(unit, prepared.started.question, facts)
            is_waiting = record.is_passed_on and self._pass_on(unit, prepared)
            return Deliveries(is_waiting, _queue_event(unit, prepared, record, answer["status"]))

        seconds = PATIENCE_SECONDS if record.is_begun else 0.0
        deliveries = self._database.patiently(store, seconds)
        if deliveries is None:
            return False
        self._alerts.begin(deliveries)
        return True

    def _pass_on(self, unit: UnitOfWork, prepared: PreparedQuestion) -> bool:
        """Keep the question for the person; whether it is the first that waits."""
        site, start = prepared.question.site, prepared.started
        message = {"id": start.question, "text": prepared.mask.hide(prepared.question.text)}
        mail_due = self._alerts.mail_due(site)
        return note_waiting(unit, site, start.conversation, message, mail_due)

    def has_conversation(self, conversation: str) -> bool:
        """Whether the conversation still exists."""
        with self._database.connection() as connection:
            return has_conversation(connection, conversation)


def _queue_event(unit: UnitOfWork, prepared: PreparedQuestion, record: Record, status: str) -> bool:
    """Queue the event of an unanswered or passed-on question; whether a webhook wants it."""
    conversation, question = prepared.conversation, prepared.started.question
    if conversation.preview or not conversation.keep:
        return False
    site_id = prepared.question.site.id
    if record.is_passed_on:
        return queue_event(unit, site_id, "person.message", message_id=question)
    is_no = status in ("nothing", "related")
    return is_no and queue_event(unit, site_id, "question.unanswered", message_id=question)


def _add(
    unit: UnitOfWork, prepared: PreparedQuestion, facts: JsonObject, answer: JsonObject
) -> None:
    """Store the exchange, and erase the one that it replaces."""
    start = prepared.started
    moment = {"created": now()}
    text = prepared.mask.hide(prepared.question.text)
    question = moment | {"id": start.question, "text": text, "facts": facts}
    add_exchange(unit, prepared.conversation, question, moment | {"id": start.message} | answer)
    if prepared.replaces:
        erase_messages(unit, prepared.replaces)
