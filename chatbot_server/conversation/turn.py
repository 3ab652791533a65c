"""One turn, told in one place: pages → prompt → engine → guard → store.

The steps are those of the design's "answers, in order of trust": the owner's own words,
sentences quoted from the pages, the model under guard, and an honest no.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatbot_server.conversation.events import Cited, Ended, Event, Piece, Started, Waiting
from chatbot_server.conversation.prompting import Dialogue
from chatbot_server.conversation.record import Record, Recorder
from chatbot_server.conversation.writing import Withheld, Writer
from chatbot_server.engine.base import Engine, Sampling
from chatbot_server.errors import BadRequest, EngineError
from chatbot_server.messages import say
from chatbot_server.retrieval.base import Grounding, Knowledge, Source


@dataclass(frozen=True)
class Asked:
    """A stored question, ready to be answered.

    Attributes:
        replaces: ids of the exchange that is asked again; it goes once this one is accepted.
    """

    site_id: int
    locale: str
    started: Started
    dialogue: Dialogue
    contact: str | None = None
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parts:
    """What a turn works with."""

    engine: Engine
    knowledge: Knowledge
    recorder: Recorder
    sampling: Sampling


class Turn:
    """The work behind one answer; see :class:`chatbot_server.conversation.live.Turn`."""

    def __init__(self, parts: Parts, asked: Asked) -> None:
        self._parts = parts
        self._asked = asked
        self._record = Record()
        self._writer = Writer(parts.engine, parts.sampling, asked.started.conversation)

    def events(self) -> Iterator[Event]:
        """The answer, event by event; whatever happens, what was said is stored.

        ``Started`` comes with the first step that succeeds: a question that cannot be
        accepted at all is taken back, and its error is raised.
        """
        accepted = False
        try:
            for event in self._story():
                if not accepted:
                    accepted = True
                    self._parts.recorder.replace(self._asked.replaces)
                    yield self._asked.started
                if isinstance(event, Waiting) and not event.position:
                    continue  # accepted, and nobody comes first: nothing to tell
                if isinstance(event, Ended):
                    self._store(event)
                else:
                    self._record.note(event)
                yield event
        finally:
            if not accepted:
                self._parts.recorder.refuse(self._asked.started)
            elif not self._record.stored:
                self._store(None)

    def cancel(self) -> None:
        """Stop the work; may be called from any thread, more than once."""
        self._writer.cancel()

    def _story(self) -> Iterator[Event]:
        asked = self._asked
        if not self._parts.knowledge.has_content(asked.site_id):
            yield from self._writer.freely(asked.dialogue, self._record)
            return
        found = self._parts.knowledge.ground(
            asked.site_id, asked.dialogue.question, asked.dialogue.questions, asked.locale
        )
        self._record.grounding = found
        if found.status != "faq" and self._writer.may_write(found):
            yield from self._written_from(found)
        else:
            yield from self._from_text(found)

    def _written_from(self, found: Grounding) -> Iterator[Event]:
        """The model's sentences that stand in the pages; where they end, the pages' own."""
        shown = False
        try:
            for event in self._writer.from_passages(self._asked.dialogue, found, self._record):
                shown = shown or isinstance(event, Piece)
                if isinstance(event, Ended):
                    yield Cited(_pages(found))
                yield event
        except (Withheld, EngineError, BadRequest):
            if shown:
                yield Piece("\n\n")
            yield from self._from_text(found)

    def _from_text(self, found: Grounding) -> Iterator[Event]:
        """An answer that no model has written."""
        if found.status in ("faq", "quoted"):
            yield Piece(found.answer)
            yield Cited(found.sources)
            yield Ended("faq" if found.status == "faq" else "pages")
            return
        key = "answer_nothing" if self._asked.contact is None else "answer_nothing_contact"
        yield Piece(say(key, self._asked.locale, contact=self._asked.contact))
        yield Ended("none")

    def _store(self, ended: Ended | None) -> None:
        self._record.stored = True
        self._parts.recorder.save(self._asked.started, self._record, ended)


def _pages(found: Grounding) -> tuple[Source, ...]:
    """What the model wrote from, each page once."""
    named = {passage.url or passage.title: passage for passage in found.passages}
    return tuple(Source(passage.title, passage.url) for passage in named.values())
