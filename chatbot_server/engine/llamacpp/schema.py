"""From a JSON Schema to a grammar that holds llama.cpp to it.

The library has a converter of its own, in C++ and in the process that everybody shares. A schema
is an application's text, so it is read here instead: bounded in depth and size *after* every
``$ref`` is written out, and refused where a keyword could not be guaranteed. What the grammar
lets through is always valid; it may let through less than the schema would (no properties
that are not named, at most one blank between the parts).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

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
integer ::= "-"? ( "0" | [1-9] [0-9]{0,15} )
boolean ::= "true" | "false"
ws      ::= " "?
"""
JSON_OBJECT = "root ::= object\n" + COMMON

_MONTH_DAY = '( "0" [1-9] | "1" [0-2] ) "-" ( "0" [1-9] | [12] [0-9] | "3" [01] )'
_DATE = f'[0-9]{{4}} "-" {_MONTH_DAY}'
_CLOCK = '( [01] [0-9] | "2" [0-3] ) ":" [0-5] [0-9]'
_TIME = f'{_CLOCK} ":" [0-5] [0-9] ( "." [0-9]{{1,6}} )? ( "Z" | [-+] {_CLOCK} )'
FORMATS = {
    "date": _DATE,
    "time": _TIME,
    "date-time": f'{_DATE} "T" {_TIME}',
    "uuid": "[0-9a-f]{8} " + '"-" [0-9a-f]{4} ' * 3 + '"-" [0-9a-f]{12}',
}
# What does not change which values are allowed.
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


def grammar_of(schema: str) -> str:
    """The grammar of the JSON Schema with this text.

    Raises:
        BadRequest: no schema, too large, or with a keyword that cannot be guaranteed; named.
    """
    try:
        parsed = json.loads(schema)
    except (ValueError, RecursionError):
        raise _wrong("schema") from None
    return _Writer(parsed).grammar()


def _wrong(where: object) -> BadRequest:
    return BadRequest("schema_wrong", field="response_format", name=str(where)[:80])


def _not_here(name: object) -> BadRequest:
    return BadRequest("schema_not_here", field="response_format", name=str(name)[:80])


def _quoted(text: str) -> str:
    """*text* as a literal of the grammar."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _literal(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    half = any("\ud800" <= character <= "\udfff" for character in text)
    return _quoted(json.dumps(value) if half else text)


class _Writer:
    """One conversion: rules so far, and what of the bounds is used up."""

    def __init__(self, schema: Any) -> None:
        self._root = schema
        self._rules: dict[str, str] = {}  # expression → name: equal parts share a rule
        self._parts = self._repeats = 0

    def grammar(self) -> str:
        root = self._any(self._root, 0, ())
        rules = [f"{name} ::= {expression}\n" for expression, name in self._rules.items()]
        return f"root ::= {root}\n" + "".join(rules) + COMMON

    def _rule(self, expression: str) -> str:
        if expression.isalnum():  # a name already
            return expression
        return self._rules.setdefault(expression, f"r{len(self._rules)}")

    def _count(self, parts: int, depth: int = 0) -> None:
        self._parts += parts
        if depth > MOST_DEPTH or self._parts > MOST_PARTS:
            raise BadRequest(
                "schema_too_large", field="response_format", depth=MOST_DEPTH, parts=MOST_PARTS
            )

    def _any(self, schema: Any, depth: int, refs: tuple[str, ...]) -> str:
        """An expression for *schema*, which stands *depth* deep inside the definitions *refs*."""
        self._count(1, depth)
        if schema is True:
            return "value"
        if not isinstance(schema, dict):
            raise _wrong(schema)
        rest = {key: value for key, value in schema.items() if key not in ANNOTATIONS}

        def below(inner: Any) -> str:
            return self._any(inner, depth + 1, refs)

        if "$ref" in rest:
            _only(rest, "$ref")
            return self._referred(rest["$ref"], depth, refs)
        for key in ("const", "enum"):
            if key in rest:
                _only(rest, key, "type")
                return self._listed([rest[key]] if key == "const" else rest[key], rest)
        for key in ("anyOf", "oneOf", "allOf"):
            if key in rest:
                _only(rest, key)
                return self._choice(key, rest[key], below)
        return self._typed(rest, below)

    def _referred(self, name: Any, depth: int, refs: tuple[str, ...]) -> str:
        if not isinstance(name, str) or not name.startswith("#"):
            raise _not_here(f"$ref {name}")
        if name in refs or name == "#":
            raise BadRequest("schema_recursive", field="response_format", name=name[:80])
        found = self._root
        for step in name.removeprefix("#").removeprefix("/").split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or step not in found:
                raise _wrong(name)
            found = found[step]
        return self._any(found, depth + 1, (*refs, name))

    def _listed(self, values: Any, rest: Mapping[str, Any]) -> str:
        if not isinstance(values, list):
            raise _wrong("enum")
        kinds = _kinds(rest) if "type" in rest else list(TYPES)
        fitting = [value for value in values if any(TYPES[kind](value) for kind in kinds)]
        self._count(len(fitting))
        if not fitting:
            raise _wrong("enum")
        return self._rule(" | ".join(dict.fromkeys(_literal(value) for value in fitting)))

    def _choice(self, key: str, options: Any, below: Callable[[Any], str]) -> str:
        if not isinstance(options, list) or not options:
            raise _wrong(key)
        if key == "allOf" and len(options) > 1:
            raise _not_here(key)
        return self._rule(" | ".join(dict.fromkeys(below(option) for option in options)))

    def _typed(self, rest: dict[str, Any], below: Callable[[Any], str]) -> str:
        if not rest:
            return "value"
        if "type" not in rest:
            told = {"properties": "object", "items": "array"}
            kind = next((kind for key, kind in told.items() if key in rest), None)
            if kind is None:
                raise _not_here(next(iter(rest)))
            rest = rest | {"type": kind}
        kinds = _kinds(rest)
        known = {"type"}.union(*(KEYWORDS.get(kind, ()) for kind in kinds))
        _only(rest, *known)
        return self._rule(" | ".join(self._kind(kind, rest, below) for kind in kinds))

    def _kind(self, kind: str, rest: dict[str, Any], below: Callable[[Any], str]) -> str:
        if kind == "object":
            return self._object(rest, below)
        if kind == "array":
            return self._array(rest, below)
        if kind == "string":
            return self._string(rest)
        return '"null"' if kind == "null" else kind

    def _object(self, rest: dict[str, Any], below: Callable[[Any], str]) -> str:
        properties, required = rest.get("properties", {}), rest.get("required", [])
        if not isinstance(properties, dict):
            raise _wrong("properties")
        if not isinstance(required, list) or not all(isinstance(it, str) for it in required):
            raise _wrong("required")
        unknown = next((name for name in required if name not in properties), None)
        if unknown is not None:
            raise _not_here(f"required: {unknown}")
        if properties:
            members = [
                (self._rule(f'{_literal(name)} ":" ws {below(inner)}'), name in required)
                for name, inner in properties.items()
            ]
            return self._rule(f'"{{" ws {self._members(members)} ws "}}"')
        more = rest.get("additionalProperties", True)
        if more is False:
            return '"{}"'
        pair = self._rule(f'string ":" ws {below(more)}')
        return self._rule(f'"{{" ws ( {pair} ( "," ws {pair} )* )? ws "}}"')

    def _members(self, members: list[tuple[str, bool]]) -> str:
        """Properties in the schema's order, those that are not required present or not."""
        firsts: list[str] = []
        rest = ""  # what may follow once a property was written
        for pair, needed in reversed(members):
            whole = f"{pair} {rest}".rstrip()
            firsts = [whole] if needed else [whole, *firsts]
            further = f'"," ws {pair}'
            step = further if needed else f"( {further} )?"
            rest = self._rule(f"{step} {rest}".rstrip())
        choice = f"( {' | '.join(firsts)} )"
        return choice if any(needed for _, needed in members) else f"{choice}?"

    def _array(self, rest: dict[str, Any], below: Callable[[Any], str]) -> str:
        item = self._rule(below(rest.get("items", True)))
        least, most = self._bounds(rest, "minItems", "maxItems")
        if most == 0:
            return '"[]"'
        upper = "" if most is None else most - 1
        some = f'{item} ( "," ws {item} ){{{max(least - 1, 0)},{upper}}}'
        return self._rule(f'"[" ws {some if least else f"( {some} )?"} ws "]"')

    def _string(self, rest: dict[str, Any]) -> str:
        kind = rest.get("format")
        bounded = "minLength" in rest or "maxLength" in rest
        if kind is not None:
            if kind not in FORMATS or bounded:
                raise _not_here(f"format {kind}")
            return self._rule(rf'"\"" {FORMATS[kind]} "\""')
        if not bounded:
            return "string"
        least, most = self._bounds(rest, "minLength", "maxLength")
        # Without \uXXXX: two of them can be one character.
        return self._rule(rf'"\"" char{{{least},{"" if most is None else most}}} "\""')

    def _bounds(self, rest: dict[str, Any], low: str, high: str) -> tuple[int, int | None]:
        least = self._bound(rest.get(low, 0), low)
        most = self._bound(rest[high], high) if high in rest else None
        if most is not None and least > most:
            raise _wrong(high)
        return least, most

    def _bound(self, value: Any, name: str) -> int:
        if not TYPES["integer"](value) or value < 0:
            raise _wrong(name)
        self._repeats += value
        if value > MOST_REPEATS or self._repeats > MOST_ALL_REPEATS:
            raise BadRequest("schema_repeats", field="response_format", name=name,
                             limit=MOST_REPEATS, all=MOST_ALL_REPEATS)  # fmt: skip
        return int(value)


KEYWORDS = {
    "object": ("properties", "required", "additionalProperties"),
    "array": ("items", "minItems", "maxItems"),
    "string": ("format", "minLength", "maxLength"),
}


def _kinds(rest: Mapping[str, Any]) -> list[str]:
    given = rest["type"]
    kinds = given if isinstance(given, list) else [given]
    if not kinds or not all(isinstance(kind, str) and kind in TYPES for kind in kinds):
        raise _wrong("type")
    return list(dict.fromkeys(kinds))


def _only(rest: Mapping[str, Any], *known: str) -> None:
    """Refuse what stands beside the keywords *known*: it could not be guaranteed."""
    for key in rest:
        if key not in known:
            raise _not_here(key)
