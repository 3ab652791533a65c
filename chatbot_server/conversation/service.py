"""What a visitor can do: ask, take an answer up again, stop it, read, erase.

A question is stored with its answer where that is there at once, and beside an empty one where
a model writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from chatbot_server.conversation.events import Started
from chatbot_server.conversation.live import LiveAnswer, LiveAnswers
from chatbot_server.conversation.questions import PreparedQuestion, VisitorQuestion, instructions_of
from chatbot_server.conversation.turn import Parts, Turn
from chatbot_server.errors import BadRequest
from chatbot_server.messages import LANGUAGES
from chatbot_server.privacy.masking import NO_MASK, NO_WAY_TO_REPLY, Mask
from chatbot_server.storage.base import now, random_id
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.accounts import is_somebody_here
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.conversations import (
    ChatMessage,
    Conversation,
    erase_conversation,
    history,
    last_exchange,
    last_moment,
    new_conversation,
    open_conversation,
    recent_history,
)
from chatbot_server.storage.visitors.feedback import feedback_of
from chatbot_server.storage.visitors.takeover import persons_messages

# What a model is given of a long conversation, in characters, at least; at most about twice as
# much. The tokens of all of it are counted at each question.
REMEMBERED = 100_000
RESUME_SECONDS = 10.0  # a page that changes is there again within this
# When a visitor's page asks again whether a person wrote: while one answers, while some of the
# site's people are at their pages, and else; not at all once nothing was said for long.
ASK_SOON, ASK_LATER, ASK_RARELY = 3, 10, 60
QUIET_SECONDS = 1800


@dataclass(frozen=True)
class Transcript:
    """A conversation as its visitor may read it; *thumbs*: answer's id → up or down."""

    conversation: Conversation
    messages: Sequence[ChatMessage]
    thumbs: Mapping[str, str]


@dataclass(frozen=True)
class News:
    """What people wrote in a conversation.

    Attributes:
        person: who answers in the chatbot's place; None: the chatbot does.
        wait: seconds until it makes sense to ask again; 0: not before the visitor writes.
    """

    person: str | None
    messages: Sequence[ChatMessage]
    wait: int


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
        masks: bool = False,
    ) -> None:
        self._database = database
        self._parts = parts
        self._retention_days = retention_days
        self._masks = masks
        self._live = LiveAnswers(streams, visitor_streams)

    def prepare(self, question: VisitorQuestion) -> PreparedQuestion:
        """What *question* follows on in its conversation, or the new one that it begins.

        Nothing is stored yet: a question that is refused costs the database no write. What is
        still being answered in the same conversation is cut short: a visitor says one thing at
        a time.

        Raises:
            ChatbotError: the conversation cannot be continued.
        """
        conversation, secret, before = self._open_or_begin(question)
        replaced_turns = last_exchange(before) if question.retry else ()
        before = before[: len(before) - len(replaced_turns)]
        if replaced_turns:  # who asks again wants another answer, and this one is to be erased
            self._parts.cache.reject(question.site.key, replaced_turns[0].text)
        conversation.extend(question.site.days_kept(self._retention_days))
        # To a person, visitors may say how they are reached.
        kinds = NO_WAY_TO_REPLY if conversation.answering_person else ()
        mask = Mask.of(question.text, question.locale, kinds) if self._masks else NO_MASK
        return PreparedQuestion(
            question,
            conversation,
            Started(conversation.id, random_id(), random_id(), secret),
            question.dialogue(before),
            replaces=tuple(turn.id for turn in replaced_turns),
            first=not before and not mask.labels,
            mask=mask,
        )

    def answer(self, prepared: PreparedQuestion) -> LiveAnswer:
        """Begin the answer to *prepared*.

        Raises:
            ChatbotError: it was not accepted; then nothing of the question is stored.
        """
        answer = LiveAnswer(
            prepared.started.message,
            prepared.started.conversation,
            Turn(self._parts, prepared),
            grace=RESUME_SECONDS if prepared.question.resume else 0.0,
            visitor=prepared.question.visitor,
        )
        self._live.add(answer)
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
            row = open_conversation(session, conversation, secret)
            return Transcript(row, history(session, row.id), feedback_of(session, row.id))

    def news(self, conversation: str, secret: str, after: str) -> News:
        """What people wrote after the message called *after*.

        Raises:
            NotFound, Unauthorized: as :func:`open_conversation`.
        """
        with self._database.session() as session:
            row = open_conversation(session, conversation, secret)
            messages = persons_messages(session, row.id, after) if row.person else ()
            if row.answering_person:
                wait = ASK_SOON
            elif last_moment(session, row.id) < now() - QUIET_SECONDS:
                wait = 0
            else:
                wait = ASK_LATER if is_somebody_here(session) else ASK_RARELY
            return News(row.answering_person, messages, wait)

    def erase(self, conversation: str, secret: str) -> int:
        """Erase the conversation from the disk; returns the number of messages erased."""

        with self._database.session() as session:
            open_conversation(session, conversation, secret)
        self._cut_short(conversation)

        def erase_all(session: Session) -> tuple[str, Sequence[ChatMessage], int]:
            row = open_conversation(session, conversation, secret)
            site_key = session.get_one(Site, row.site_id).key
            first_messages = history(session, row.id)[:1]
            return site_key, first_messages, erase_conversation(session, row)

        site_key, first_messages, erased_count = self._database.erase(erase_all)
        for message in first_messages:
            self._parts.cache.reject(site_key, message.text)
        return erased_count

    def drop_from_cache(self, site: str, question: str) -> None:
        """Tell the answer to *question* to nobody else: a visitor found it wanting."""
        self._parts.cache.reject(site, question)

    def _cut_short(self, conversation: str) -> None:
        """End the answers in the making, and wait until they are stored."""
        for answer in self._live.running_in(conversation):
            answer.stop()
            answer.wait_ended(5)

    def _open_or_begin(
        self, question: VisitorQuestion
    ) -> tuple[Conversation, str | None, Sequence[ChatMessage]]:
        """The question's conversation, of no session; with its secret if it is new, else with
        what was said in it."""
        if question.conversation is None:
            conversation, secret = new_conversation(
                question.site.id,
                locale=question.locale,
                page=question.page_path,
                keep=question.keep,
                preview=question.preview,
            )
            return conversation, secret, ()
        with self._database.session() as session:
            conversation = open_conversation(session, question.conversation, question.secret)
            self._cut_short(conversation.id)
            if conversation.site_id != question.site.id:
                raise BadRequest("conversation_other_site", field="conversation")
            before = recent_history(session, conversation.id, REMEMBERED)
            session.expunge(conversation)
            return conversation, None, before


def common_instructions(sites: Sequence[Site], most: int = 4) -> list[str]:
    """What the conversations of *sites* begin with, without repetition, at most *most*."""
    texts = (instructions_of(site, language) for site in sites for language in LANGUAGES)
    return list(dict.fromkeys(texts))[:most]
