"""The options that all routes share which generate text, and the sampling made of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, Field

from chatbot_server.engine.base import Sampling
from chatbot_server.errors import BadRequest
from chatbot_server.web.v1.refusals import ApplicationBody, Lenient

MAX_ANSWERS = 16  # OpenAI has 128; one after the other, they keep others waiting
MAX_SCHEMA = 50_000  # characters
# OpenAI takes 0, for the likeliest token alone; engines want a number above it.
LEAST_TOP_P = 1e-6
FORMATS = ("text", "json_object", "json_schema")


def _unlimited(value: Any) -> Any:
    return None if value == -1 else value


# Clients of LM Studio and llama.cpp send -1 for “as many as there is room for”.
Tokens = Annotated[Annotated[int, Field(ge=1, le=1_000_000)] | None, BeforeValidator(_unlimited)]
Penalty = Annotated[float, Field(ge=-2, le=2)]
Stop = Annotated[str, Field(max_length=200)]
Value = TypeVar("Value")


class SeveralAnswers(BaseModel):
    """``n``: as many answers to one prompt."""

    one_only: ClassVar[tuple[str, ...]] = ("best_of",)
    n: Annotated[int, Field(ge=1, le=MAX_ANSWERS)] = 1

    def each(self, sampling: Sampling) -> list[Sampling]:
        """*sampling* for each answer; a seed is another for each, the same at the next request."""
        seed = sampling.seed
        return [replace(sampling, seed=None if seed is None else seed ^ at) for at in range(self.n)]


class StreamOptions(Lenient):
    """``stream_options``."""

    include_usage: bool | None = False


class AnswerSchema(Lenient):
    """``response_format.json_schema``; it is always strict."""

    content: Annotated[dict[str, Any], Field(alias="schema")]


class ResponseFormat(Lenient):
    """``response_format``; *beside* is ``schema`` beside the type, as llama.cpp has it."""

    type: str = "text"
    json_schema: AnswerSchema | None = None
    beside: Annotated[dict[str, Any] | None, Field(alias="schema")] = None

    @property
    def is_object(self) -> bool:
        """Whether any JSON object will do."""
        return self.type == "json_object" and not self.beside

    def schema_text(self, field: str, missing: str) -> str:
        """The JSON Schema of the answer as text; empty if none is asked for.

        Args:
            field: what the request calls this format.
            missing: what it calls the schema in it.

        Raises:
            BadRequest: the format is not known, or the schema is missing or too large.
        """
        if self.type not in FORMATS:
            raise BadRequest("api_formats", field=field, name=field, kind=self.type[:40])
        if self.type == "text" or self.is_object:
            return ""
        schema = self.json_schema.content if self.json_schema else self.beside
        if schema is None:
            raise BadRequest("field_missing", field=field, name=missing)
        return schema_text(schema, field)


class GenerationBody(ApplicationBody):
    """The options that chats and completions share; None stands for the server's setting."""

    schema_field: ClassVar[str] = "response_format"
    schema_place: ClassVar[str] = "response_format.json_schema"
    model: Annotated[str, Field(max_length=200)] = "default"
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    max_tokens: Tokens = None
    max_completion_tokens: Tokens = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=0, le=1000)] | None = None
    repetition_penalty: Annotated[float, Field(ge=1, le=2)] | None = None
    repeat_penalty: Annotated[float, Field(ge=1, le=2)] | None = None
    frequency_penalty: Penalty = 0.0
    presence_penalty: Penalty = 0.0
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: Stop | Annotated[list[Stop], Field(max_length=4)] | None = None
    response_format: ResponseFormat = ResponseFormat()
    prompt_cache_key: Annotated[str, Field(max_length=200)] | None = None

    @property
    def with_usage(self) -> bool:
        """Whether a stream ends with its usage."""
        return bool(self.stream_options.include_usage)

    def sampling(self, default: Sampling) -> Sampling:
        """*default* with the options of the request; without a length, the context sets the limit.

        Raises:
            BadRequest: the format is not known, or the schema is too large.
        """
        penalty = either(self.repetition_penalty, self.repeat_penalty)
        return Sampling(
            max_tokens=self.max_completion_tokens or self.max_tokens or 0,
            temperature=either(self.temperature, default.temperature),
            top_p=max(either(self.top_p, default.top_p), LEAST_TOP_P),
            top_k=either(self.top_k, default.top_k),
            repetition_penalty=either(penalty, default.repetition_penalty),
            frequency_penalty=self.frequency_penalty,
            presence_penalty=self.presence_penalty,
            seed=self.seed,
            stop=stop_strings(self.stop or []),
            json=self.response_format.is_object,
            schema=self.response_format.schema_text(self.schema_field, self.schema_place),
        )


def either(value: Value | None, otherwise: Value) -> Value:
    """*value*; *otherwise* if it is None."""
    return otherwise if value is None else value


def stop_strings(stop: str | list[str]) -> tuple[str, ...]:
    """``stop`` of a request as a tuple; an empty string stands for none.

    Raises:
        BadRequest: one of several is empty.
    """
    if isinstance(stop, str):
        return (stop,) if stop else ()
    if not all(stop):
        raise BadRequest("api_text_empty", field="stop", name="stop")
    return tuple(stop)


def schema_text(schema: dict[str, Any], field: str) -> str:
    """*schema* as text.

    Raises:
        BadRequest: it is too long or too deep. The error names *field*.
    """
    try:
        text = json.dumps(schema)
    except RecursionError:
        text = ""
    if not 0 < len(text) <= MAX_SCHEMA:
        raise BadRequest("api_schema_too_long", field=field, name=field, limit=MAX_SCHEMA)
    return text
