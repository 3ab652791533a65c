"""The errors that people are told about.

::

    ChatbotError                500  exit 1
    ├── BadRequest              400          a request that cannot be understood; names the field
    │   └── TooLarge            413
    ├── Unauthorized            401
    ├── Forbidden               403
    ├── NotFound                404
    ├── Conflict                409          somebody else changed it meanwhile
    ├── TooManyRequests         429
    ├── Unavailable             503          try again later
    │   └── EngineError         503          the language model cannot answer
    │       ├── EngineBusy      503          the queue is full
    │       ├── EngineChanged   503          another model answers by now
    │       ├── EngineCrashed   502          the model's process died in the middle of an answer
    │       └── EngineTimeout   504
    ├── ConfigError             500  exit 1  config.yaml is wrong
    ├── ModelError              500  exit 1  a model file is missing, broken or not supported
    └── UsageError              400  exit 2  the command line was misused

An error carries a *code* (a key of :mod:`chatbot_server.messages`) and the
values of its sentence. The sentence itself is made where it is shown, in the
language of its reader.
"""

from __future__ import annotations

from typing import Any, ClassVar

from chatbot_server.messages import DEFAULT_LANGUAGE, say

RETRY_SECONDS = 10


class ChatbotError(Exception):
    """Something a person should be told about, in words.

    Args:
        code: key of the sentence; also what programs see.
        field: the request field, configuration key or option at fault.
        retry_after: seconds after which trying again makes sense.
        values: placeholders of the sentence.
    """

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        code: str,
        *,
        field: str | None = None,
        retry_after: int | None = None,
        **values: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.retry_after = retry_after
        self.values = values

    @property
    def retry_seconds(self) -> int | None:
        """Seconds after which to try again, if that may help."""
        return self.retry_after or (RETRY_SECONDS if self.status in (429, 503) else None)

    def sentence(self, language: str = DEFAULT_LANGUAGE) -> str:
        """What happened, where, and what to do."""
        return say(self.code, language, **self.values)

    def public_sentence(self, language: str = DEFAULT_LANGUAGE) -> str:
        """What strangers may read, without addresses, paths and messages of drivers.

        The sentence about an error on the server's side may contain numbers, and no other values.
        """
        is_internal = self.status >= 500 or "endpoint" in self.values
        if is_internal and not all(str(value).isdigit() for value in self.values.values()):
            return say("not_now", language)
        return self.sentence(language)

    def __str__(self) -> str:
        return self.sentence()


class BadRequest(ChatbotError):
    """The request cannot be understood."""

    status = 400


class TooLarge(BadRequest):
    """The request is bigger than the configured limit."""

    status = 413


class Unauthorized(ChatbotError):
    """A secret is missing or wrong."""

    status = 401


class Forbidden(ChatbotError):
    """Understood, and not allowed."""

    status = 403


class NotFound(ChatbotError):
    """There is no such thing."""

    status = 404


class Conflict(ChatbotError):
    """Somebody else changed it meanwhile."""

    status = 409


class TooManyRequests(ChatbotError):
    """A limit on the number of requests was reached."""

    status = 429


class Unavailable(ChatbotError):
    """It does not work now, but may later."""

    status = 503


class EngineError(Unavailable):
    """The language model cannot answer."""


class EngineBusy(EngineError):
    """Every slot is taken and the queue is full."""


class EngineChanged(EngineError):
    """The prompt was made for another model, and must be made again."""


class EngineCrashed(EngineError):
    """The model's process died in the middle of an answer."""

    status = 502


class EngineTimeout(EngineError):
    """The answer took longer than ``engine.answer_seconds``."""

    status = 504


class ConfigError(ChatbotError):
    """``config.yaml`` or an environment variable is wrong."""


class ModelError(ChatbotError):
    """A model file is missing, broken or not supported."""


class UsageError(ChatbotError):
    """The command line was misused."""

    status = 400
    exit_code = 2
