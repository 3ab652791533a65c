"""Questions that need another turn: asked back, answered in part, or completed by a reply.

“Are you open on Sunday?”, on the site of six shops, is answered by a question: which one? The
reply “Hull” completes the question before it, as does “the second one” after a list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chatbot_server.messages import say
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.language.dialogue.replies import item_named
from chatbot_server.retrieval.language.markdown import literal, plain_text
from chatbot_server.retrieval.language.words.stems import words
from chatbot_server.storage.visitors.conversations import ChatMessage

# Lines of an answer in which a list is looked for.
READ_LINES = 200
_HEADING = re.compile(r"\*\*([^*\n]{1,80})\*\*")
_LISTED = re.compile(r"(?:[-*]|\d{1,2}[.)]) ([^\n]{1,80}?)(?: [—–] |:|,|\.|$)")
# A reply with more words is a question of its own.
REPLY_WORDS = 6


@dataclass(frozen=True)
class CompletedQuestion:
    """The whole question that a reply stands for, and how many earlier questions are part of it."""

    text: str
    earlier_count: int


def clarifying_question(grounding: Grounding, language: str) -> str:
    """The question that is asked back where several places answer."""
    return say("answer_which", language, choices=", ".join(map(literal, grounding.choices)))


def note_on_open_questions(grounding: Grounding, language: str) -> str:
    """One line about each question of a message that the answer leaves open."""
    notes = [
        say(key, language, question=literal(question))
        for key, questions in (
            ("answer_nothing_more", grounding.unanswered),
            ("answer_ask_again", grounding.left),
        )
        for question in questions
    ]
    return "".join(f"\n\n{note}" for note in notes)


def completed_question(reply: str, before: Sequence[ChatMessage]) -> CompletedQuestion | None:
    """The whole question that *reply* stands for.

    None if *reply* is complete by itself. Otherwise it names one of the choices offered in the
    messages *before* it, or a place in the list that was just shown: “the second one”.
    """
    if len(before) < 2:
        return None
    question, answer = before[-2], before[-1]
    choices = answer.facts.get("choices") or ()
    item = item_named(reply, choices or _items_of(answer.text))
    if answer.origin != "question":
        return CompletedQuestion(item, 0) if item else None
    reply_words = set(words(reply))
    is_choice = any(reply_words & set(words(choice)) for choice in choices)
    if item or (is_choice and len(reply_words) <= REPLY_WORDS):
        return CompletedQuestion(f"{searched_text(question)} {item or reply}", 1)
    return None


def searched_text(question: ChatMessage) -> str:
    """What was looked up for *question*: the completed text, if it was a reply."""
    return str(question.facts.get("completed") or question.text)


def _items_of(answer: str) -> list[str]:
    """The names of the items in a list: its headings, else the beginnings of its lines."""
    lines = answer.split("\n")[:READ_LINES]
    headings = [
        match[1]
        for above, line in pairwise(["", *lines])
        if not above and (match := _HEADING.fullmatch(line))
    ]
    if len(headings) < 2:
        headings = [match[1] for line in lines if (match := _LISTED.match(line))]
    return [plain_text(heading).replace("›", " ") for heading in headings]
