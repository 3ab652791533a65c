"""One turn: cache → remarks → pages → prompt → engine → guard → store.

The order is that of trust: the owner's own words, sentences quoted from the pages, the guarded
model, and an honest no. Where a person has taken the conversation over, the message is passed on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from chatbot_server.conversation.asked_back import clarifying_question, note_on_open_questions
from chatbot_server.conversation.cache import AnswerCache, CachedAnswer, CacheKey
from chatbot_server.conversation.events import (
    AnswerOrigin,
    Cited,
    Ended,
    Event,
    TextPiece,
    Waiting,
)
from chatbot_server.conversation.model.writing import Withheld, Writer
from chatbot_server.conversation.questions import PreparedQuestion
from chatbot_server.conversation.record import Record, Recorder
from chatbot_server.conversation.small_talk.own_words import (
    WITH_TOPICS,
    honest_no,
    language_of_reply,
    reply_to,
)
from chatbot_server.conversation.small_talk.person_hours import when_answered
from chatbot_server.conversation.small_talk.remarks import (
    DISTRESSES,
    LEFT_TO_MODEL,
    Remark,
    find_remark,
    is_answered,
    split_message,
)
from chatbot_server.energy.meter import EnergyMeter
from chatbot_server.engine.base import Engine, Sampling
from chatbot_server.errors import BadRequest, EngineError
from chatbot_server.messages import say
from chatbot_server.retrieval.base import Grounding, Knowledge, Source
from chatbot_server.retrieval.language.markdown import literal
from chatbot_server.storage.base import HOUR, now

TO_A_PERSON = ("handoff", "insult")  # remarks whose reply names the way to a person
PRESENT_SECONDS = 1800  # how long a person counts as present after their last message
logger = logging.getLogger("chatbot_server.conversation")


@dataclass(frozen=True)
class TurnParts:
    """What a turn works with."""

    engine: Engine
    knowledge: Knowledge
    recorder: Recorder
    sampling: Sampling
    cache: AnswerCache = field(default_factory=AnswerCache)
    meter: EnergyMeter = field(default_factory=lambda: EnergyMeter(tuple))


class Turn:
    """The work behind one answer: an :class:`~chatbot_server.conversation.live.AnswerWork`."""

    def __init__(self, parts: TurnParts, prepared: PreparedQuestion) -> None:
        self._parts = parts
        self._prepared = prepared
        self._question = prepared.in_visitors_language()
        self._record = Record()
        self._cache_key: CacheKey | None = None
        self._writer = Writer(parts.engine, parts.sampling, prepared.started.conversation)

    def events(self) -> Iterator[Event]:
        """The answer, event by event; whatever happens, what was said is stored.

        ``Started`` is yielded once the question is stored: together with an answer that is
        available at once, else when the model has accepted the question. A question that is
        refused is not stored; its error is raised.
        """
        held_back: list[Event] = [self._prepared.started]
        record, meter = self._record, self._parts.meter
        share = meter.begin()
        try:
            person = self._prepared.conversation.answering_person
            for event in self._pass_on(person) if person else self._answer():
                if isinstance(event, Ended):
                    energy = meter.end(share, by_model=self._writer.has_begun)
                    event = replace(event, energy=energy, status=record.status(event))
                    self._store(event)
                else:
                    record.note(event)
                if self._writer.has_begun and not (record.is_begun or record.is_stored):
                    self._parts.recorder.begin(self._prepared, record)
                is_first_in_queue = isinstance(event, Waiting) and not event.position
                if not is_first_in_queue:
                    held_back.append(event)
                if record.is_begun or record.is_stored:
                    yield from held_back
                    held_back = []
        finally:
            meter.end(share)
            if record.is_begun and not record.is_stored:
                self._store(None)

    @property
    def is_settled(self) -> bool:
        """See :class:`chatbot_server.conversation.live.AnswerWork`."""
        return self._record.is_stored

    def cancel(self) -> None:
        """Stop the work; may be called from any thread, more than once."""
        self._writer.cancel()

    def _pass_on(self, person: str) -> Iterator[Event]:
        """Pass the message on to *person*; a visitor in distress is told whom to call."""
        self._record.is_passed_on = True
        remark = find_remark(self._question.text)
        if remark and remark.kind in DISTRESSES:
            yield from self._answer_remark(remark)
            return
        site, language = self._question.site, self._question.locale
        passed_on = say("passed_on", language, name=literal(person))
        # A person who wrote a moment ago is present, whatever the hours say.
        silence_left = (self._prepared.conversation.silent_until or 0) - now()
        is_present = silence_left > HOUR * site.silence_hours - PRESENT_SECONDS
        when = "" if is_present else when_answered(site, language)
        yield TextPiece(f"{passed_on} {when}".strip())
        yield Ended("person")

    def _answer(self) -> Iterator[Event]:
        if cached_answer := self._cached_answer():
            yield from self._repeat(cached_answer)
            return
        question, dialogue = self._question, self._prepared.dialogue
        message = split_message(question.text)
        remark = message.remark
        for side_remark in message.side_remarks:
            yield TextPiece(f"{reply_to(side_remark, question, (), self._writer.model())}\n\n")
        is_sure = remark is not None and remark.is_sure_after(dialogue.earlier_questions)
        if remark and is_sure and not self._is_left_to_model(remark):
            yield from self._answer_remark(remark)
            return
        text = dialogue.completed or message.rest
        grounding = self._parts.knowledge.ground(
            question.site.id, text, dialogue.earlier_questions, self._prepared.question.locale
        )
        if not grounding.has_content and question.site.free_chat:
            yield from self._writer.freely(dialogue, self._record)
            return
        if not grounding.has_content:
            warn_of_no_pages(question.site.key, question.site.name, question.site.address)
        self._record.grounding = grounding
        if remark and not is_answered(remark, grounding):
            yield from self._answer_remark(remark)
        elif grounding.status not in ("faq", "choices") and self._writer.may_write(grounding):
            yield from self._answer_by_model(grounding)
        else:
            yield from self._answer_by_quote(grounding)

    def _repeat(self, answer: CachedAnswer) -> Iterator[Event]:
        """The cached answer, given again."""
        self._record.repeat(answer)
        yield TextPiece(answer.text)
        if answer.sources:
            yield Cited(answer.sources)
        yield answer.ended_again()

    def _is_left_to_model(self, remark: Remark) -> bool:
        """Whether the model answers *remark*, because it writes freely and there are no pages."""
        site = self._question.site
        may_be_left = remark.kind in LEFT_TO_MODEL and site.free_chat
        return may_be_left and not self._parts.knowledge.has_content(site.id)

    def _answer_remark(self, remark: Remark) -> Iterator[Event]:
        """The answer to a message that asks nothing of the site."""
        topics: tuple[str, ...] = ()
        language = language_of_reply(self._question, remark)
        if remark.kind in WITH_TOPICS:
            topics = self._topics(language)
        self._record.is_small_talk = True
        yield TextPiece(reply_to(remark, self._question, topics, self._writer.model()))
        yield from self._add_from_pages(remark, language)
        yield Ended("none", suggestions=topics, offers_person=remark.kind in TO_A_PERSON)

    def _add_from_pages(self, remark: Remark, language: str) -> Iterator[Event]:
        """What the pages say beside the reply to *remark*: whether it is open now, if that is
        certain, or how to reach the place, where the owner's settings do not say so."""
        if remark.kind not in ("clock", "handoff") or (
            remark.kind == "handoff" and self._question.contact
        ):
            return
        question = say(f"about_{remark.kind}_question", language)
        grounding = self._parts.knowledge.ground(self._question.site.id, question, locale=language)
        answer = grounding.moment_line if remark.kind == "clock" else grounding.answer
        if answer and not grounding.of_near_question:
            yield TextPiece(f"\n\n{answer}")
            yield Cited(grounding.sources)

    def _topics(self, language: str) -> tuple[str, ...]:
        """What the site can be asked about."""
        question = self._question
        return tuple(
            self._parts.knowledge.topics(question.site.id, language, question.index_version)
        )

    def _cached_answer(self) -> CachedAnswer | None:
        """The earlier answer to the same question, as long as its own conversation exists."""
        cache = self._parts.cache
        if not self._prepared.is_self_contained or not cache.limit:
            return None
        self._cache_key = self._key_for(self._question.index_version)
        answer = cache.get(self._cache_key)
        if not answer or not cache.is_due(self._cache_key):
            return answer
        if not self._parts.recorder.has_conversation(answer.conversation):
            self._forget_cached_answer()  # another process erased the conversation
            return None
        return answer

    def _answer_by_model(self, grounding: Grounding) -> Iterator[Event]:
        """The model's checked sentences; after one that failed the check, a quote of the pages."""
        is_begun = False
        try:
            for event in self._writer.from_passages(
                self._prepared.dialogue, grounding, self._record
            ):
                is_begun = is_begun or isinstance(event, TextPiece)
                if isinstance(event, Ended):
                    yield Cited(_pages_of(grounding))
                yield event
        except (Withheld, EngineError, BadRequest):
            self._record.fell_back = True
            if is_begun and grounding.status == "passages":
                # What was shown is supported by the pages: no “I found nothing” after it.
                yield Cited(_pages_of(grounding))
                yield Ended("model", model=self._record.model)
                return
            if is_begun:
                yield TextPiece("\n\n")
            yield from self._answer_by_quote(grounding)

    def _answer_by_quote(self, grounding: Grounding) -> Iterator[Event]:
        """The owner's words, or an honest no."""
        if grounding.status == "choices":
            yield TextPiece(clarifying_question(grounding, language_of_reply(self._question)))
            yield Ended("question", suggestions=grounding.choices)
            return
        if grounding.status in ("faq", "quoted"):
            note = note_on_open_questions(grounding, language_of_reply(self._question))
            yield TextPiece(f"{grounding.answer}{note}")
            yield Cited(grounding.sources)
            origin: AnswerOrigin = "faq" if grounding.status == "faq" else "pages"
            yield Ended(origin, suggestions=grounding.further)
            return
        pages = _pages_to_offer(grounding)
        topics = () if pages else self._topics(language_of_reply(self._question))
        yield TextPiece(honest_no(self._question, grounding, topics, pages))
        if pages:
            yield Cited(pages)
        yield Ended("none", suggestions=topics, offers_person=not pages)

    def _store(self, ended: Ended | None) -> None:
        self._record.is_stored = True
        self._record.log(self._question.site.key, ended)
        self._record.count(ended)
        is_cached = self._put_into_cache(ended)
        is_saved = False
        try:
            is_saved = self._parts.recorder.save(self._prepared, self._record, ended)
        finally:
            if is_cached and not is_saved:  # the conversation was erased in between
                self._forget_cached_answer()

    def _put_into_cache(self, ended: Ended | None) -> bool:
        """Keep the answer for the same question from others; whether it was kept."""
        if ended is None or self._cache_key is None or self._prepared.keep_until is None:
            return False
        answer = self._record.to_cache(ended, self._prepared.started.conversation)
        grounding = self._record.grounding
        version = grounding.version if grounding else self._question.index_version
        if answer is None or self._key_for(version) != self._cache_key:
            return False  # it holds for this moment only, or pages or model have changed
        self._parts.cache.put(self._cache_key, answer, self._prepared.keep_until)
        return True

    def _forget_cached_answer(self) -> None:
        self._parts.cache.forget(self._question.site.key, self._question.text)

    def _key_for(self, index_version: int) -> CacheKey:
        site, question = self._question.site, self._question
        return self._parts.cache.key(
            site.key,
            question.text,
            index_version,
            site.free_chat,
            site.country,
            question.locale,
            question.contact,
            self._prepared.dialogue.instructions,
            self._parts.sampling,
            self._writer.model(),
        )


@lru_cache(1000)
def warn_of_no_pages(key: str, name: str, address: str) -> None:
    """Log once for each site that it has nothing to answer from."""
    logger.warning("%s", say("doctor_no_pages", key=key, name=name, address=address))


def _pages_to_offer(grounding: Grounding) -> tuple[Source, ...]:
    """The related pages, and the source of the unsure answer.

    Notes and files have no address that a visitor could open: they are named only as that source.
    """
    sources = grounding.near[:1] if grounding.unsure_answer else ()
    others = grounding.near[len(sources) :]
    return (*sources, *(page for page in others if page.url.startswith("http")))


def _pages_of(grounding: Grounding) -> tuple[Source, ...]:
    """The pages of the passages of *grounding*, without duplicates, best first."""
    pages = {passage.url or passage.title: passage for passage in grounding.passages}
    return tuple(Source(page.title, page.url) for page in pages.values())
