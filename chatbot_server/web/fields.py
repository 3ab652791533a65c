"""What is wrong with a request's field: pydantic's errors as sentences in two languages."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from chatbot_server.errors import BadRequest

# What pydantic calls the mistake, and the sentence about it.
WRONG = {
    "missing": "field_missing",
    "extra_forbidden": "field_unknown",
    "string_type": "field_not_text",
    "string_unicode": "text_not_unicode",
    "string_too_short": "text_empty",
    "string_too_long": "text_too_long",
    "string_pattern_mismatch": "field_not_a_name",
    "value_error": "field_not_a_line",
    "int_type": "field_not_integer",
    "int_from_float": "field_not_integer",
    "float_type": "field_not_number",
    "bool_type": "field_not_boolean",
    "list_type": "field_not_list",
    "dict_type": "field_not_object",
    "model_type": "field_not_object",
    "literal_error": "field_not_a_choice",
    "greater_than_equal": "field_too_small",
    "greater_than": "field_not_above",
    "less_than_equal": "field_too_large",
    "less_than": "field_not_below",
    "too_short": "field_too_few",
    "too_long": "field_too_many",
}
LIMITS = ("ge", "gt", "le", "lt", "min_length", "max_length")
NAME = re.compile(r"[A-Za-z_]\w*")


def complaint(error: ValidationError) -> BadRequest:
    """The first thing that is wrong, with the field's name."""
    errors = error.errors(include_url=False, include_input=False)
    # Where a field may be of several kinds, there is an error for each: what is wrong with
    # the kind that was sent tells more than that it is not of the others.
    same = [one for one in errors if one["loc"][:1] == errors[0]["loc"][:1]]
    first = next((one for one in same if not one["type"].endswith("_type")), errors[0])
    field, meant = _field(first["loc"], first["type"]), first.get("ctx", {})
    return BadRequest(
        WRONG.get(first["type"], "field_wrong"),
        field=field,
        name=field,
        limit=next((f"{meant[name]:.15g}" for name in LIMITS if name in meant), ""),
        choices=" | ".join(re.findall("'([^']*)'", meant.get("expected", ""))),
    )


def _field(place: tuple[Any, ...], kind: str) -> str:
    """The dotted name, without pydantic's names of kinds such as ``list[constrained-str]``."""
    if kind != "extra_forbidden":
        place = tuple(part for part in place if isinstance(part, int) or NAME.fullmatch(part))
    field = ".".join(map(str, place)) or "body"
    return field.encode("ascii", "replace").decode()[:60]
