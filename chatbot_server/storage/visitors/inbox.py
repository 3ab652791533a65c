"""The owner's view of conversations: lists, filters, and whole conversations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from chatbot_server.errors import NotFound
from chatbot_server.storage.base import now
from chatbot_server.storage.visitors.conversations import ChatMessage, Conversation
from chatbot_server.storage.visitors.feedback import Feedback
from chatbot_server.storage.visitors.internal_notes import InternalNote, internal_notes

ANSWERED = ("faq", "pages", "model")
Trait = Literal["", "answered", "unanswered", "thumb_down", "thumb_up", "slow", "person", "noted"]
MOST_SEARCHED = 5000  # conversations, of which the words are looked through
MOST_ANSWERS = 5000  # of which topics and times are told, and that are looked through
SLOW_MS = 3000  # to the first words
BEHIND_ALL = 1_000_000  # added to the position of a message, it comes after every other


@dataclass(frozen=True)
class ConversationFilter:
    """A filter on the conversations of a site.

    Attributes:
        trait: what they contain: an answer, an honest no, a thumb, slow first words, a message
            of a person, or an internal note.
        origin: the origin of one of their answers.
        since, until: when they began, in Unix seconds; 0: no limit.
        page: a part of the address where they began.
        previews: whether to include those that began on the owner's pages.
        source: the first source of one of the newest answers: the address of a page without its
            fragment, or the question of an entry.
        text: words that one of their messages holds, all of them.
        language: in which the chatbot spoke.
    """

    site_id: int
    trait: Trait = ""
    origin: str = ""
    since: int = 0
    until: int = 0
    page: str = ""
    previews: bool = True
    source: str = ""
    text: str = ""
    language: str = ""


@dataclass(frozen=True)
class ConversationRow:
    """A row of the list: *question* is the first that is no mere “Hello”, if there is one, and
    *person* the one who answers now."""

    id: str
    created: int
    page: str | None
    locale: str
    preview: bool
    question: str
    questions: int
    unanswered: int
    thumbs_down: int
    person: str | None
    notes: int


def list_conversations(
    session: Session, filters: ConversationFilter, before: str = "", limit: int = 50
) -> list[ConversationRow]:
    """The newest matching conversations that began before the one with the id *before*."""
    query = _matching(filters)
    if before and (last := session.get(Conversation, before)):
        place = tuple_(Conversation.created, Conversation.id)
        query = query.where(place < tuple_(last.created, last.id))
    newest_first = (Conversation.created.desc(), Conversation.id.desc())
    conversations = session.scalars(query.order_by(*newest_first).limit(limit)).all()
    return _rows(session, conversations)


def _rows(session: Session, conversations: Sequence[Conversation]) -> list[ConversationRow]:
    ids = [conversation.id for conversation in conversations]
    of_these = ChatMessage.conversation_id.in_(ids)
    first_questions = _first_questions(session, of_these)
    questions = _counts(session, of_these, ChatMessage.role == "user")
    no_counts = _counts(session, of_these, is_unanswered())
    has_thumb_down = exists().where(Feedback.message_id == ChatMessage.id, Feedback.value == "down")
    thumbs_down = _counts(session, of_these, has_thumb_down)
    notes = internal_notes(session, ids)
    return [
        ConversationRow(
            id=conversation.id,
            created=conversation.created,
            page=conversation.page,
            locale=conversation.locale,
            preview=conversation.preview,
            question=first_questions.get(conversation.id, ""),
            questions=questions.get(conversation.id, 0),
            unanswered=no_counts.get(conversation.id, 0),
            thumbs_down=thumbs_down.get(conversation.id, 0),
            person=conversation.answering_person,
            notes=len(notes.get(conversation.id, ())),
        )
        for conversation in conversations
    ]


def _first_questions(session: Session, of_these: ColumnElement[bool]) -> dict[str, str]:
    """The question that says what each conversation is about, by the conversation's id."""
    reply = aliased(ChatMessage)
    is_greeting = exists().where(
        reply.conversation_id == ChatMessage.conversation_id,
        reply.position == ChatMessage.position + 1,
        reply.status == "courtesy",
    )
    rank = case((is_greeting, ChatMessage.position + BEHIND_ALL), else_=ChatMessage.position)
    first = (
        select(ChatMessage.conversation_id, (func.min(rank) % BEHIND_ALL).label("position"))
        .where(of_these, ChatMessage.role == "user")
        .group_by(ChatMessage.conversation_id)
        .subquery()
    )
    is_first = and_(
        ChatMessage.conversation_id == first.c.conversation_id,
        ChatMessage.position == first.c.position,
    )
    rows = session.execute(
        select(ChatMessage.conversation_id, ChatMessage.text).join(first, is_first)
    )
    return {row.conversation_id: row.text for row in rows}


def _counts(session: Session, *conditions: ColumnElement[bool]) -> dict[str, int]:
    rows = session.execute(
        select(ChatMessage.conversation_id, func.count())
        .where(*conditions)
        .group_by(ChatMessage.conversation_id)
    )
    return {row[0]: row[1] for row in rows}


def is_unanswered(message: type[ChatMessage] = ChatMessage) -> ColumnElement[bool]:
    """Whether *message* is an honest no to a question."""
    return and_(message.origin == "none", func.coalesce(message.status, "") != "courtesy")


def languages_of(session: Session, site_id: int) -> list[str]:
    """The languages of the conversations that are kept, each found by an index."""
    languages: list[str] = []
    locales = select(Conversation.locale).where(_is_kept(site_id))
    query = locales.order_by(Conversation.locale).limit(1)
    while following := session.scalar(query.where(Conversation.locale > (languages or [""])[-1])):
        languages.append(following)
    return languages


def _is_kept(site_id: int) -> ColumnElement[bool]:
    """Whether a conversation is one of the site that is kept."""
    return and_(Conversation.site_id == site_id, Conversation.keep, Conversation.expires >= now())


def matching_ids(filters: ConversationFilter) -> Select[str]:
    """The ids of the matching conversations."""
    return _matching(filters).with_only_columns(Conversation.id)


def _matching(filters: ConversationFilter) -> Select[Conversation]:
    """The matching conversations that are kept."""
    query = select(Conversation).where(_is_kept(filters.site_id))
    if filters.since:
        query = query.where(Conversation.created >= filters.since)
    if filters.until:
        query = query.where(Conversation.created < filters.until)
    if not filters.previews:
        query = query.where(Conversation.preview.is_(False))
    if filters.page:
        query = query.where(Conversation.page.contains(filters.page, autoescape=True))
    if filters.language:
        query = query.where(Conversation.locale == filters.language)
    if filters.trait:
        query = query.where(Conversation.id.in_(_with_trait(filters.trait)))
    if filters.origin:
        with_origin = select(ChatMessage.conversation_id).where(
            ChatMessage.origin == filters.origin
        )
        query = query.where(Conversation.id.in_(with_origin))
    if filters.source:
        query = query.where(Conversation.id.in_(_answered_from(filters)))
    if words := filters.text.split():
        holding = select(ChatMessage.conversation_id).where(
            ChatMessage.conversation_id.in_(_newest(filters)),
            *(ChatMessage.text.icontains(word, autoescape=True) for word in words),
        )
        query = query.where(Conversation.id.in_(holding))
    return query


def _newest(filters: ConversationFilter) -> Select[str]:
    """The last conversations in the time of *filters*: no index holds the words of all."""
    query = select(Conversation.id).where(Conversation.site_id == filters.site_id)
    if filters.until:
        query = query.where(Conversation.created < filters.until)
    return query.order_by(Conversation.created.desc()).limit(MOST_SEARCHED)


def _answered_from(filters: ConversationFilter) -> Select[str]:
    """Of the newest, the conversations with an answer whose first source is that of *filters*."""
    first = ChatMessage.sources[0]
    newest = (
        select(
            ChatMessage.conversation_id,
            first["url"].as_string().label("url"),
            first["title"].as_string().label("title"),
        )
        .where(
            ChatMessage.site_id == filters.site_id,
            ChatMessage.begun >= filters.since,
            ChatMessage.origin.in_(ANSWERED),
        )
        .order_by(ChatMessage.begun.desc())
        .limit(MOST_ANSWERS)
        .subquery()
    ).c
    is_entry = and_(newest.url == "", newest.title == filters.source)
    of_page = newest.url.startswith(filters.source + "#", autoescape=True)
    return select(newest.conversation_id).where(
        or_(newest.url == filters.source, of_page, is_entry)
    )


def _with_trait(trait: Trait) -> Select[str]:
    """The conversations of all sites with *trait*, which can be read from an index alone."""
    if trait == "person":
        return select(Conversation.id).where(Conversation.person.is_not(None))
    if trait == "noted":
        return select(InternalNote.conversation_id)
    ids = select(ChatMessage.conversation_id)
    if trait in ("thumb_down", "thumb_up"):
        value = trait.removeprefix("thumb_")
        thumbs = Feedback.message_id == ChatMessage.id
        return ids.join(Feedback, thumbs).where(Feedback.value == value)
    if trait == "unanswered":
        return ids.where(is_unanswered())
    if trait == "slow":
        return ids.where(
            ChatMessage.origin.in_((*ANSWERED, "none")), ChatMessage.first_ms > SLOW_MS
        )
    return ids.where(ChatMessage.origin.in_(ANSWERED))


def find_conversation(session: Session, site_id: int, identifier: str) -> Conversation:
    """A conversation of the site.

    Raises:
        NotFound: it does not exist, has expired, or the visitor did not want it kept.
    """
    conversation = session.get(Conversation, identifier)
    is_readable = conversation is not None and conversation.site_id == site_id
    if conversation is None or not is_readable or not conversation.keep:
        raise NotFound("conversation_unknown", field="conversation")
    if conversation.expires < now():
        raise NotFound("conversation_unknown", field="conversation")
    return conversation


def find_answer_of(session: Session, site_id: int, identifier: str) -> ChatMessage:
    """An answer in a conversation of the site.

    Raises:
        NotFound: it is gone, as :func:`find_conversation` tells, or is no answer.
    """
    message = session.get(ChatMessage, identifier)
    if message is None or message.role != "assistant":
        raise NotFound("conversation_unknown", field="conversation")
    find_conversation(session, site_id, message.conversation_id)
    return message


def feedback_on(session: Session, conversation_id: str) -> dict[str, Feedback]:
    """The visitor's feedback on the answers of a conversation, by message id."""
    rows = session.scalars(
        select(Feedback)
        .join(ChatMessage, ChatMessage.id == Feedback.message_id)
        .where(ChatMessage.conversation_id == conversation_id)
    )
    return {row.message_id: row for row in rows}


def export_messages(
    session: Session, filters: ConversationFilter
) -> Iterator[tuple[Conversation, ChatMessage | InternalNote]]:
    """Every message of the matching conversations, oldest first, then the notes on each."""
    query = _matching(filters).order_by(Conversation.created, Conversation.id)
    rows = session.scalars(query.execution_options(yield_per=200))
    for conversations in rows.partitions():
        notes = internal_notes(session, [conversation.id for conversation in conversations])
        for conversation in conversations:
            messages = select(ChatMessage).where(ChatMessage.conversation_id == conversation.id)
            for message in session.scalars(messages.order_by(ChatMessage.position)):
                yield conversation, message
            for note in notes.get(conversation.id, ()):
                yield conversation, note
