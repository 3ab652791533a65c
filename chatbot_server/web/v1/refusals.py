"""What every body of ``/v1`` shares: fields that are not supported are refused by name.

These fields would change the answer. All others are accepted, known or not: applications send many
that only mean something at OpenAI.
"""

from __future__ import annotations

import json
from json import JSONDecodeError
from typing import Any, ClassVar, TypeVar

from flask import Request
from pydantic import BaseModel, ConfigDict, model_validator

from chatbot_server.errors import BadRequest
from chatbot_server.web.middleware.requests import RequestBody, read_body

# Fields that are not supported, and the values of each that ask for nothing; null is another one.
NOT_SUPPORTED: dict[str, tuple[Any, ...]] = {
    "logprobs": (False,),
    "top_logprobs": (0,),
    "prompt_logprobs": (False,),
    "logit_bias": ({},),
    "function_call": ("none", "auto"),
    "modalities": (["text"],),
    "audio": (),
    "web_search_options": (),
    "suffix": ("",),
    "echo": (False,),
    # As vLLM, llama.cpp and Ollama have them.
    "grammar": ("",),
    "json_schema": (),
    "guided_json": (),
    "guided_regex": ("",),
    "guided_choice": ([],),
    "guided_grammar": ("",),
    "structured_outputs": (),
    "format": ("",),
    "chat_template": ("",),
    "chat_template_kwargs": ({}, {"enable_thinking": False}, {"thinking": False}),
    "continue_final_message": (False,),
    "add_generation_prompt": (True,),
    "ignore_eos": (False,),
    "min_tokens": (0,),
    "stop_token_ids": ([],),
    "use_beam_search": (False,),
    "length_penalty": (1,),
    "min_p": (0,),
    "typical_p": (1,),
    "mirostat": (0,),
}
# Likewise, fields that need a stored response: none is stored here.
NOT_STORED: dict[str, tuple[Any, ...]] = {
    "previous_response_id": (),
    "conversation": (),
    "background": (False,),
}

Body = TypeVar("Body", bound="ApplicationBody")


class Lenient(BaseModel):
    """Values are not converted; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class ApplicationBody(RequestBody):
    """A body of an application.

    Raises:
        BadRequest: a field is not supported; names it.
    """

    model_config = ConfigDict(extra="ignore")
    not_an_object = "api_not_object"
    one_only: ClassVar[tuple[str, ...]] = ("n", "best_of")

    @model_validator(mode="before")
    @classmethod
    def refuse_unsupported_fields(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """Refuse unsupported fields that would change the answer, and drop those that are null."""
        for name, harmless in (NOT_SUPPORTED | NOT_STORED).items():
            if name in raw and not any(_same(raw[name], value) for value in (None, *harmless)):
                code = "api_not_stored" if name in NOT_STORED else "api_not_supported"
                raise BadRequest(code, field=name, name=name)
        for name in cls.one_only:
            if raw.get(name) not in (None, 1):
                raise BadRequest("api_one_choice", field=name, name=name)
        return {name: value for name, value in raw.items() if value is not None}


def read_application_body(request: Request, model: type[Body]) -> Body:
    """The request's JSON as *model*.

    Raises:
        BadRequest: it is no JSON object in UTF-8, or a field is wrong; names it.
    """
    if (request.content_encoding or "identity").lower() != "identity":
        raise BadRequest("api_body_coded", field="body", coding=str(request.content_encoding)[:20])
    data = request.get_data()  # Flask caches it for the second reading
    try:
        return read_body(request, model)
    except BadRequest as error:
        if error.code == model.not_an_object:
            _refuse_broken_json(data)
        raise


def _refuse_broken_json(data: bytes) -> None:
    """Say what is wrong with *data*, unless all that is wrong is that it is no object."""
    if not _is_unicode(data):
        raise BadRequest("api_body_not_utf8", field="body") from None
    try:
        json.loads(data or b"null")
    except JSONDecodeError as broken:
        place = {"line": broken.lineno, "column": broken.colno}
        raise BadRequest("api_body_not_json", field="body", **place) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, or brackets
        return


def _same(value: Any, harmless: Any) -> bool:
    """Whether both are equal in JSON. In Python, true would be equal to 1."""
    return value == harmless and isinstance(value, bool) == isinstance(harmless, bool)


def _is_unicode(data: bytes) -> bool:
    """Whether *data* is UTF-8, or has the byte order mark of UTF-16, which is read as well."""
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data[:2] in (b"\xff\xfe", b"\xfe\xff")
    return True
