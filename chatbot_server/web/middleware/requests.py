"""Reads checked values from a request; errors name the field."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, TypeVar

from flask import Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from chatbot_server.errors import BadRequest, NotFound, TooLarge
from chatbot_server.messages import pick_language
from chatbot_server.prompt.clean import clean_text, refuse_surrogates
from chatbot_server.web.middleware.fields import field_error


def _one_line(text: str) -> str:
    """*text* without what is invisible or turns the direction of writing."""
    if any(ord(character) < 32 or 0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise ValueError("control character")
    return " ".join(clean_text(text).split("\n"))


Line = Annotated[str, AfterValidator(_one_line)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class RequestBody(BaseModel):
    """A JSON object without unknown fields; values are not converted.

    Attributes:
        not_an_object: the error code for a body that is not a JSON object.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    not_an_object: ClassVar[str] = "body_not_json"


Body = TypeVar("Body", bound=RequestBody)


def read_body(request: Request, model: type[Body]) -> Body:
    """The request's JSON as *model*.

    Raises:
        BadRequest: not JSON, not an object, or a field is wrong; names the field.
        TooLarge: bigger than ``limits.body_bytes``.
    """
    try:
        raw: Any = request.get_json(force=True, silent=True, cache=False)
    except RequestEntityTooLarge:
        limit = request.max_content_length
        raise TooLarge("body_too_large", field="body", limit=limit) from None
    except RecursionError:  # thousands of brackets; the parser does not bound its depth
        raw = None
    if not isinstance(raw, dict):
        raise BadRequest(model.not_an_object, field="body")
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise field_error(error) from None


def read_message(text: str, limit: int, field: str = "message") -> str:
    """A visitor's text, cleaned and within *limit* characters.

    Raises:
        BadRequest: empty, too long, or not Unicode text.
    """
    if len(text) > 4 * limit:
        raise BadRequest("text_too_long", field=field, name=field, limit=limit)
    clean = clean_text(refuse_surrogates(text, field)).strip()
    if not clean:
        raise BadRequest("text_empty", field=field, name=field)
    if len(clean) > limit:
        raise BadRequest("text_too_long", field=field, name=field, limit=limit)
    return clean


def refuse_nul(*texts: str) -> None:
    """Refuse keys and names with a NUL, which PostgreSQL cannot be asked for.

    Raises:
        NotFound: one of *texts* contains a NUL, so that nothing can have that name.
    """
    if any("\0" in text for text in texts):
        raise NotFound("http_404")


def bearer(request: Request) -> str:
    """The secret of ``Authorization: Bearer …``, or an empty string."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def language_of(request: Request, locale: str | None = None) -> str:
    """The language of the reader: the first of *locale*, ``?locale=`` and ``Accept-Language``
    that the server speaks."""
    header = list(request.accept_languages.values())
    return pick_language(locale, request.args.get("locale"), *header)
