"""The values that the rooms of retrieval share, and the interface for conversations."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

GroundingStatus = Literal["faq", "quoted", "choices", "passages", "nothing"]
GroundingOutcome = Literal[GroundingStatus, "unsure"]


@dataclass(frozen=True)
class Draft:
    """A document on its way into the index.

    ``url`` identifies it within its source; notes and FAQ entries have an artificial one.
    """

    url: str
    title: str
    text: str
    language: str | None = None
    faq: bool = False
    wordings: tuple[str, ...] = ()

    def digest(self) -> str:
        """Equal for drafts that are indexed alike."""
        fields = [self.title, *self.wordings, self.text, str(self.faq), self.language or ""]
        return hashlib.sha256("\0".join(fields).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class Source:
    """The source of an answer, shown beside it."""

    title: str
    url: str
    quote: str = ""


@dataclass(frozen=True)
class Passage:
    """A chunk of the owner's pages that may contain the answer; ``score`` is in 0…1."""

    chunk: int
    title: str
    heading: str
    url: str
    text: str
    score: float


@dataclass(frozen=True)
class Grounding:
    """What the owner's knowledge says about one question.

    Attributes:
        status: ``faq`` the owner's own answer, sure; ``quoted`` sentences of the pages
            answer it; ``choices`` several places answer it, too many to show; ``passages``
            related text, but no sure answer; ``nothing``.
        answer: text (Markdown) for ``faq`` and ``quoted``, else empty.
        sources: what *answer* was taken from, in order.
        passages: what a model may write from, best first.
        near: related pages, offered where nothing answers.
        unsure_answer: where nothing surely answers, the text (Markdown) of the section that comes
            closest, from the first page of *near*; empty if it hardly answers.
        score: of the best passage, 0…1.
        margin: how far the best passage is ahead of the second.
        choices: the names of places that answer alike, to choose from.
        moment_line: what the answer says about the day or moment that was asked about.
        further: headings of sections that answer less surely, to be asked for next.
        unanswered: those of several questions for which nothing was found.
        left: those of several questions that were not looked up, or must be asked again.
        lasting: False if the answer holds for this moment only, or search by meaning failed, so
            that the same question may find more a moment later.
        has_content: False if the site has nothing at all to answer from.
        version: the version of the site's index that was searched.
        of_near_question: the answer is the owner's, to a question close to the one asked.
    """

    status: GroundingStatus
    answer: str = ""
    sources: tuple[Source, ...] = ()
    passages: tuple[Passage, ...] = ()
    near: tuple[Source, ...] = ()
    unsure_answer: str = ""
    score: float = 0.0
    margin: float = 0.0
    choices: tuple[str, ...] = ()
    moment_line: str = ""
    further: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    lasting: bool = True
    has_content: bool = True
    version: int = 0
    of_near_question: bool = False

    @property
    def outcome(self) -> GroundingOutcome:
        """``unsure`` where something that may answer is shown beside a no, else the status."""
        return "unsure" if self.unsure_answer else self.status


class Knowledge(Protocol):
    """The owner's pages, files and FAQ, strictly separated by site."""

    def has_content(self, site_id: int) -> bool:
        """Whether the site has anything to answer from."""
        ...

    def ground(
        self, site_id: int, question: str, history: Sequence[str] = (), locale: str = ""
    ) -> Grounding:
        """Look *question* up.

        Args:
            history: the visitor's earlier questions, oldest first.
            locale: the language of the visitor's panel, for questions such as “wifi?” that do not
                tell their language.
        """
        ...

    def get_ready(self, site_id: int) -> None:
        """Load in the background what the next question to the site needs, if it is not there."""
        ...

    def topics(self, site_id: int, language: str, version: int | None = None) -> list[str]:
        """What the site can be asked about, in its own words, for a reader of *language*.

        Args:
            version: that of the site's index, if it is known; the database is then asked once only.
        """
        ...
