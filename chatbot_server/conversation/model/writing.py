"""The model's part of a turn: writing freely, or from the owner's passages under guard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from chatbot_server.conversation.events import Ended, Event, Finish, TextPiece, Waiting
from chatbot_server.conversation.model.guard import CheckedSentences, Guard, Refused
from chatbot_server.conversation.model.prompting import Dialogue, build_prompt, passages_that_fit
from chatbot_server.conversation.record import Record
from chatbot_server.engine.base import (
    ASLEEP,
    Completion,
    Engine,
    EngineInfo,
    Finished,
    Queued,
    Sampling,
    Token,
)
from chatbot_server.engine.base import Event as EngineEvent
from chatbot_server.engine.thoughts import ThinkingCompletion
from chatbot_server.errors import EngineChanged, EngineError
from chatbot_server.retrieval.base import Grounding

MOST_CHANGES = 3  # of the model, while one prompt is made


class Withheld(Exception):
    """A sentence was not supported by the passages; it and the rest are not shown."""


class Writer:
    """Has the model write one answer. ``cancel`` may be called from another thread."""

    def __init__(self, engine: Engine, sampling: Sampling, conversation: str) -> None:
        self._engine = engine
        self._sampling = sampling
        self._conversation = conversation
        self._completion: Completion | None = None
        self._cancelled = threading.Event()

    @property
    def has_begun(self) -> bool:
        """Whether the model has accepted the question, so that the rest takes a while."""
        return self._completion is not None

    def model(self) -> EngineInfo | None:
        """The model that can write now, if there is one."""
        if self._engine.status().state not in ("ready", *ASLEEP):
            return None
        try:
            return self._engine.info()
        except EngineError:
            return None

    def may_write(self, grounding: Grounding) -> bool:
        """Whether the model is trusted to write from *grounding*, and can do so now."""
        model = self.model() if grounding.passages else None
        if model is None:
            return False
        return model.tier == "write" or (model.tier == "rephrase" and grounding.status == "quoted")

    def freely(self, dialogue: Dialogue, record: Record) -> Iterator[Event]:
        """Answer from the model's own knowledge; the first event comes once it has accepted.

        Raises:
            EngineError: the engine did not accept the question, or failed.
            BadRequest: the question is too long for the model.
        """
        end: Finished | None = None
        for event in self._events(lambda _info: dialogue, record):
            if isinstance(event, Queued):
                yield Waiting(event.position)
            elif isinstance(event, Token):
                yield TextPiece(event.text)
            elif isinstance(event, Finished):
                end = event
        yield self._ended(end, record)

    def from_passages(
        self, dialogue: Dialogue, grounding: Grounding, record: Record
    ) -> Iterator[Event]:
        """Answer from the passages of *grounding*, sentence by checked sentence.

        Raises:
            Withheld: a sentence failed the check; the ones before it were yielded.
            EngineError, BadRequest: as :meth:`freely`.
        """
        guard = Guard(())  # until the prompt tells which passages the model reads
        end: Finished | None = None

        def dialogue_for(info: EngineInfo) -> Dialogue:
            nonlocal guard
            passages = passages_that_fit(grounding.passages, info)
            guard = Guard(passages)
            with_passages = dialogue.with_passages(passages)
            record.prompt = with_passages.question
            return with_passages

        for event in self._events(dialogue_for, record):
            if isinstance(event, Queued):
                yield Waiting(event.position)
            elif isinstance(event, Token):
                yield from self._checked(guard.feed(event.text))
            elif isinstance(event, Finished):
                end = event
        yield from self._checked(guard.finish())
        yield self._ended(end, record)

    def cancel(self) -> None:
        """Stop the model, whatever it is doing."""
        self._cancelled.set()
        if completion := self._completion:
            completion.close()

    def _events(
        self, dialogue_for: Callable[[EngineInfo], Dialogue], record: Record
    ) -> Iterator[EngineEvent]:
        """The events of the engine; if its model was changed meanwhile, a new prompt is made."""
        for _ in range(MOST_CHANGES):
            with suppress(EngineChanged):  # before the first token
                info = self._engine.info()
                yield from self._begin(info, dialogue_for(info), record)
                return
        raise EngineError("engine_restarting", retry_after=3)

    def _begin(self, info: EngineInfo, dialogue: Dialogue, record: Record) -> Completion:
        record.model = info.model
        prompt = build_prompt(self._engine, info, dialogue, self._sampling)
        completion = self._engine.generate(prompt, self._sampling, conversation=self._conversation)
        self._completion = ThinkingCompletion(completion, prompt)
        if self._cancelled.is_set():
            self._completion.close()
        return self._completion

    def _checked(self, verdicts: Iterator[CheckedSentences | Refused]) -> Iterator[Event]:
        for verdict in verdicts:
            if not isinstance(verdict, CheckedSentences):
                self.cancel()
                raise Withheld
            yield TextPiece(verdict.text)

    def _ended(self, end: Finished | None, record: Record) -> Ended:
        if end is None:
            if not self._cancelled.is_set():
                raise EngineError("engine_no_answer", retry_after=5)
            return Ended("model", "stopped", model=record.model)
        reason: Finish = end.reason if end.reason in ("length", "time") else "stop"
        return Ended("model", reason, end.usage, end.timings, model=record.model)
