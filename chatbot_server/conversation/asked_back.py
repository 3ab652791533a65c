"""Questions that cannot be answered in one: asked back, answered in part, or completed.

“Are you open on Sunday?” of a site with six shops is asked back: which one? “Hull” then is no
question of its own, but completes the one before it.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatbot_server.messages import say
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.language.markdown import literal
from chatbot_server.retrieval.language.stems import words
from chatbot_server.storage.conversations import ChatMessage

# Longer replies are questions of their own.
REPLY_WORDS = 6


def which_one(grounding: Grounding, language: str) -> str:
    """What is asked back where several places answer."""
    return say("answer_which", language, choices=", ".join(map(literal, grounding.choices)))


def words_about_rest(grounding: Grounding, language: str) -> str:
    """What is said of those questions of several that the answer leaves open; each a line."""
    notes = [
        say(key, language, question=literal(question))
        for key, questions in (
            ("answer_nothing_more", grounding.unanswered),
            ("answer_ask_again", grounding.left),
        )
        for question in questions
    ]
    return "".join(f"\n\n{note}" for note in notes)


def completed_question(reply: str, before: Sequence[ChatMessage]) -> str | None:
    """The question that was asked back, with *reply*, if it names one of the choices."""
    if len(before) < 2 or before[-1].origin != "question":
        return None
    reply_words = set(words(reply))
    choices = before[-1].facts.get("choices") or ()
    is_choice = any(reply_words & set(words(choice)) for choice in choices)
    return f"{before[-2].text} {reply}" if is_choice and len(reply_words) <= REPLY_WORDS else None
