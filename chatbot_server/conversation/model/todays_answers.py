"""Today's answers to the questions of a conversation, beside those that its visitor was given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot_server.conversation.model.prompting import Dialogue
from chatbot_server.conversation.questions import VisitorQuestion
from chatbot_server.errors import NotFound
from chatbot_server.retrieval.base import Grounding, Knowledge
from chatbot_server.storage.base import JsonObjects
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.conversations import ChatMessage, Conversation
from chatbot_server.storage.visitors.inbox import find_conversation
from chatbot_server.storage.visitors.messages import set_facts

PREFIX = "again-"
MOST_MESSAGES = 40  # of a conversation, the first ones
FACT = "today"  # of the question, so that the answer is erased with it

# What a model writes at the end of a dialogue, in place of what was found; None: nothing.
Write = Callable[[Dialogue, Grounding], str | None]


@dataclass(frozen=True)
class TodaysAnswer:
    """What a visitor would read today; *text* is empty for an honest no.

    Attributes:
        unsure_answer: what is shown beside the no, as in :class:`Grounding`.
    """

    text: str
    sources: JsonObjects
    unsure_answer: str
    is_by_model: bool


def todays_answers(
    knowledge: Knowledge,
    site: Site,
    conversation: Conversation,
    messages: Sequence[ChatMessage],
    write: Write = lambda *_: None,
) -> Iterator[tuple[ChatMessage, TodaysAnswer]]:
    """Each question of *conversation* with today's answer, one after the other.

    Args:
        write: what a model writes; without one, visitors are shown what was found.
    """
    for question in asked_questions(messages):
        before = messages[: messages.index(question)]
        dialogue = VisitorQuestion(site, question.text, conversation.locale).dialogue(before)
        text = dialogue.completed or question.text
        grounding = knowledge.ground(site.id, text, dialogue.earlier_questions, conversation.locale)
        model_text = write(dialogue, grounding)
        sources = [dict(vars(source)) for source in grounding.sources]
        if model_text and not sources:
            sources = [{"title": each.title, "url": each.url} for each in grounding.passages[:1]]
        answer = model_text or grounding.answer
        yield question, TodaysAnswer(answer, sources, grounding.unsure_answer, bool(model_text))


def asked_questions(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """The questions among *messages*, without remarks and what a person was to answer."""
    answers = (*messages[1:MOST_MESSAGES], None)
    return [
        message
        for message, answer in zip(messages, answers, strict=False)
        if message.role == "user"
        and not (answer and (answer.status == "courtesy" or answer.origin == "person"))
    ]


def stored_answers(messages: Sequence[ChatMessage]) -> dict[str, TodaysAnswer]:
    """Answers that the job has stored, by the question's id."""
    return {
        message.id: TodaysAnswer(**message.facts[FACT])
        for message in messages
        if FACT in message.facts
    }


def request_answers(run_dir: Path, database: Database, site_id: int, identifier: str) -> None:
    """Have the questions of a conversation asked by the job; former answers are forgotten.

    Raises:
        NotFound: the site has no such conversation.
    """
    with database.session() as session:
        messages = find_conversation(session, site_id, identifier).messages
        if is_requested(run_dir, identifier):
            return
        for message in messages:
            if FACT in message.facts:
                set_facts(session, message.id, _without_answer(message))
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    (run_dir / f"{PREFIX}{identifier}").write_text(str(site_id), encoding="utf-8")


def is_requested(run_dir: Path, identifier: str) -> bool:
    """Whether answers are waited for."""
    return (run_dir / f"{PREFIX}{identifier}").exists()


def answer_requests(run_dir: Path, database: Database, knowledge: Knowledge, write: Write) -> None:
    """Store today's answers of each conversation for which they were asked for."""
    for file in sorted(run_dir.glob(f"{PREFIX}*")):
        with suppress(NotFound):  # it was erased
            _answer(database, knowledge, file, write)
        file.unlink(missing_ok=True)


def _answer(database: Database, knowledge: Knowledge, file: Path, write: Write) -> None:
    site_id = int(file.read_text(encoding="utf-8"))
    with database.session() as session:
        conversation = find_conversation(session, site_id, file.name.removeprefix(PREFIX))
        site, messages = session.get_one(Site, site_id), list(conversation.messages)
    for question, answer in todays_answers(knowledge, site, conversation, messages, write):
        with database.session() as session:
            set_facts(session, question.id, _without_answer(question) | {FACT: vars(answer)})


def _without_answer(message: ChatMessage) -> dict[str, Any]:
    return {name: fact for name, fact in message.facts.items() if name != FACT}
