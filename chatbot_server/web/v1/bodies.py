"""Request bodies of ``/v1``: read once, checked, and turned into our own words.

Fields that would change the answer and cannot be had are refused by name. Others are let
pass, known or not: applications send many that only mean something at OpenAI.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chatbot_server.engine.base import Sampling
from chatbot_server.errors import BadRequest, TooLarge
from chatbot_server.prompt.base import Message, Role
from chatbot_server.prompt.clean import clean_text, refuse_surrogates
from chatbot_server.web.requests import RequestBody

MAX_MESSAGES = 500
MAX_CHARS = 400_000  # about 100,000 tokens
MAX_INPUTS = 256
MAX_SCHEMA = 50_000  # characters

ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
# Field → values that ask for nothing and may stand.
NOT_HERE: dict[str, tuple[Any, ...]] = {
    "logprobs": (None, False),
    "top_logprobs": (None, 0),
    "tools": (None, []),
    "tool_choice": (None, "none", "auto"),
    "functions": (None, []),
    "function_call": (None, "none", "auto"),
    "logit_bias": (None, {}),
    "frequency_penalty": (None, 0),
    "presence_penalty": (None, 0),
    "modalities": (None, ["text"]),
    "audio": (None,),
    "web_search_options": (None,),
    "suffix": (None, ""),
    "echo": (None, False),
    "dimensions": (None,),
}
ONE_ONLY = ("n", "best_of")

Text = Annotated[str, Field(max_length=MAX_CHARS)]
Stop = Annotated[str, Field(min_length=1, max_length=200)]
Tokens = Annotated[int, Field(ge=1, le=1_000_000)]


class Lenient(BaseModel):
    """No guessed type; unknown fields pass."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Part(Lenient):
    """A piece of a message's content."""

    type: str
    text: Text = ""


class ChatTurn(Lenient):
    """One message."""

    role: str
    content: Text | Annotated[list[Part], Field(max_length=100)] | None = None

    def message(self, path: str) -> Message:
        """The turn as clean text; *path* names it in an error."""
        role = ROLES.get(self.role)
        if role is None:
            field, choices = f"{path}.role", " | ".join(ROLES)
            raise BadRequest("field_not_a_choice", field=field, name=field, choices=choices)
        field = f"{path}.content"
        if self.content is None and role != "assistant":
            raise BadRequest("field_missing", field=field, name=field)
        text = self.content or ""
        if not isinstance(text, str):
            if any(part.type != "text" for part in text):
                raise BadRequest("api_only_text", field=field, name=field)
            text = "\n".join(part.text for part in text)
        return Message(role, clean_text(refuse_surrogates(text, field)))


class StreamOptions(Lenient):
    """``stream_options``."""

    include_usage: bool = False


class AnswerSchema(Lenient):
    """``response_format.json_schema``; it is always strict."""

    content: Annotated[dict[str, Any], Field(alias="schema")]


class ResponseFormat(Lenient):
    """``response_format``."""

    type: str = "text"
    json_schema: AnswerSchema | None = None

    def schema_text(self) -> str:
        """The JSON Schema of the answer as text; empty if none is asked for.

        Raises:
            BadRequest: a format that is not known; a schema that is missing or too large.
        """
        if self.type in ("text", "json_object"):
            return ""
        if self.type != "json_schema":
            raise BadRequest("api_formats", field="response_format", kind=self.type[:40])
        if self.json_schema is None:
            name = "response_format.json_schema"
            raise BadRequest("field_missing", field="response_format", name=name)
        try:
            text = json.dumps(self.json_schema.content)
        except RecursionError:
            text = ""
        if not 0 < len(text) <= MAX_SCHEMA:
            raise BadRequest("api_schema_too_long", field="response_format", limit=MAX_SCHEMA)
        return text


class ApplicationBody(RequestBody):
    """A body of an application.

    Raises:
        BadRequest: a field that cannot be had; names it.
    """

    model_config = ConfigDict(extra="ignore")
    not_an_object = "api_not_object"

    @model_validator(mode="before")
    @classmethod
    def refuse_what_is_not_here(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """Fields that would change the answer are not passed over in silence."""
        for name, harmless in NOT_HERE.items():
            if name in raw and not any(raw[name] == value for value in harmless):
                raise BadRequest("api_not_supported", field=name, name=name)
        for name in ONE_ONLY:
            if raw.get(name) not in (None, 1):
                raise BadRequest("api_one_choice", field=name, name=name)
        return raw


class GenerationBody(ApplicationBody):
    """What chats and completions have in common; None: as the server is set."""

    model: Annotated[str, Field(max_length=200)] = "default"
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=0, le=1000)] | None = None
    repetition_penalty: Annotated[float, Field(ge=1, le=2)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: Stop | Annotated[list[Stop], Field(max_length=4)] | None = None
    response_format: ResponseFormat | None = None
    prompt_cache_key: Annotated[str, Field(max_length=200)] | None = None

    @property
    def with_usage(self) -> bool:
        """Whether a stream ends with its usage."""
        return bool(self.stream_options and self.stream_options.include_usage)

    def length(self, default: int) -> int:
        """Tokens of the answer at most."""
        return self.max_completion_tokens or self.max_tokens or default

    def sampling(self, default: Sampling) -> Sampling:
        """*default* with what was asked.

        Raises:
            BadRequest: a format that is not known, or a schema that is too large.
        """

        def either(asked: Any, otherwise: Any) -> Any:
            return otherwise if asked is None else asked

        form = self.response_format or ResponseFormat()
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        return Sampling(
            max_tokens=self.length(default.max_tokens),
            temperature=either(self.temperature, default.temperature),
            top_p=either(self.top_p, default.top_p),
            top_k=either(self.top_k, default.top_k),
            repetition_penalty=either(self.repetition_penalty, default.repetition_penalty),
            seed=self.seed,
            stop=stop,
            json=form.type == "json_object",
            schema=form.schema_text(),
        )


class ChatCompletionBody(GenerationBody):
    """``POST /v1/chat/completions``."""

    messages: Annotated[list[ChatTurn], Field(min_length=1, max_length=MAX_MESSAGES)]

    def turns(self) -> list[Message]:
        """The conversation as clean text.

        Raises:
            BadRequest: a role or content that cannot be had; names it.
        """
        turns = [turn.message(f"messages.{at}") for at, turn in enumerate(self.messages)]
        _check_length(turn.content for turn in turns)
        return turns


class CompletionBody(GenerationBody):
    """``POST /v1/completions``."""

    prompt: Any

    def text(self) -> str:
        """The prompt, clean."""
        return _texts(self.prompt, "prompt", most=1)[0]


class EmbeddingBody(ApplicationBody):
    """``POST /v1/embeddings``.

    Attributes:
        input_type: what the texts are to be compared as. E5's model card: ``query`` also
            for texts that are compared with their like, ``passage`` for those that are to
            be found by questions.
    """

    model: Annotated[str, Field(max_length=200)] = "default"
    input: Any
    encoding_format: Literal["float", "base64"] = "float"
    input_type: Literal["query", "passage"] = "query"

    def texts(self) -> list[str]:
        """What to turn into vectors, clean."""
        return _texts(self.input, "input", most=MAX_INPUTS)


def _texts(raw: Any, field: str, most: int) -> list[str]:
    texts = [raw] if isinstance(raw, str) else raw
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadRequest("api_only_text", field=field, name=field)
    if not texts:
        raise BadRequest("field_too_few", field=field, name=field, limit=1)
    if len(texts) > most:
        raise BadRequest("field_too_many", field=field, name=field, limit=most)
    if not all(texts):
        raise BadRequest("text_empty", field=field, name=field)
    clean = [clean_text(refuse_surrogates(text, field)) for text in texts]
    _check_length(clean)
    return clean


def _check_length(texts: Iterable[str]) -> None:
    if sum(len(text) for text in texts) > MAX_CHARS:
        raise TooLarge("api_too_much_text", limit=MAX_CHARS)
