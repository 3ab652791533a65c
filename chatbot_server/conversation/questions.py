"""A visitor's question: as it came in, and as it is stored."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot_server.conversation.events import Started
from chatbot_server.conversation.prompting import Dialogue
from chatbot_server.storage.sites import Site


@dataclass(frozen=True)
class VisitorQuestion:
    """A question, checked at the door. See ``docs/http-api.md`` for the fields.

    Attributes:
        visitor: today's name of the visitor, whose answers in the making are counted.
    """

    site: Site
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
class StoredQuestion:
    """A question in the database, beside the empty row of its answer.

    Attributes:
        index_version: of the site's pages when the question was stored.
        replaces: ids of the exchange that is asked again; it goes once this one is accepted.
        first: nothing was said before, so that the question alone decides its answer.
        keep_until: the answer may be given to others until then (Unix seconds); None: never.
    """

    question: VisitorQuestion
    started: Started
    dialogue: Dialogue
    index_version: int
    replaces: tuple[str, ...] = ()
    first: bool = False
    keep_until: int | None = None

    @property
    def contact(self) -> str | None:
        """Where the site's visitors reach a human, if there is a way."""
        return self.question.site.contact_email or self.question.site.contact_url
