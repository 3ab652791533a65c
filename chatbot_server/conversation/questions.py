"""A visitor's question: as it arrived, and prepared with everything its answer depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from urllib.parse import urlsplit

from chatbot_server.conversation.asked_back import completed_question, searched_text
from chatbot_server.conversation.events import Started
from chatbot_server.conversation.model.instructions import instructions_of
from chatbot_server.conversation.model.prompting import Dialogue
from chatbot_server.messages import LANGUAGES
from chatbot_server.privacy.masking import NO_MASK, Mask
from chatbot_server.prompt.base import Message
from chatbot_server.retrieval.language.words.question_language import language_asked_in
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.conversations import ChatMessage, Conversation

PAGE_CHARS = 500  # the length of the column; only SQLite would take more
LANGUAGE_LOOKBACK = 5  # earlier questions that tell a visitor's language


@dataclass(frozen=True)
class VisitorQuestion:
    """A question whose fields were checked. See ``docs/http-api.md`` for the fields.

    Attributes:
        visitor: today's name of the visitor; running answers are counted by it.
        preview: whether it was asked on the owner's pages.
        region: the country in the visitor's language: “CA” in “fr-CA”.
        index_version: the version of the site's index when the question came.
    """

    site: Site
    text: str
    locale: str
    conversation: str | None = None
    secret: str = ""
    page: str | None = None
    resume: bool = False
    keep: bool = True
    preview: bool = False
    retry: bool = False
    visitor: str = ""
    region: str | None = None
    index_version: int = 0

    @property
    def contact(self) -> str | None:
        """Where visitors of the site reach a person, if the owner gave an address."""
        return self.site.contact_email or self.site.contact_url

    @property
    def page_path(self) -> str | None:
        """The page without its query, which can hold a visitor's name or a secret."""
        if not self.page:
            return None
        try:
            parts = urlsplit(self.page)
        except ValueError:  # “http://[x”
            return None
        address = parts._replace(query="", fragment="", netloc=parts.netloc.rpartition("@")[2])
        return address.geturl()[:PAGE_CHARS]

    def dialogue(self, before: Sequence[ChatMessage]) -> Dialogue:
        """The question, with the conversation before it."""
        exchanges = _finished_exchanges(before)
        # Questions as the model read them, so that its evaluated prompt can be used again.
        earlier_messages = tuple(
            message
            for asking, answer in exchanges
            for message in (
                Message("user", asking.facts.get("prompt", asking.text)),
                Message("assistant", answer.text),
            )
        )
        questions = [asking for asking, answer in exchanges if answer.status != "courtesy"]
        earlier = list(map(searched_text, questions))
        completed_reply = completed_question(self.text, before)
        if completed_reply:
            earlier = earlier[: len(earlier) - completed_reply.earlier_count]
        return Dialogue(
            instructions_of(self.site, self.locale),
            earlier_messages,
            self.text,
            tuple(earlier),
            self.locale,
            completed_reply.text if completed_reply else None,
        )


def _finished_exchanges(messages: Sequence[ChatMessage]) -> list[tuple[ChatMessage, ChatMessage]]:
    """Questions with their answers; a question whose answer failed would confuse the model."""
    return [
        (question, answer)
        for question, answer in pairwise(messages)
        if (question.role, answer.role) == ("user", "assistant")
        and (answer.text and answer.finish != "error" and answer.origin != "person")
    ]


@dataclass(frozen=True)
class PreparedQuestion:
    """A question that can be answered. It is stored when its answer is, or has begun.

    Attributes:
        conversation: new, or as it was when the question came.
        started: the first event of the answer.
        replaces: ids of an exchange to replace; it is erased once this question is accepted.
        is_self_contained: whether the answer depends on the question alone: nothing was said
            before, and the question holds nothing personal.
        mask: hides what is personal in the texts that are stored.
    """

    question: VisitorQuestion
    conversation: Conversation
    started: Started
    dialogue: Dialogue
    replaces: tuple[str, ...] = ()
    is_self_contained: bool = False
    mask: Mask = NO_MASK

    def in_visitors_language(self) -> VisitorQuestion:
        """The question, with the language of those before it as its locale, if they tell theirs.

        “ok” and “Yannick?” do not tell theirs, and the panel may be in another one.
        """
        locale = self.question.locale
        for earlier in self.dialogue.earlier_questions[-LANGUAGE_LOOKBACK:]:
            language = language_asked_in(earlier, locale, LANGUAGES)
            locale = language if language in LANGUAGES else locale
        return replace(self.question, locale=locale)

    @property
    def keep_until(self) -> int | None:
        """Until when the answer may be given to others (Unix seconds); None: never."""
        return self.conversation.expires if self.conversation.keep else None
