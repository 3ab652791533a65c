"""What a visitor can do: ask, take up an answer again, stop it, read, erase.

A question is stored together with an answer that is available at once, and beside an empty one
where a model writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from chatbot_server.conversation.events import Started
from chatbot_server.conversation.live import LiveAnswer, LiveAnswers
from chatbot_server.conversation.questions import PreparedQuestion, VisitorQuestion
from chatbot_server.conversation.turn import Turn, TurnParts
from chatbot_server.errors import BadRequest
from chatbot_server.privacy.masking import NO_MASK, NO_WAY_TO_REPLY, Mask
from chatbot_server.storage.base import now, random_id
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.accounts import is_somebody_here
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.conversations import (
    ChatMessage,
    Conversation,
    erase_conversation,
    new_conversation,
    open_conversation,
)
from chatbot_server.storage.visitors.feedback import thumbs_of
from chatbot_server.storage.visitors.messages import (
    history,
    last_exchange,
    last_moment,
    recent_history,
)
from chatbot_server.storage.visitors.takeover import ids_before, persons_messages

# The least number of characters of a long conversation that a model is given; at most about twice
# as many. All their tokens are counted with each question.
REMEMBERED_CHARS = 100_000
RESUME_SECONDS = 10.0  # within which the next page of the site takes up an answer
# Seconds until a visitor's page asks again whether a person wrote: while a person answers; while
# somebody is logged in to the owner's pages; otherwise.
ASK_SOON, ASK_LATER, ASK_RARELY = 3, 10, 60
QUIET_SECONDS = 1800  # after the last message, until the page no longer asks


@dataclass(frozen=True)
class Transcript:
    """A conversation as its visitor may read it; *thumbs* is “up” or “down” by answer id."""

    conversation: Conversation
    messages: Sequence[ChatMessage]
    thumbs: Mapping[str, str]


@dataclass(frozen=True)
class News:
    """What people of the site wrote in a conversation.

    Attributes:
        person: who answers in place of the chatbot; None: the chatbot answers.
        follows: the id of the message before each, by its id.
        wait: seconds until it makes sense to ask again; 0: not before the visitor writes.
    """

    person: str | None
    messages: Sequence[ChatMessage]
    follows: dict[str, str]
    wait: int


@dataclass(frozen=True)
class OpenedConversation:
    """The conversation of a question; its row belongs to no session.

    Attributes:
        secret: only of a new conversation.
        before: the messages in it so far.
    """

    row: Conversation
    secret: str | None = None
    before: Sequence[ChatMessage] = ()


class ConversationService:
    """The conversations of all sites."""

    def __init__(
        self,
        database: Database,
        parts: TurnParts,
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

    def expect_question(self, site_id: int) -> None:
        """Load what questions about a site need, while a visitor who opened its chat types."""
        self._parts.knowledge.get_ready(site_id)

    def prepare(self, question: VisitorQuestion) -> PreparedQuestion:
        """Open the conversation of *question*, or begin a new one.

        Nothing is stored yet, so that a question that is refused costs no write. An answer that is
        still being made in the same conversation is cut short.

        Raises:
            ChatbotError: the conversation cannot be continued.
        """
        opened_conversation = self._open_or_begin(question)
        conversation, before = opened_conversation.row, opened_conversation.before
        replaced_messages = last_exchange(before) if question.retry else ()
        before = before[: len(before) - len(replaced_messages)]
        if replaced_messages:  # a visitor who asks again wants another answer than the cached one
            self._parts.cache.reject(question.site.key, replaced_messages[0].text)
        conversation.extend(question.site.days_kept(self._retention_days))
        # To a person, visitors may say how they can be reached.
        kinds = NO_WAY_TO_REPLY if conversation.answering_person else ()
        mask = Mask.of(question.text, question.locale, kinds) if self._masks else NO_MASK
        return PreparedQuestion(
            question,
            conversation,
            Started(conversation.id, random_id(), random_id(), opened_conversation.secret),
            question.dialogue(before),
            replaces=tuple(message.id for message in replaced_messages),
            is_self_contained=not before and not mask.labels,
            mask=mask,
        )

    def answer(self, prepared: PreparedQuestion) -> LiveAnswer:
        """Begin the answer to *prepared*.

        Raises:
            ChatbotError: the question was not accepted, and is not stored.
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
        """An answer that is being made, or has just ended.

        Raises:
            NotFound: there is no such answer.
            NotFound, Unauthorized: as :func:`open_conversation`.
        """
        answer = self._live.get(message)
        with self._database.session() as session:
            open_conversation(session, answer.conversation, secret)
        return answer

    def stop(self, message: str, secret: str) -> None:
        """Stop an answer now.

        Raises:
            NotFound, Unauthorized: as :meth:`take_up`.
        """
        self.take_up(message, secret).stop_and_wait()

    def read(self, conversation: str, secret: str) -> Transcript:
        """The whole conversation.

        Raises:
            NotFound, Unauthorized: as :func:`open_conversation`.
        """
        with self._database.session() as session:
            row = open_conversation(session, conversation, secret)
            return Transcript(row, history(session, row.id), thumbs_of(session, row.id))

    def news(self, conversation: str, secret: str, after: str) -> News:
        """What people of the site wrote after the message with the id *after*.

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
            return News(row.answering_person, messages, ids_before(session, messages), wait)

    def erase(self, conversation: str, secret: str) -> int:
        """Erase the conversation from the disk; returns the number of erased messages."""
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
        """Do not repeat the answer to *question*: a visitor rejected it."""
        self._parts.cache.reject(site, question)

    def _cut_short(self, conversation: str) -> None:
        """Stop the running answers of the conversation, and wait until they are stored."""
        for answer in self._live.running_in(conversation):
            answer.stop_and_wait()

    def _open_or_begin(self, question: VisitorQuestion) -> OpenedConversation:
        if question.conversation is None:
            conversation, secret = new_conversation(
                question.site.id,
                locale=question.locale,
                page=question.page_path,
                keep=question.keep,
                preview=question.preview,
            )
            return OpenedConversation(conversation, secret)
        with self._database.session() as session:
            conversation = open_conversation(session, question.conversation, question.secret)
            self._cut_short(conversation.id)
            if conversation.site_id != question.site.id:
                raise BadRequest("conversation_other_site", field="conversation")
            before = recent_history(session, conversation.id, REMEMBERED_CHARS)
            session.expunge(conversation)
            return OpenedConversation(conversation, before=before)
