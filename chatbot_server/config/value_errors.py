"""pydantic's errors about values, and our sentences about them."""

from __future__ import annotations

import re
from typing import NamedTuple

from pydantic_core import ErrorDetails


class Sentences(NamedTuple):
    """Codes of the sentence about a request's field, and of that about a setting."""

    field: str = "field_wrong"
    setting: str = "config_wrong_value"


# By pydantic's name of the mistake.
SENTENCES = {
    "missing": Sentences("field_missing", "config_missing_value"),
    "extra_forbidden": Sentences("field_unknown", "config_unknown_key"),
    "string_type": Sentences("field_not_text", "config_not_text"),
    "string_unicode": Sentences("text_not_unicode"),
    "string_too_short": Sentences("text_empty"),
    "string_too_long": Sentences("text_too_long"),
    "string_pattern_mismatch": Sentences("field_not_a_name", "config_not_rate"),
    "path_type": Sentences(setting="config_not_text"),
    "value_error": Sentences("field_not_a_line"),
    "int_type": Sentences("field_not_integer", "config_not_integer"),
    "int_from_float": Sentences("field_not_integer"),
    "float_type": Sentences("field_not_number", "config_not_number"),
    "bool_type": Sentences("field_not_boolean", "config_not_boolean"),
    "list_type": Sentences("field_not_list"),
    "tuple_type": Sentences(setting="config_not_list"),
    "dict_type": Sentences("field_not_object"),
    "model_type": Sentences("field_not_object", "config_not_section"),
    "literal_error": Sentences("field_not_a_choice", "config_not_a_choice"),
    "url_type": Sentences(setting="config_not_url"),
    "url_parsing": Sentences(setting="config_not_url"),
    "url_scheme": Sentences(setting="config_not_url"),
    "greater_than_equal": Sentences("field_too_small", "config_too_small"),
    "greater_than": Sentences("field_not_above", "config_not_above"),
    "less_than_equal": Sentences("field_too_large", "config_too_large"),
    "less_than": Sentences("field_not_below"),
    "too_short": Sentences("field_too_few"),
    "too_long": Sentences("field_too_many"),
}
LIMITS = ("ge", "gt", "le", "lt", "min_length", "max_length")


def sentences_about(error: ErrorDetails) -> Sentences:
    """The sentences about the mistake."""
    return SENTENCES.get(error["type"], Sentences())


def limit_of(error: ErrorDetails) -> int | float | str:
    """The bound that was passed; empty if the mistake is another."""
    context = error.get("ctx", {})
    return next((context[name] for name in LIMITS if name in context), "")


def choices_of(error: ErrorDetails) -> list[str]:
    """The values that are possible; none if the mistake is another."""
    return re.findall("'([^']*)'", error.get("ctx", {}).get("expected", ""))
