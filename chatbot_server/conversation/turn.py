"""One turn, told in one place: cache → pages → prompt → engine → guard → store.

The steps are those of the design's "answers, in order of trust": the owner's own words,
sentences quoted from the pages, the model under guard, and an honest no.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from chatbot_server.conversation.cache import AnswerCache, CachedAnswer, CacheKey
from chatbot_server.conversation.events import Cited, Ended, Event, Piece, Started, Waiting
from chatbot_server.conversation.prompting import Dialogue
from chatbot_server.conversation.record import Record, Recorder
from chatbot_server.conversation.small_talk import courtesy
from chatbot_server.conversation.writing import Withheld, Writer
from chatbot_server.engine.base import Engine, Sampling
from chatbot_server.errors import BadRequest, EngineError
from chatbot_server.messages import say
from chatbot_server.retrieval.base import Grounding, Knowledge, Source


@dataclass(frozen=True)
class Asked:
    """A stored question, ready to be answered.

    Attributes:
        site_key: the site's public name, which no other site ever has.
        replaces: ids of the exchange that is asked again; it goes once this one is accepted.
        first: nothing was said before, so that the question alone decides its answer.
        keep_until: the answer may be given to others until then (Unix seconds); None: never.
    """

    site_id: int
    site_key: str
    locale: str
    started: Started
    dialogue: Dialogue
    contact: str | None = None
    replaces: tuple[str, ...] = ()
    first: bool = False
    keep_until: int | None = None


@dataclass(frozen=True)
class Parts:
    """What a turn works with."""

    engine: Engine
    knowledge: Knowledge
    recorder: Recorder
    sampling: Sampling
    cache: AnswerCache = field(default_factory=AnswerCache)


class Turn:
    """The work behind one answer; see :class:`chatbot_server.conversation.live.Turn`."""

    def __init__(self, parts: Parts, asked: Asked) -> None:
        self._parts = parts
        self._asked = asked
        self._record = Record()
        self._key: CacheKey | None = None
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
        if kept := self._kept():
            yield from self._again(kept)
            return
        if not self._parts.knowledge.has_content(asked.site_id):
            yield from self._writer.freely(asked.dialogue, self._record)
            return
        if kind := courtesy(asked.dialogue.question):
            self._record.courteous = True
            yield Piece(say(f"courtesy_{kind}", asked.locale))
            yield Ended("none")
            return
        found = self._parts.knowledge.ground(
            asked.site_id, asked.dialogue.question, asked.dialogue.questions
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
            self._record.fell_back = True
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

    def _kept(self) -> CachedAnswer | None:
        """The answer to the same question from before, while its own conversation is there."""
        asked, parts = self._asked, self._parts
        if not asked.first or not parts.cache.limit:
            return None
        self._key = self._cache_key()
        kept = parts.cache.get(self._key)
        if kept and not parts.recorder.has(kept.conversation):  # erased by another process
            parts.cache.forget(asked.site_key, asked.dialogue.question)
            return None
        return kept

    def _again(self, kept: CachedAnswer) -> Iterator[Event]:
        self._record.repeat(kept)
        yield Piece(kept.text)
        if kept.sources:
            yield Cited(kept.sources)
        yield kept.again()

    def _store(self, ended: Ended | None) -> None:
        self._record.stored = True
        kept = self._keep(ended)
        saved = self._parts.recorder.save(self._asked.started, self._record, ended)
        if kept and not saved:  # erased meanwhile: whoever erased it found nothing to forget yet
            self._parts.cache.forget(self._asked.site_key, self._asked.dialogue.question)

    def _keep(self, ended: Ended | None) -> bool:
        """Keep the answer for the next who asks the same; whether it was."""
        asked = self._asked
        answer = self._record.lasting(ended, asked.started.conversation) if ended else None
        if answer is None or self._key is None or asked.keep_until is None:
            return False
        if self._cache_key() != self._key:  # the pages or the model changed while it was made
            return False
        self._parts.cache.put(self._key, answer, asked.keep_until)
        return True

    def _cache_key(self) -> CacheKey:
        asked, parts = self._asked, self._parts
        return parts.cache.key(
            asked.site_key,
            asked.dialogue.question,
            parts.knowledge.version(asked.site_id),
            asked.locale,
            asked.contact,
            asked.dialogue.instructions,
            parts.sampling,
            self._writer.model(),
        )


def _pages(found: Grounding) -> tuple[Source, ...]:
    """What the model wrote from, each page once."""
    named = {passage.url or passage.title: passage for passage in found.passages}
    return tuple(Source(passage.title, passage.url) for passage in named.values())
