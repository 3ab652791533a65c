"""What a visitor can do: ask, take an answer up again, stop it, read, erase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from chatbot_server.conversation.events import Started
from chatbot_server.conversation.live import LiveAnswer, LiveAnswers
from chatbot_server.conversation.prompting import Dialogue
from chatbot_server.conversation.turn import Asked, Parts, Turn
from chatbot_server.errors import BadRequest
from chatbot_server.messages import LANGUAGES, say
from chatbot_server.prompt.base import Message
from chatbot_server.storage.conversations import (
    ChatMessage,
    Conversation,
    add_message,
    erase_conversation,
    history,
    hold_conversation,
    last_exchange,
    open_conversation,
    recent_history,
    start_conversation,
)
from chatbot_server.storage.database import Database
from chatbot_server.storage.feedback import feedback_of
from chatbot_server.storage.sites import Site, find_site

# What a model is given of a long conversation, in characters, at least; at most about twice as
# much. The tokens of all of it are counted at each question.
REMEMBERED = 100_000
RESUME_SECONDS = 10.0  # a page that changes is there again within this
PAGE_CHARS = 500  # what the column holds; only SQLite would take more


@dataclass(frozen=True)
class Question:
    """A visitor's question, checked at the door. See ``docs/http-api.md`` for the fields.

    Attributes:
        visitor: today's name of the visitor, whose answers in the making are counted.
    """

    site: str
    text: str
    locale: str
    conversation: str | None = None
    secret: str = ""
    page: str | None = None
    resume: bool = False
    keep: bool = True
    retry: bool = False
    visitor: str = ""


@dataclass(frozen=True)
class Transcript:
    """A conversation as its visitor may read it; *thumbs*: answer's id → up or down."""

    conversation: Conversation
    messages: Sequence[ChatMessage]
    thumbs: Mapping[str, str]


class ConversationService:
    """The conversations of all sites."""

    def __init__(
        self,
        database: Database,
        parts: Parts,
        *,
        retention_days: int,
        streams: int,
        visitor_streams: int,
    ) -> None:
        self._database = database
        self._parts = parts
        self._retention_days = retention_days
        self._live = LiveAnswers(streams, visitor_streams)

    def ask(self, question: Question) -> LiveAnswer:
        """Store the question and begin the answer.

        Raises:
            ChatbotError: it was not accepted; then nothing of it is stored.
        """
        if question.conversation:
            self._end_running(question.conversation, question.secret)
        asked = self._store(question)
        answer = LiveAnswer(
            asked.started.message,
            asked.started.conversation,
            Turn(self._parts, asked),
            grace=RESUME_SECONDS if question.resume else 0.0,
            visitor=question.visitor,
        )
        try:
            self._live.add(answer)
        except BaseException:
            self._parts.recorder.refuse(asked.started)
            raise
        try:
            answer.start()
        except BaseException:
            self._live.discard(answer)
            raise
        return answer

    def take_up(self, message: str, secret: str) -> LiveAnswer:
        """A running or just finished answer.

        Raises:
            NotFound: there is none, or the secret is another's.
        """
        answer = self._live.get(message)
        with self._database.session() as session:
            open_conversation(session, answer.conversation, secret)
        return answer

    def stop(self, message: str, secret: str) -> None:
        """End an answer now. Raises as :meth:`take_up`."""
        answer = self.take_up(message, secret)
        answer.stop()
        answer.wait_ended(5)

    def read(self, conversation: str, secret: str) -> Transcript:
        """The whole conversation.

        Raises:
            NotFound, Unauthorized: as :func:`open_conversation`.
        """
        with self._database.session() as session:
            found = open_conversation(session, conversation, secret)
            return Transcript(found, history(session, found.id), feedback_of(session, found.id))

    def erase(self, conversation: str, secret: str) -> int:
        """Erase the conversation from the disk; returns the number of messages erased."""
        self._end_running(conversation, secret)
        with self._database.session() as session:
            found = open_conversation(session, conversation, secret)
            site, asked = session.get_one(Site, found.site_id).key, history(session, found.id)[:1]
            erased = erase_conversation(session, found)
        self._database.forget_erased()
        for question in asked:
            self._parts.cache.forget(site, question.text)
        return erased

    def doubt(self, site: str, question: str) -> None:
        """Tell the answer to *question* to nobody else: a visitor found it wanting."""
        self._parts.cache.forget(site, question)

    def _end_running(self, conversation: str, secret: str) -> None:
        """A visitor says one thing at a time: what came before is cut short."""
        with self._database.session() as session:
            open_conversation(session, conversation, secret)
        for answer in self._live.running_in(conversation):
            answer.stop()
            answer.wait_ended(5)

    def _store(self, question: Question) -> Asked:
        with self._database.session() as session:
            site = find_site(session, question.site)
            conversation, secret = self._conversation(session, site, question)
            before = recent_history(session, conversation.id, REMEMBERED)
            replaced = last_exchange(before) if question.retry else ()
            before = before[: len(before) - len(replaced)]
            if replaced:  # who asks again wants another answer, and this one is to be erased
                self._parts.cache.forget(site.key, replaced[0].text)
            asked = add_message(session, conversation, "user", question.text)
            answer = add_message(session, conversation, "assistant", "")
            conversation.extend(self._retention_days)
            started = Started(conversation.id, answer.id, asked.id, secret)
            exchanges = _exchanges(before)
            dialogue = Dialogue(
                _instructions(site, question.locale),
                tuple(turn for exchange in exchanges for turn in _as_read(*exchange)),
                question.text,
                tuple(asked_before.text for asked_before, _ in exchanges),
                question.locale,
            )
            contact = site.contact_email or site.contact_url
        return Asked(
            site.id,
            site.key,
            question.locale,
            started,
            dialogue,
            contact,
            replaces=tuple(turn.id for turn in replaced),
            first=not before,
            keep_until=conversation.expires if conversation.keep else None,
        )

    def _conversation(
        self, session: Session, site: Site, question: Question
    ) -> tuple[Conversation, str | None]:
        if question.conversation is None:
            return start_conversation(
                session,
                site.id,
                locale=question.locale,
                page=_without_query(question.page),
                keep=question.keep,
            )
        found = open_conversation(session, question.conversation, question.secret)
        if found.site_id != site.id:
            raise BadRequest("conversation_other_site", field="conversation")
        hold_conversation(session, found)
        return found, None


def _exchanges(messages: Sequence[ChatMessage]) -> list[tuple[ChatMessage, ChatMessage]]:
    """Finished exchanges only: a question whose answer failed would confuse the model."""
    return [
        (question, answer)
        for question, answer in pairwise(messages)
        if question.role == "user" and answer.role == "assistant" and answer.text
    ]


def _as_read(question: ChatMessage, answer: ChatMessage) -> tuple[Message, Message]:
    """An exchange as the model read it, so that its evaluated prompt can be used again."""
    asked = question.facts.get("prompt", question.text)
    return Message("user", asked), Message("assistant", answer.text)


def common_instructions(sites: Sequence[Site], most: int = 4) -> list[str]:
    """What the conversations of *sites* begin with, without repetition, at most *most*."""
    each = (_instructions(site, language) for site in sites for language in LANGUAGES)
    return list(dict.fromkeys(each))[:most]


def _instructions(site: Site, language: str) -> str:
    return site.instructions or say("instructions", language, name=site.name)


def _without_query(page: str | None) -> str | None:
    """A query string can hold a visitor's name or a secret; the path is enough."""
    if not page:
        return None
    try:
        parts = urlsplit(page)
    except ValueError:  # “http://[x”
        return None
    told = parts._replace(query="", fragment="", netloc=parts.netloc.rpartition("@")[2])
    return told.geturl()[:PAGE_CHARS]
