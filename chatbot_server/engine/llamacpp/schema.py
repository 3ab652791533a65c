"""From a JSON Schema to a grammar to which llama.cpp keeps its completion.

The library has a converter of its own, in C++, which would run in the process that all visitors
share. A schema comes from an application, so it is converted here instead: depth and size are
limited *after* every ``$ref`` is replaced, and a keyword that the grammar cannot guarantee is
refused. All that the grammar allows is valid. It may allow less than the schema: no properties
that are not named, and at most one blank between parts.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from chatbot_server.engine.llamacpp.number_ranges import (
    MOST_INTEGER,
    Bounds,
    integers_between,
    numbers_between,
)
from chatbot_server.engine.llamacpp.text_formats import FORMATS
from chatbot_server.errors import BadRequest

MOST_DEPTH = 32
MOST_PARTS = 1000
MOST_REPEATS = 1000  # of one item or character; the library allows 2,000
MOST_ALL_REPEATS = 20_000

# The library's own rule for blanks allows line feeds without end, and small models then write
# nothing else.
COMMON = r"""
value   ::= object | array | string | number | boolean | "null"
object  ::= "{" ws ( string ":" ws value ( "," ws string ":" ws value )* )? ws "}"
array   ::= "[" ws ( value ( "," ws value )* )? ws "]"
string  ::= "\"" ( char | "\\u" [0-9a-fA-F]{4} )* "\""
char    ::= [^"\\\x7F\x00-\x1F] | "\\" ["\\/bfnrt]
number  ::= integer ( "." [0-9]{1,15} )? ( [eE] [-+]? [0-9]{1,3} )?
integer ::= "-"? ( "0" | [1-9] [0-9]{0,14} )
boolean ::= "true" | "false"
ws      ::= " "?
"""
JSON_OBJECT = "root ::= object\n" + COMMON
# Keywords that do not change which values are allowed.
ANNOTATIONS = (
    frozenset({"$schema", "$id", "$comment", "$defs", "definitions", "title", "description"})
    | {"default", "examples", "deprecated", "readOnly", "writeOnly", "discriminator"}
)  # fmt: skip
TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
NUMBER_BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
KEYWORDS = {
    "object": ("properties", "required", "additionalProperties", "propertyNames"),
    "array": ("items", "minItems", "maxItems", "prefixItems"),
    "string": ("format", "minLength", "maxLength"),
    "number": NUMBER_BOUNDS,
    "integer": NUMBER_BOUNDS,
}


def grammar_of(schema: str) -> str:
    """The grammar of the JSON Schema with this text.

    Raises:
        BadRequest: no schema, too large, or with a keyword that cannot be guaranteed; named.
    """
    try:
        root = json.loads(schema)
    except (ValueError, RecursionError):
        raise _invalid("schema") from None
    return _GrammarWriter(root).grammar()


def _invalid(where: object) -> BadRequest:
    return BadRequest("schema_wrong", field="response_format", name=str(where)[:80])


def _unsupported(name: object) -> BadRequest:
    return BadRequest("schema_not_here", field="response_format", name=str(name)[:80])


def _literal(value: Any) -> str:
    """*value* as JSON, as a literal of the grammar."""
    text = json.dumps(value, ensure_ascii=False)
    if any("\ud800" <= character <= "\udfff" for character in text):
        text = json.dumps(value)
    escaped_text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped_text}"'


class _GrammarWriter:
    """One conversion: the rules so far, and how much of the limits is used."""

    def __init__(self, schema: Any) -> None:
        self._root = schema
        self._rules: dict[str, str] = {}  # expression → name: equal parts share a rule
        self._parts = self._repeats = 0

    def grammar(self) -> str:
        root = self._expression(self._root, 0, ())
        rules = [f"{name} ::= {expression}\n" for expression, name in self._rules.items()]
        return f"root ::= {root}\n" + "".join(rules) + COMMON

    def _rule(self, expression: str) -> str:
        if expression.isalnum():  # a name already
            return expression
        return self._rules.setdefault(expression, f"r{len(self._rules)}")

    def _alternatives(self, expressions: Iterable[str]) -> str:
        return self._rule(" | ".join(dict.fromkeys(expressions)))

    def _count(self, parts: int, depth: int = 0) -> None:
        self._parts += parts
        if depth > MOST_DEPTH or self._parts > MOST_PARTS:
            raise BadRequest(
                "schema_too_large", field="response_format", depth=MOST_DEPTH, parts=MOST_PARTS
            )

    def _expression(self, schema: Any, depth: int, refs: tuple[str, ...]) -> str:
        """An expression for *schema*, nested *depth* deep inside the definitions *refs*."""
        self._count(1, depth)
        if schema is True:
            return "value"
        if not isinstance(schema, dict):
            raise _invalid(schema)
        rest = {key: value for key, value in schema.items() if key not in ANNOTATIONS}

        def below(inner: Any) -> str:
            return self._expression(inner, depth + 1, refs)

        if "$ref" in rest:
            _allow_only(rest, "$ref")
            name = rest["$ref"]
            return self._expression(self._definition(name, refs), depth + 1, (*refs, name))
        for key in ("const", "enum"):
            if key in rest:
                _allow_only(rest, key, "type")
                return self._values([rest[key]] if key == "const" else rest[key], rest)
        for key in ("anyOf", "oneOf", "allOf"):
            if key in rest:
                _allow_only(rest, key)
                return self._alternatives(map(below, _options(key, rest[key])))
        return self._typed(rest, below)

    def _definition(self, name: Any, refs: tuple[str, ...]) -> Any:
        """The part of the schema that ``$ref`` names."""
        if not isinstance(name, str) or not name.startswith("#"):
            raise _unsupported(f"$ref {name}")
        if name in refs or name == "#":
            raise BadRequest("schema_recursive", field="response_format", name=name[:80])
        definition = self._root
        for step in name.removeprefix("#").removeprefix("/").split("/"):
            key: Any = step.replace("~1", "/").replace("~0", "~")
            if isinstance(definition, list) and re.fullmatch("[0-9]{1,4}", step):
                key = int(step)
            try:
                definition = definition[key]
            except (KeyError, IndexError, TypeError):
                raise _invalid(name) from None
        return definition

    def _values(self, values: Any, rest: Mapping[str, Any]) -> str:
        if not isinstance(values, list):
            raise _invalid("enum")
        kinds = _kinds(rest) if "type" in rest else list(TYPES)
        allowed_values = [value for value in values if any(TYPES[kind](value) for kind in kinds)]
        self._count(len(allowed_values))
        if not allowed_values:
            raise _invalid("enum")
        return self._alternatives(map(_literal, allowed_values))

    def _typed(self, rest: dict[str, Any], below: Callable[[Any], str]) -> str:
        if not rest:
            return "value"
        if "type" not in rest:
            implied_type = {"properties": "object", "items": "array"}
            kind = next((kind for key, kind in implied_type.items() if key in rest), None)
            if kind is None:
                raise _unsupported(next(iter(rest)))
            rest = rest | {"type": kind}
        kinds = _kinds(rest)
        _allow_only(rest, "type", *(key for kind in kinds for key in KEYWORDS.get(kind, ())))
        expressions = []
        for kind in kinds:
            if kind == "object":
                expressions.append(self._object(rest, below))
            elif kind == "array":
                expressions.append(self._array(rest, below))
            elif kind == "string":
                expressions.append(self._string(rest))
            elif kind in ("integer", "number"):
                expressions.append(self._number(kind, rest))
            else:
                expressions.append('"null"' if kind == "null" else kind)
        return self._alternatives(expressions)

    def _object(self, rest: dict[str, Any], below: Callable[[Any], str]) -> str:
        properties, required_names = rest.get("properties", {}), rest.get("required", [])
        if not isinstance(properties, dict):
            raise _invalid("properties")
        if not isinstance(required_names, list) or not all(
            isinstance(name, str) for name in required_names
        ):
            raise _invalid("required")
        unknown_name = next((name for name in required_names if name not in properties), None)
        if unknown_name is not None:
            raise _unsupported(f"required: {unknown_name}")
        if rest.get("propertyNames", True) not in (True, {}, {"type": "string"}):
            raise _unsupported("propertyNames")
        if properties:
            members = [
                (self._rule(f'{_literal(name)} ":" ws {below(inner)}'), name in required_names)
                for name, inner in properties.items()
            ]
            return self._rule(f'"{{" ws {self._members(members)} ws "}}"')
        more = rest.get("additionalProperties", True)
        if more is False:
            return '"{}"'
        pair = self._rule(f'string ":" ws {below(more)}')
        return self._rule(f'"{{" ws ( {pair} ( "," ws {pair} )* )? ws "}}"')

    def _members(self, members: list[tuple[str, bool]]) -> str:
        """The members of an object in the schema's order; those not required may be left out."""
        firsts: list[str] = []
        rest = ""  # what may follow once a property was written
        for pair, is_required in reversed(members):
            whole = f"{pair} {rest}".rstrip()
            firsts = [whole] if is_required else [whole, *firsts]
            further = f'"," ws {pair}'
            step = further if is_required else f"( {further} )?"
            rest = self._rule(f"{step} {rest}".rstrip())
        choice = f"( {' | '.join(firsts)} )"
        return choice if any(is_required for _, is_required in members) else f"{choice}?"

    def _array(self, rest: dict[str, Any], below: Callable[[Any], str]) -> str:
        least, most = self._bounds(rest, "minItems", "maxItems")
        if "prefixItems" in rest:
            firsts = rest["prefixItems"]
            if not isinstance(firsts, list) or not firsts:
                raise _invalid("prefixItems")
            if not least <= len(firsts) <= (len(firsts) if most is None else most):
                raise _unsupported("minItems" if least > len(firsts) else "maxItems")
            return self._rule('"[" ws ' + ' "," ws '.join(map(below, firsts)) + ' ws "]"')
        item = self._rule(below(rest.get("items", True)))
        if most == 0:
            return '"[]"'
        upper = "" if most is None else most - 1
        items = f'{item} ( "," ws {item} ){{{max(least - 1, 0)},{upper}}}'
        return self._rule(f'"[" ws {items if least else f"( {items} )?"} ws "]"')

    def _string(self, rest: dict[str, Any]) -> str:
        if "format" in rest:
            return self._formatted(rest)
        if "minLength" not in rest and "maxLength" not in rest:
            return "string"
        least, most = self._bounds(rest, "minLength", "maxLength")
        # Without \uXXXX: two of them can be one character.
        return self._rule(rf'"\"" char{{{least},{"" if most is None else most}}} "\""')

    def _formatted(self, rest: dict[str, Any]) -> str:
        """A text of a format; what is said of its length must be true of each such text."""
        name = rest["format"]
        if not isinstance(name, str) or name not in FORMATS:
            raise _unsupported(f"format {name}")
        expression, shortest, longest = FORMATS[name]
        least, most = rest.get("minLength", 0), rest.get("maxLength", longest)
        if not TYPES["integer"](least) or not TYPES["integer"](most):
            raise _invalid("minLength, maxLength")
        if least > shortest or most < longest:
            raise _unsupported(f"format {name}, {'minLength' if least > shortest else 'maxLength'}")
        return self._rule(rf'"\"" {expression} "\""')

    def _number(self, kind: str, rest: dict[str, Any]) -> str:
        bounds = _number_bounds(rest)
        if bounds == Bounds():
            return kind
        if kind == "integer" and bounds.scaled(1, MOST_INTEGER) == (-MOST_INTEGER, MOST_INTEGER):
            return kind  # as zod's int() has them
        expressions = (integers_between if kind == "integer" else numbers_between)(bounds)
        if not expressions:
            raise _unsupported(next(key for key in NUMBER_BOUNDS if key in rest))
        if " | ".join(expressions) not in self._rules:
            self._count(len(expressions))
        return self._alternatives(expressions)

    def _bounds(self, rest: dict[str, Any], low: str, high: str) -> tuple[int, int | None]:
        least = self._bound(rest.get(low, 0), low)
        most = self._bound(rest[high], high) if high in rest else None
        if most is not None and least > most:
            raise _invalid(high)
        return least, most

    def _bound(self, value: Any, name: str) -> int:
        if not TYPES["integer"](value) or value < 0:
            raise _invalid(name)
        self._repeats += value
        if value > MOST_REPEATS or self._repeats > MOST_ALL_REPEATS:
            raise BadRequest("schema_repeats", field="response_format", name=name,
                             limit=MOST_REPEATS, all=MOST_ALL_REPEATS)  # fmt: skip
        return int(value)


def _options(key: str, options: Any) -> list[Any]:
    if not isinstance(options, list) or not options:
        raise _invalid(key)
    if key == "allOf" and len(options) > 1:
        raise _unsupported(key)
    return options


def _number_bounds(rest: Mapping[str, Any]) -> Bounds:
    """The stricter of the bounds on each side."""
    values = {key: _fraction(rest[key], key) for key in NUMBER_BOUNDS if key in rest}
    lows = [(values[key], key.startswith("ex")) for key in NUMBER_BOUNDS[:2] if key in values]
    highs = [(-values[key], key.startswith("ex")) for key in NUMBER_BOUNDS[2:] if key in values]
    least, is_least_excluded = max(lows, default=(None, False))
    most, is_most_excluded = max(highs, default=(None, False))
    return Bounds(least, None if most is None else -most, is_least_excluded, is_most_excluded)


def _fraction(value: Any, name: str) -> Fraction:
    """The number as it was written: 0.1, not the double nearest to it."""
    if TYPES["integer"](value):  # of any length: not each fits a double
        return Fraction(value)
    if not TYPES["number"](value) or not math.isfinite(value):
        raise _invalid(name)
    return Fraction(str(value))


def _kinds(rest: Mapping[str, Any]) -> list[str]:
    types = rest["type"]
    kinds = types if isinstance(types, list) else [types]
    if not kinds or not all(isinstance(kind, str) and kind in TYPES for kind in kinds):
        raise _invalid("type")
    return list(dict.fromkeys(kinds))


def _allow_only(rest: Mapping[str, Any], *keywords: str) -> None:
    """Refuse all other keywords beside *keywords*: they could not be guaranteed."""
    for key in rest:
        if key not in keywords:
            raise _unsupported(key)
