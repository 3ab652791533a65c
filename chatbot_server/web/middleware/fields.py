"""pydantic's errors about a field of a request, as sentences in two languages."""

from __future__ import annotations

import re

from pydantic import ValidationError

from chatbot_server.config.value_errors import choices_of, limit_of, sentences_about
from chatbot_server.errors import BadRequest

NAME = re.compile(r"[A-Za-z_]\w*")


def field_error(validation_error: ValidationError) -> BadRequest:
    """The first error, with the name of its field."""
    errors = validation_error.errors(include_url=False, include_input=False)
    # For a field that may be of several types, there is an error for each. The one about the type
    # that was sent says more than those that it is not of the other types.
    same_field = [error for error in errors if error["loc"][:1] == errors[0]["loc"][:1]]
    error = next((error for error in same_field if not error["type"].endswith("_type")), errors[0])
    path, limit = error["loc"], limit_of(error)
    if error["type"] != "extra_forbidden":
        # Leave out pydantic's names of types, such as list[constrained-str].
        path = tuple(part for part in path if isinstance(part, int) or NAME.fullmatch(part))
    field = (".".join(map(str, path)) or "body").encode("ascii", "replace").decode()[:60]
    return BadRequest(
        sentences_about(error).field,
        field=field,
        name=field,
        limit=limit if isinstance(limit, str) else f"{limit:.15g}",
        choices=" | ".join(choices_of(error)),
    )
