"""A visitor's question: as it came in, and with all that its answer depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from chatbot_server.conversation.asked_back import completed_question, looked_up
from chatbot_server.conversation.events import Started
from chatbot_server.conversation.model.prompting import Dialogue
from chatbot_server.messages import say
from chatbot_server.privacy.masking import NO_MASK, Mask
from chatbot_server.prompt.base import Message
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.conversations import ChatMessage, Conversation

PAGE_CHARS = 500  # what the column holds; only SQLite would take more


@dataclass(frozen=True)
class VisitorQuestion:
    """A question, checked at the door. See ``docs/http-api.md`` for the fields.

    Attributes:
        visitor: today's name of the visitor, whose answers in the making are counted.
        preview: asked on the owner's pages.
        region: country of the visitor's language: “CA” of “fr-CA”.
        index_version: of the site's pages when the question came.
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
        """Where the site's visitors reach a human, if there is a way."""
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
        """The question, after what was said before."""
        # Finished exchanges only: a question whose answer failed would confuse the model.
        exchanges = [
            (asking, answer)
            for asking, answer in pairwise(before)
            if (asking.role, answer.role) == ("user", "assistant")
            and (answer.text and answer.finish != "error" and answer.origin != "person")
        ]
        # As the model read them, so that its evaluated prompt can be used again.
        turns = tuple(
            message
            for asking, answer in exchanges
            for message in (
                Message("user", asking.facts.get("prompt", asking.text)),
                Message("assistant", answer.text),
            )
        )
        earlier = [looked_up(asking) for asking, answer in exchanges if answer.status != "courtesy"]
        whole_question, taken_in = completed_question(self.text, before) or (None, 0)
        return Dialogue(
            instructions_of(self.site, self.locale),
            turns,
            self.text,
            tuple(earlier[: len(earlier) - taken_in]),
            self.locale,
            whole_question,
        )


def instructions_of(site: Site, language: str) -> str:
    """What the model is told of its task: the owner's words, else the server's."""
    return site.instructions or say("instructions", language, name=site.name)


@dataclass(frozen=True)
class PreparedQuestion:
    """A question that can be answered. It is stored once its answer is, or has begun.

    Attributes:
        conversation: a new one, or as it was when the question came.
        started: what the visitor is told first.
        replaces: ids of the exchange that is asked again; it goes once this one is accepted.
        first: nothing was said before, so that the question alone decides its answer, and it
            tells nothing of who asks.
        mask: what of it is not stored.
    """

    question: VisitorQuestion
    conversation: Conversation
    started: Started
    dialogue: Dialogue
    replaces: tuple[str, ...] = ()
    first: bool = False
    mask: Mask = NO_MASK

    @property
    def keep_until(self) -> int | None:
        """The answer may be given to others until then (Unix seconds); None: never."""
        return self.conversation.expires if self.conversation.keep else None
