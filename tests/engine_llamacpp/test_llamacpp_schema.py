"""JSON Schemas that llama.cpp is held to, and those that are refused at the door."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter

from chatbot_server.engine.base import Finished, Sampling, Token
from chatbot_server.engine.llamacpp.backend import LlamaCppBackend
from chatbot_server.engine.llamacpp.schema import MOST_PARTS, MOST_REPEATS, grammar_of
from chatbot_server.engine.llamacpp.text_formats import FORMATS
from chatbot_server.errors import BadRequest
from chatbot_server.prompt.base import Prompt, Segment

pytestmark = [pytest.mark.model, pytest.mark.xdist_group("llamacpp")]
ASCII = st.characters(max_codepoint=127)
PROMPT = Prompt(segments=(Segment("A JSON document about Alice, who was born in 1984:\n"),))


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Place(Strict):
    """A definition that others refer to."""

    town: str = Field(max_length=10)
    zip: str | None = None


class Person(Strict):
    name: str = Field(min_length=2, max_length=8)
    age: int
    sex: Literal["f", "m", 'é\n"\\']
    places: list[Place] = Field(min_length=1, max_length=2)
    nickname: str = Field("", max_length=4)
    weight: float | None = None


class Dates(Strict):
    day: date
    moment: datetime
    id: UUID


class Optionals(Strict):
    a: bool = False
    b: bool
    c: bool = False
    d: bool


def answer(backend: LlamaCppBackend, schema: Any, *, seed: int = 1, most: int = 400) -> str:
    """What the model writes: hot, so that nothing but the grammar keeps it in shape."""
    sampling = Sampling(most, temperature=1.5, seed=seed, schema=json.dumps(schema))
    events = list(backend.generate(PROMPT, sampling))
    assert isinstance(events[-1], Finished)
    text = "".join(event.text for event in events if isinstance(event, Token))
    return text if events[-1].reason == "stop" else ""


@pytest.mark.parametrize("kind", [Person, Dates, Optionals, Place])
def test_what_the_model_writes_is_what_the_schema_allows(
    backend: LlamaCppBackend, kind: type[BaseModel]
) -> None:
    whole = [answer(backend, kind.model_json_schema(), seed=seed) for seed in range(4)]

    assert any(whole)
    for text in filter(None, whole):
        kind.model_validate_json(text)


@pytest.mark.parametrize(
    ("schema", "allowed"),
    [
        ({"const": "</s><|im_end|>"}, Literal["</s><|im_end|>"]),
        ({"const": {"a": [1, None, "é\u2028\x7f"]}}, Any),
        ({"enum": [1, "1", True]}, Literal[1, "1", True]),
        ({"enum": [1, "1"], "type": "string"}, Literal["1"]),
        ({"type": ["integer", "null"]}, int | None),
        ({"type": "object", "properties": {}, "additionalProperties": False}, dict[str, None]),
        ({"type": "array", "maxItems": 0}, list[Any]),
        ({"allOf": [{"$ref": "#/definitions/a~1b"}], "definitions": {"a/b": {"type": "null"}}},
         None),
        ({"anyOf": [{"$ref": "#/anyOf/1/items"}, {"items": {"const": 1}, "maxItems": 0}]},
         Literal[1] | list[Any]),
        ({"properties": {'"quo\\ted"': {"const": 1}}, "required": ['"quo\\ted"']}, dict[str, int]),
        ({"const": "\ud800"}, Any),
        ({"type": "string", "minLength": 3, "maxLength": 3}, str),
        ({"type": "integer", "minimum": 17, "exclusiveMaximum": 103},
         Annotated[int, Field(ge=17, lt=103)]),
        ({"type": "integer", "minimum": -(2**53) + 1, "maximum": 2**53 - 1}, int),  # as zod has it
        ({"type": "number", "exclusiveMinimum": 0, "minimum": -1, "maximum": 0.3},
         Annotated[float, Field(gt=0, le=0.3)]),
        ({"type": ["number", "null"], "maximum": -12.5}, Annotated[float, Field(le=-12.5)] | None),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {"enum": ["a"]}], "items": False,
          "minItems": 2, "maxItems": 2}, tuple[int, Literal["a"]]),
        ({"type": "string", "format": "ipv4"}, IPv4Address),
        ({"type": "string", "format": "uri", "minLength": 1, "maxLength": 2083}, HttpUrl),
    ],
    ids=str,
)  # fmt: skip
def test_small_schemas_are_kept_too(backend: LlamaCppBackend, schema: Any, allowed: Any) -> None:
    text = answer(backend, schema)

    assert text
    if "const" in schema:
        assert json.loads(text) == schema["const"]
    else:
        TypeAdapter(allowed).validate_json(text)


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
def test_texts_of_a_format_are_of_it_and_as_long_as_the_table_says(
    name: str, data: st.DataObject
) -> None:
    expression, shortest, longest = FORMATS[name]
    unquoted = re.sub(r'"([^"]*)"', lambda literal: re.escape(literal[1]), expression)
    text = data.draw(st.from_regex(unquoted.replace(" ", ""), fullmatch=True, alphabet=ASCII))
    readers: dict[str, Any] = {"ipv4": IPv4Address, "uuid": UUID, "uri": HttpUrl}

    assert shortest <= len(text) <= longest
    readers.get(name, str)(text)


def test_a_map_has_the_values_that_were_asked_for(backend: LlamaCppBackend) -> None:
    schema = {"type": "object", "additionalProperties": {"enum": [1, 2]}}
    texts = [answer(backend, schema, seed=seed, most=80) for seed in range(4)]

    assert any(texts)
    for text in filter(None, texts):
        assert set(json.loads(text).values()) <= {1, 2}


@pytest.mark.parametrize(
    ("schema", "code", "name"),
    [
        ({"type": "string", "pattern": "^(a+)+$"}, "schema_not_here", "pattern"),
        ({"minimum": 3}, "schema_not_here", "minimum"),
        ({"type": "integer", "multipleOf": 3}, "schema_not_here", "multipleOf"),
        ({"type": "integer", "minimum": 3.1, "maximum": 3.9}, "schema_not_here", "minimum"),
        ({"type": "number", "minimum": 4, "maximum": 3}, "schema_not_here", "minimum"),
        ({"type": "number", "minimum": "3"}, "schema_wrong", "minimum"),
        ({"type": "number", "exclusiveMaximum": True}, "schema_wrong", "exclusiveMaximum"),
        ({"type": "number", "maximum": float("inf")}, "schema_wrong", "maximum"),
        ({"type": "string", "minimum": 3}, "schema_not_here", "minimum"),
        ({"type": "string", "format": "idn-email"}, "schema_not_here", "idn-email"),
        ({"type": "string", "format": {}}, "schema_not_here", "format"),
        ({"type": "string", "format": "email", "maxLength": 9}, "schema_not_here", "maxLength"),
        ({"type": "string", "format": "email", "minLength": 9}, "schema_not_here", "minLength"),
        ({"type": "string", "format": "email", "minLength": "9"}, "schema_wrong", "minLength"),
        ({"type": "object", "propertyNames": {"maxLength": 3}}, "schema_not_here", "propertyNames"),
        ({"type": "array", "prefixItems": []}, "schema_wrong", "prefixItems"),
        ({"type": "array", "prefixItems": [True], "minItems": 2}, "schema_not_here", "minItems"),
        ({"type": "array", "prefixItems": [True], "maxItems": 0}, "schema_not_here", "maxItems"),
        ({"not": {}}, "schema_not_here", "not"),
        ({"allOf": [True, True]}, "schema_not_here", "allOf"),
        ({"$ref": "https://example.org/schema.json"}, "schema_not_here", "example.org"),
        ({"$ref": "file:///etc/passwd"}, "schema_not_here", "passwd"),
        ({"required": ["a"], "type": "object"}, "schema_not_here", "a"),
        ({"anyOf": [True], "properties": {}}, "schema_not_here", "properties"),
        ({"$ref": "#/$defs/no"}, "schema_wrong", "no"),
        ({"$ref": 3}, "schema_not_here", "3"),
        ({"anyOf": [{"$ref": "#/anyOf/2"}]}, "schema_wrong", "2"),
        ({"anyOf": [{"$ref": "#/anyOf/x"}]}, "schema_wrong", "x"),
        ({"title": "a", "$ref": "#/title/b"}, "schema_wrong", "b"),
        ({"type": "text"}, "schema_wrong", "type"),
        ({"type": []}, "schema_wrong", "type"),
        ({"type": [{}]}, "schema_wrong", "type"),
        ({"enum": []}, "schema_wrong", "enum"),
        ({"enum": {"a": 1}}, "schema_wrong", "enum"),
        ({"enum": ["a"], "type": "integer"}, "schema_wrong", "enum"),
        ({"anyOf": []}, "schema_wrong", "anyOf"),
        ({"items": False}, "schema_wrong", "False"),
        ({"properties": [1]}, "schema_wrong", "properties"),
        ({"properties": {"a": 1}}, "schema_wrong", "1"),
        ({"properties": {"a": {}}, "required": "a"}, "schema_wrong", "required"),
        ({"type": "array", "minItems": -1}, "schema_wrong", "minItems"),
        ({"type": "array", "minItems": 2, "maxItems": 1}, "schema_wrong", "maxItems"),
        ({"type": "array", "minItems": 2.5}, "schema_wrong", "minItems"),
        ({"type": "string", "maxLength": "9" * 999}, "schema_wrong", "maxLength"),
        ({"type": "string", "maxLength": MOST_REPEATS + 1}, "schema_repeats", "maxLength"),
        (
            {"properties": {str(n): {"type": "string", "maxLength": 900} for n in range(40)}},
            "schema_repeats",
            "maxLength",
        ),
        ({"$ref": "#"}, "schema_recursive", "#"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}},
         "schema_recursive", "#/$defs/a"),
        ([], "schema_wrong", "[]"),
        (False, "schema_wrong", "False"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_what_cannot_be_guaranteed_is_refused_by_name(schema: Any, code: str, name: str) -> None:
    with pytest.raises(BadRequest) as raised:
        grammar_of(json.dumps(schema))

    assert raised.value.code == code
    assert name in str(raised.value.values["name"])
    assert raised.value.field == "response_format"


def laughs(levels: int) -> dict[str, Any]:
    """A schema whose parts double with each level when every reference is written out.

    Sixty levels would take for ever.
    """
    definitions: dict[str, Any] = {"d0": {"type": "null"}}
    for number in range(levels):
        both = {"items": {"$ref": f"#/$defs/d{number}"}}
        definitions[f"d{number + 1}"] = {"anyOf": [both, both | {"minItems": 1}]}
    return {"$ref": f"#/$defs/d{levels}", "$defs": definitions}


@pytest.mark.parametrize(
    "schema",
    [
        laughs(60),
        laughs(9),
        json.loads('{"items":' * 100 + "true" + "}" * 100),
        {"properties": {str(number): True for number in range(MOST_PARTS)}},
        {"enum": list(range(MOST_PARTS))},
        {"anyOf": [{"type": "number", "minimum": number + 0.5} for number in range(20)]},
    ],
    ids=["laughs", "fewer laughs", "deep", "wide", "long list", "ranges"],
)
def test_a_schema_without_measure_is_refused_before_it_costs_anything(schema: Any) -> None:
    with pytest.raises(BadRequest) as raised:
        grammar_of(json.dumps(schema))

    assert raised.value.code == "schema_too_large"


HUGE = 10**400  # more than a double can hold


def test_bounds_that_no_double_holds_are_bounds() -> None:
    unbounded = grammar_of('{"type": "integer"}')
    assert grammar_of(f'{{"type": "integer", "minimum": -{HUGE}, "maximum": {HUGE}}}') == unbounded
    with pytest.raises(BadRequest) as raised:
        grammar_of(f'{{"type": "number", "minimum": {HUGE}}}')
    assert (raised.value.code, raised.value.values["name"]) == ("schema_not_here", "minimum")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "nul"])
def test_what_is_no_json_is_no_schema(text: str) -> None:
    with pytest.raises(BadRequest):
        grammar_of(text)


@pytest.mark.parametrize(
    "schema",
    [
        laughs(6),
        {"properties": {str(number): True for number in range(400)}},
        {"items": {"type": "string", "minLength": 900, "maxLength": 1000}, "minItems": 1000},
        {"anyOf": [{"type": "string", "maxLength": number} for number in range(100, 200)]},
        {"const": '::= | " root ::= \n # [^\\' * 9},
        {"items": {"anyOf": [{"type": "number", "minimum": n + 0.5} for n in range(12)]}},
    ],
    ids=["laughs", "wide", "long", "alike", "a grammar in a text", "ranges"],
)
def test_the_largest_schemas_that_are_let_in_leave_the_engine_alive(
    backend: LlamaCppBackend, schema: Any
) -> None:
    answer(backend, schema, most=8)

    assert answer(backend, {"const": 1}) == "1"
