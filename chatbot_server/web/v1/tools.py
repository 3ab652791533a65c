"""Functions of an application that the model may or must call."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from chatbot_server.engine.base import (
    Completion,
    EngineInfo,
    Event,
    Finished,
    FinishReason,
    Sampling,
    Token,
    ToolCallPiece,
)
from chatbot_server.engine.transformed import TransformedCompletion
from chatbot_server.errors import BadRequest
from chatbot_server.prompt.base import Message
from chatbot_server.prompt.tools import CLOSING, OPENING, read_call, write_out
from chatbot_server.web.v1.generation import schema_text
from chatbot_server.web.v1.refusals import Lenient

# Keywords of JSON Schema that our grammars support. Where a call must be made, others are left out
# of its parameters rather than refused.
SUPPORTED = (
    "type", "properties", "required", "items", "enum", "const", "anyOf", "oneOf", "$ref", "$defs",
    "definitions", "minItems", "maxItems", "prefixItems",
)  # fmt: skip
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")  # booleans in old schemas


ADDITIONAL = "additionalProperties"
MAX_LEVELS = 64


class FunctionSpec(Lenient):
    """``function`` of a tool."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    description: Annotated[str, Field(max_length=20_000)] | None = None
    parameters: dict[str, Any] | None = None


class ToolSpec(Lenient):
    """One of ``tools``."""

    type: str = "function"
    function: FunctionSpec | None = None


@dataclass(frozen=True)
class Toolbox:
    """The functions that the model may call, and whether it must call one.

    Attributes:
        choice: ``none``, ``auto``, ``required``, or the name of the function that must be called.
        parallel: whether there may be several calls in one answer.
    """

    functions: tuple[FunctionSpec, ...] = ()
    choice: str = "none"
    parallel: bool = True

    @property
    def is_forced(self) -> bool:
        """Whether a call must be made."""
        return self.choice not in ("none", "auto")

    def on(self, info: EngineInfo) -> Toolbox:
        """The toolbox for this engine: functions that need not be called may be left out.

        Raises:
            BadRequest: a call must be made, and the engine cannot enforce it.
        """
        if info.engine == "openai":
            return self
        if self.is_forced:
            if info.engine != "llamacpp":
                raise BadRequest("api_no_tools", field="tool_choice")
            return self
        # A model that was not trained to call functions answers worse if its prompt describes them.
        is_taught = info.engine == "llamacpp" and "tool" in (info.chat_template or "")
        return self if is_taught else Toolbox()

    def write_into(self, messages: Sequence[Message]) -> list[Message]:
        """*messages* with the functions described in the instructions."""
        functions = () if self.choice == "none" else self._chosen()
        return write_out(
            messages, [json.dumps(_wire(function), ensure_ascii=False) for function in functions]
        )

    def sampling(self, sampling: Sampling, *, native: bool) -> Sampling:
        """*sampling* that offers the functions to a *native* server, or enforces a call here.

        Args:
            native: the engine is a remote server, which has tools of its own.
        """
        if native and self.functions:
            choice: Any = self.choice
            if self.is_forced and self.choice != "required":
                choice = {"type": "function", "function": {"name": self.choice}}
            raw = {"tools": [_wire(function) for function in self.functions], "tool_choice": choice}
            if not self.parallel:
                raw["parallel_tool_calls"] = False
            return replace(sampling, tools=json.dumps(raw))
        if not self.is_forced:
            return sampling
        calls = [
            {
                "type": "object",
                "properties": {
                    "name": {"const": function.name},
                    "arguments": _arguments(
                        function.parameters, f"#/anyOf/{index}/properties/arguments"
                    ),
                },
                "required": ["name", "arguments"],
            }
            for index, function in enumerate(self._chosen())
        ]
        return replace(sampling, json=False, schema=schema_text({"anyOf": calls}, "tools"))

    def read(self, completion: Completion) -> Completion:
        """*completion* with the calls in its text as events."""
        if self.choice == "none":
            return completion
        return ToolCompletion(completion, self)

    def _chosen(self) -> tuple[FunctionSpec, ...]:
        if self.choice in ("auto", "required"):
            return self.functions
        return tuple(function for function in self.functions if function.name == self.choice)


def open_toolbox(
    tools: Sequence[ToolSpec], choice: str | Mapping[str, Any] | None, *, parallel: bool
) -> Toolbox:
    """The toolbox of ``tools`` and ``tool_choice``.

    Raises:
        BadRequest: the choice is none of the tools, or parameters are too large.
    """
    functions = tuple(tool.function for tool in tools if tool.function)
    allowed_names, choice = _allowed_names(choice)
    if allowed_names:
        _check_choice(min(allowed_names), functions)
        functions = tuple(spec for spec in functions if spec.name in allowed_names)
    for spec in functions:
        if is_deeper(spec.parameters, MAX_LEVELS):
            raise BadRequest("api_too_deep", field="tools", name=spec.name, limit=MAX_LEVELS)
        schema_text(spec.parameters or {}, "tools")
    name = _function_name(choice) if isinstance(choice, Mapping) else choice
    if name is None:
        name = "auto" if functions else "none"
    if name not in ("none", "auto") and not functions:
        raise BadRequest("field_missing", field="tools", name="tools")
    _check_choice(name, functions)
    return Toolbox(functions, name if functions else "none", parallel)


def _check_choice(name: str, functions: Sequence[FunctionSpec]) -> None:
    names = ("none", "auto", "required", *(spec.name for spec in functions))
    if name not in names:
        choices = " | ".join(names[:10])
        raise BadRequest(
            "field_not_a_choice", field="tool_choice", name="tool_choice", choices=choices
        )


def _allowed_names(
    choice: str | Mapping[str, Any] | None,
) -> tuple[set[str] | None, str | Mapping[str, Any] | None]:
    """The names in a *choice* of the type ``allowed_tools``, and the choice among these.

    None and *choice* itself if it is of another type.
    """
    if not isinstance(choice, Mapping) or choice.get("type") != "allowed_tools":
        return None, choice
    inner = choice.get("allowed_tools", choice)  # in the shape of chats, or of responses
    tools = inner.get("tools") if isinstance(inner, Mapping) else None
    names = {
        _function_name(tool)
        for tool in (tools if isinstance(tools, list) else ())
        if isinstance(tool, Mapping)
    }
    return names, str(inner.get("mode", "auto")) if names else "none"


def _function_name(choice: Mapping[str, Any]) -> str:
    """The name in *choice*, which may be in the shape of chats or of responses."""
    function = choice.get("function")
    return str((function if isinstance(function, dict) else choice).get("name"))[:64]


class ToolCompletion(TransformedCompletion):
    """*completion* with the calls of functions of *box* that its text contains as events.

    A call of a function that does not exist stays text.
    """

    def __init__(self, completion: Completion, box: Toolbox) -> None:
        super().__init__(completion)
        self._box = box
        self._names = {function.name for function in box.functions}
        self._held = ""
        self._count = 0

    def transform(self, event: Event) -> Iterator[Event]:
        """Hold text back until it is known whether it is a call."""
        if isinstance(event, Token):
            self._held += event.text
            if not self._box.is_forced:
                yield from self._read(is_end=False)
        elif isinstance(event, Finished):
            call = self._call(self._held) if self._box.is_forced else None
            yield from [call] if call else self._read(is_end=True)
            reason: FinishReason = "tool_calls" if self._count else event.reason
            yield replace(event, reason=reason)
        else:
            yield event

    def _read(self, *, is_end: bool) -> Iterator[Event]:
        """Take complete calls and the text before them from what is held back; at the end, all."""
        while (start := self._held.find(OPENING)) >= 0:
            end = self._held.find(CLOSING, start)
            if end < 0 and not is_end:
                break
            body = self._held[start + len(OPENING) : end if end >= 0 else None]
            call = self._call(body)
            if self._held[:start].strip() or not call:
                yield Token(self._held[:start] + ("" if call else OPENING))
            if call:
                yield call
            rest = start + len(OPENING) + (len(body) + len(CLOSING) if call else 0)
            self._held = self._held[rest:]
        keep = 0 if is_end else self._length_to_hold(max(start, -1))
        text, self._held = (
            self._held[: len(self._held) - keep],
            self._held[len(self._held) - keep :],
        )
        if text and not (self._count and not text.strip()):
            yield Token(text)

    def _length_to_hold(self, start: int) -> int:
        """The number of characters to hold back: those that are or may become a call.

        White space before them counts. *start* is where a call begins; -1 if none has begun.
        """
        if start >= 0:
            return len(self._held) - start
        text = self._held
        lengths = range(min(len(OPENING), len(text)), 0, -1)
        partial = next((length for length in lengths if OPENING.startswith(text[-length:])), 0)
        before = text[: len(text) - partial]
        return partial + len(before) - len(before.rstrip())

    def _call(self, text: str) -> ToolCallPiece | None:
        call = read_call(text)
        if call is None or call[0] not in self._names or (self._count and not self._box.parallel):
            return None
        self._count += 1
        return ToolCallPiece(self._count - 1, f"call_{secrets.token_hex(12)}", *call)


def is_deeper(value: Any, levels: int) -> bool:
    """Whether objects and lists are nested more than *levels* deep."""
    inside = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        inside = [
            child
            for inner in inside
            for child in (inner.values() if isinstance(inner, dict) else inner)
            if isinstance(child, dict | list)
        ]
        if not inside:
            return False
    return True


def _wire(spec: FunctionSpec) -> dict[str, Any]:
    return {"type": "function", "function": spec.model_dump(exclude_none=True)}


def _arguments(parameters: dict[str, Any] | None, place: str) -> dict[str, Any]:
    """The schema of a call's arguments: an object, and an empty one where none are named."""
    schema = _supported_part(parameters, place)
    if not schema.keys() & {"type", "$ref", "anyOf", "oneOf", "enum", "const"}:
        schema = {"type": "object", "properties": {}} | schema
    is_empty = schema.get("properties") == {} and not (parameters or {}).get(ADDITIONAL)
    return schema | ({ADDITIONAL: False} if is_empty else {})


def _supported_part(schema: Any, place: str) -> dict[str, Any]:
    """The part of *schema* that our grammars support.

    *place* is where its root will be, so that its references lead to its own definitions.
    """
    if not isinstance(schema, dict):
        return {}
    supported_part = partial(_supported_part, place=place)
    limits = {
        key: value for key, value in schema.items() if key in SUPPORTED or _is_bound(key, value)
    }
    for key in ("properties", "$defs", "definitions"):
        if isinstance(limits.get(key), dict):
            limits[key] = {name: supported_part(part) for name, part in limits[key].items()}
    for key in ("anyOf", "oneOf", "prefixItems"):
        if isinstance(limits.get(key), list):
            limits[key] = [supported_part(part) for part in limits[key]]
    if "items" in limits:
        limits["items"] = supported_part(limits["items"])
    reference = limits.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        return {"$ref": place + reference.removeprefix("#")}
    return limits


def _is_bound(key: str, value: Any) -> bool:
    return key in BOUNDS and isinstance(value, int | float) and not isinstance(value, bool)
