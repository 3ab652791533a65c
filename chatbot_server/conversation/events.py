"""The events of one answer: ``Started`` first, and ``Ended`` or ``Failed`` last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chatbot_server.energy.meter import Energy
from chatbot_server.engine.base import Timings, Usage
from chatbot_server.errors import ChatbotError
from chatbot_server.retrieval.base import Source

AnswerOrigin = Literal["faq", "pages", "model", "question", "person", "none"]
Finish = Literal["stop", "length", "time", "stopped"]
AnswerStatus = Literal[
    "faq",
    "quoted",
    "written",
    "withheld",
    "free",
    "asked_back",
    "related",
    "nothing",
    "courtesy",
    "passed_on",
    "stopped",
    "failed",
]


@dataclass(frozen=True)
class Started:
    """The question was accepted and stored. The secret comes with the first answer only."""

    conversation: str
    message: str
    question: str
    secret: str | None = None


@dataclass(frozen=True)
class Waiting:
    """*position* others come first, for about *seconds*, if that can be estimated."""

    position: int
    seconds: int | None = None


@dataclass(frozen=True)
class TextPiece:
    """More text of the answer (Markdown)."""

    text: str


@dataclass(frozen=True)
class Cited:
    """The sources of the answer."""

    items: tuple[Source, ...]


@dataclass(frozen=True)
class Ended:
    """The answer is complete, or was cut short.

    Attributes:
        cached: the answer came from the cache.
        suggestions: questions to offer as buttons.
        energy: the energy it took; None if that cannot be measured here.
        status: the kind of answer, as it is stored; None until then.
        offers_person: the visitor asked for a person or complained, or nothing was found.
    """

    origin: AnswerOrigin
    finish: Finish = "stop"
    usage: Usage | None = None
    timings: Timings | None = None
    model: str | None = None
    cached: bool = False
    suggestions: tuple[str, ...] = ()
    energy: Energy | None = None
    status: AnswerStatus | None = None
    offers_person: bool = False


@dataclass(frozen=True)
class Failed:
    """The answer cannot be finished; *retry* says whether asking again makes sense."""

    error: ChatbotError
    retry: bool = True


Event = Started | Waiting | TextPiece | Cited | Ended | Failed
