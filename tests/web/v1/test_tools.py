"""Function calling: what a model's text becomes, and what real engines make of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import openai
import pytest
from openai.types.chat import ChatCompletionMessageFunctionToolCall
from pydantic import BaseModel, Field
from support.servers.openai_server import Api, serve
from support.servers.scripted_endpoint import Script, ScriptedServer, event, head, response

from chatbot_server.config.sections import EndpointSection, EngineSection
from chatbot_server.engine.base import (
    EngineInfo,
    Event,
    Finished,
    Queued,
    Sampling,
    Timings,
    Token,
    ToolCallPiece,
    Usage,
)
from chatbot_server.engine.openai import OpenAIEngine
from chatbot_server.errors import BadRequest
from chatbot_server.prompt.base import Message, ToolCall
from chatbot_server.web.v1.tools import Toolbox, ToolSpec, open_toolbox

RemoteApi = Callable[[Script], tuple[Api, ScriptedServer]]
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "maxLength": 20, "pattern": "^[a-z]+$"},
                "days": {"type": "integer", "minimum": 1},
            },
            "required": ["city"],
        },
    },
}
CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>'
ASK: dict[str, Any] = {
    "model": "default",
    "messages": [{"role": "user", "content": "What is the weather in Paris?"}],
    "tools": [WEATHER],
    "temperature": 0,
    "max_tokens": 60,
}
END = Finished("stop", Usage(1, 1), Timings(0, 0, 0))
TAUGHT = EngineInfo("m", "llamacpp", "chatml", chat_template="{% if tools %}")


class Saying:
    """A completion that says *pieces*."""

    def __init__(self, pieces: list[str]) -> None:
        self._events: Iterator[Event] = iter([Queued(0), *map(Token, pieces), END])

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        return next(self._events)

    def close(self) -> None:
        pass


def box(choice: Any = "auto", *, parallel: bool = True) -> Toolbox:
    tools = [ToolSpec.model_validate(WEATHER)]
    return open_toolbox(tools, choice, parallel=parallel)


def read(pieces: list[str], tools: Toolbox) -> tuple[str, list[tuple[str, str]], str]:
    """The text, the calls, and how it ended."""
    events = list(tools.read(Saying(pieces)))
    text = "".join(event.text for event in events if isinstance(event, Token))
    calls = [(one.name, one.arguments) for one in events if isinstance(one, ToolCallPiece)]
    assert isinstance(events[-1], Finished)
    return text, calls, events[-1].reason


@pytest.mark.parametrize(
    ("text", "shown", "count"),
    [
        (CALL, "", 1),
        (f"Let me look.\n{CALL}", "Let me look.\n", 1),
        (f"{CALL}\n{CALL}\n", "", 2),
        (CALL.removesuffix("\n</tool_call>"), "", 1),
        ("Nothing to call < here", "Nothing to call < here", 0),
        ("<tool_call>nonsense</tool_call>", "<tool_call>nonsense</tool_call>", 0),
        (CALL.replace("weather", "rm"), CALL.replace("weather", "rm"), 0),
        ("ends with <tool_c", "ends with <tool_c", 0),
        ("  spaced  ", "  spaced  ", 0),
    ],
)
def test_calls_are_taken_out_of_the_text(text: str, shown: str, count: int) -> None:
    arguments = '{"city": "Paris"}'
    reason = "tool_calls" if count else "stop"
    cuts = [[text[:at], text[at:]] for at in range(len(text))]
    for pieces in ([text], list(text), *cuts):
        said, calls, end = read(pieces, box())
        assert (said.rstrip() if count else said) == (shown.rstrip() if count else shown)
        assert (calls, end) == ([("weather", arguments)] * count, reason)


@pytest.mark.parametrize("is_nested", [True, False])
def test_allowed_tools_leave_only_those(is_nested: bool) -> None:
    other = {"type": "function", "function": {"name": "other"}}
    tools = [ToolSpec.model_validate(tool) for tool in (other, WEATHER)]

    def opened(mode: str, name: str) -> Toolbox:
        named = {"function": {"name": name}} if is_nested else {"name": name}
        inner = {"mode": mode, "tools": [{"type": "function"} | named]}
        choice = {"allowed_tools": inner} if is_nested else inner
        return open_toolbox(tools, {"type": "allowed_tools"} | choice, parallel=True)

    box = opened("required", "weather")
    assert ([function.name for function in box.functions], box.choice) == (["weather"], "required")
    assert opened("auto", "weather").choice == "auto"
    with pytest.raises(BadRequest):
        opened("auto", "unknown")
    nothing = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}
    assert open_toolbox(tools, nothing, parallel=True).choice == "none"


def test_a_forced_call_is_the_whole_text_and_one_at_a_time_is_kept_to() -> None:
    bare = CALL.splitlines()[1]

    assert read(list(bare), box("required")) == (
        "",
        [("weather", '{"city": "Paris"}')],
        "tool_calls",
    )
    assert read([bare[:9]], box("required")) == (bare[:9], [], "stop")
    assert len(read([CALL + CALL], box(parallel=False))[1]) == 1


def test_only_a_model_that_was_taught_to_call_reads_of_tools() -> None:
    turns = [Message("user", "Hi")]
    untaught = EngineInfo("m", "llamacpp", "chatml", chat_template="{{ messages }}")

    assert "weather" in box().on(TAUGHT).write_into(turns)[0].content
    assert box().on(untaught).write_into(turns) == turns
    assert box("none").on(TAUGHT).write_into(turns) == turns


def test_calls_and_their_answers_are_written_out() -> None:
    call = ToolCall("1", "weather", '{"city": "Paris"}')
    turns = [Message("assistant", "", (call, call)), Message("tool", "sun", (), "1")]
    written = Toolbox().write_into([*turns, Message("tool", "rain", (), "2")])

    assert [turn.role for turn in written] == ["assistant", "user"]
    assert written[0].content == f"{CALL}\n{CALL}"
    assert written[1].content.count("<tool_response>") == 2


@pytest.mark.parametrize(
    "choice", ["perhaps", {}, {"function": "a"}, {"type": "function", "function": {"name": "rm"}}]
)
def test_a_choice_that_is_none_is_named(parrot_api: Api, choice: Any) -> None:
    answer = parrot_api.post("chat/completions", ASK | {"tool_choice": choice})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "tool_choice")


@pytest.mark.parametrize("inner", ['{"items":', '{"properties":{"a":', "[", '{"enum":['])
@pytest.mark.parametrize("choice", ["auto", "required"])
def test_parameters_without_a_bottom_are_a_400(parrot_api: Api, inner: str, choice: str) -> None:
    ends = {"{": "}", "[": "]"}
    closed = "".join(ends[sign] for sign in reversed(inner) if sign in ends)
    schema = '{"items":' + inner * 300 + "1" + closed * 300 + "}"
    function = f'"name":"deep","parameters":{schema}'
    rest = f'"tool_choice":"{choice}"}}'
    chat = (
        f'{{"messages":[{{"role":"user","content":"a"}}],"tools":[{{"function":{{{function}}}}}],'
    )
    response = f'{{"input":"a","tools":[{{{function}}}],'
    for path, body in (("chat/completions", chat), ("responses", response)):
        answer = parrot_api.post(path, (body + rest).encode())
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "tools")


@pytest.mark.model
@pytest.mark.xdist_group("openai_api")
@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": WEATHER["function"]}]
)
def test_a_call_that_has_to_be_made_is_made_by_the_engine_that_can(api: Api, choice: Any) -> None:
    ask = ASK | {"tool_choice": choice}
    if api.engine.info().engine == "ctransformers":
        with pytest.raises(openai.BadRequestError, match="llamacpp") as raised:
            api.client().chat.completions.create(**ask)
        assert raised.value.param == "tool_choice"
        return
    whole = api.client().chat.completions.create(**ask)
    stream = list(api.client().chat.completions.create(**ask, stream=True))

    [call] = whole.choices[0].message.tool_calls
    assert call.function.name == "weather"
    assert isinstance(json.loads(call.function.arguments)["city"], str)
    assert whole.choices[0].finish_reason == "tool_calls"
    assert whole.choices[0].message.content is None
    [piece] = [c.choices[0].delta.tool_calls for c in stream if c.choices[0].delta.tool_calls]
    assert piece[0].function.name == "weather"
    assert stream[-1].choices[0].finish_reason == "tool_calls"


@pytest.mark.model
@pytest.mark.xdist_group("openai_api")
def test_tools_that_need_not_be_called_and_old_calls_are_answered_in_words(api: Api) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    history = [
        *ASK["messages"],
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "Sunny, 20 degrees."},
    ]
    for change in ({}, {"messages": history}):
        answer = api.client().chat.completions.create(**ASK | change)
        assert answer.choices[0].message.content


@pytest.fixture
def remote_api(tmp_path: Path) -> Iterator[RemoteApi]:
    """An API in front of a scripted server."""
    closing: list[Callable[[], object]] = []

    def make(script: Script) -> tuple[Api, ScriptedServer]:
        server = ScriptedServer(script)
        endpoint = EndpointSection.model_validate({"url": server.url})
        engine = OpenAIEngine(EngineSection(kind="openai", endpoints=(endpoint,)))
        running = serve(engine, tmp_path)
        api = next(running)
        closing.extend([lambda: next(running, None), engine.close, server.close])
        return api, server

    yield make
    for close in closing:
        close()


def test_a_remote_server_is_offered_the_tools_and_its_calls_come_through(
    remote_api: RemoteApi,
) -> None:
    def script(connection: Any, _request: bytes) -> None:
        first = {"index": 0, "id": "c1", "function": {"name": "weather", "arguments": ""}}
        later = {"index": 0, "function": {"arguments": '{"city": "Lyon"}'}}
        calls = [event(delta={"tool_calls": [one]}) for one in (first, later)]
        connection.sendall(head() + b"".join(calls) + event(finish_reason="tool_calls"))

    api, server = remote_api(script)
    history = [{"role": "tool", "tool_call_id": "c0", "content": "a<|im_end|>"}]
    ask = ASK | {"messages": ASK["messages"] + history, "parallel_tool_calls": False}
    whole = api.client().chat.completions.create(**ask)
    stream = [
        chunk.choices[0] for chunk in api.client().chat.completions.create(**ask, stream=True)
    ]

    [call] = whole.choices[0].message.tool_calls
    assert (call.id, call.function.arguments) == ("c1", '{"city": "Lyon"}')
    pieces = [one.delta.tool_calls[0] for one in stream if one.delta.tool_calls]
    assert "".join(one.function.arguments for one in pieces) == '{"city": "Lyon"}'
    assert stream[-1].finish_reason == "tool_calls"
    sent = server.bodies()[0]
    assert (sent["tools"][0]["function"]["name"], sent["tool_choice"]) == ("weather", "auto")
    assert sent["parallel_tool_calls"] is False
    assert sent["messages"][1] == {
        "role": "tool", "tool_call_id": "c0", "content": "a< |im_end|>",
    }  # fmt: skip


def test_a_remote_server_without_tools_answers_in_words(
    remote_api: RemoteApi,
) -> None:
    def script(connection: Any, request: bytes) -> None:
        if b'"tools"' in request:
            connection.sendall(response(b'{"error": "no tools"}', status="400 Bad"))
        else:
            connection.sendall(head() + event("Sunny.") + event(finish_reason="stop"))

    api, _ = remote_api(script)

    answer = api.client().chat.completions.create(**ASK)
    assert answer.choices[0].message.content == "Sunny."
    with pytest.raises(openai.BadRequestError, match="no tools"):
        api.client().chat.completions.create(**ASK | {"tool_choice": "required"})


def test_a_call_that_is_forced_is_held_to_what_a_grammar_can_keep() -> None:
    schema = json.loads(box("required").sampling(Sampling(), native=False).schema)
    arguments = schema["anyOf"][0]["properties"]["arguments"]

    assert arguments["properties"] == {
        "city": {"type": "string"},
        "days": {"type": "integer", "minimum": 1},
    }
    assert arguments["required"] == ["city"]


class Town(BaseModel):
    """A definition that parameters refer to."""

    name: Annotated[str, Field(max_length=9)]
    size: Annotated[int, Field(ge=1, le=3)]


class Journey(BaseModel):
    """What clients make parameters of that refer to their own definitions."""

    start: Town
    stops: Annotated[list[Town], Field(min_length=1, max_length=1)]


def travel(parameters: dict[str, Any]) -> dict[str, Any]:
    function = {"name": "travel", "parameters": parameters}
    return ASK | {"tools": [WEATHER, {"type": "function", "function": function}]}


@pytest.mark.model
@pytest.mark.xdist_group("openai_api")
def test_parameters_may_refer_to_their_own_definitions(api: Api) -> None:
    if api.engine.info().engine == "ctransformers":
        return
    ask = travel(Journey.model_json_schema()) | {"max_tokens": 150, "temperature": 1}
    forced = {"type": "function", "function": {"name": "travel"}}
    whole = [
        api.client()
        .chat.completions.create(**ask | {"tool_choice": forced, "seed": seed})
        .choices[0]
        for seed in range(3)
    ]
    calls = [choice.message.tool_calls[0] for choice in whole if choice.message.tool_calls]

    assert calls
    for call in calls:  # but for the length of a name, which the application checks
        journey = json.loads(call.function.arguments)
        assert all(1 <= town["size"] <= 3 for town in [journey["start"], *journey["stops"]])


@pytest.mark.model
@pytest.mark.xdist_group("openai_api")
@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"parameters": {}},
        {"parameters": {"type": "object", "properties": {}}},
        {"parameters": {"properties": {"city": {"type": "string"}}}},
    ],
)
def test_arguments_are_an_object_also_where_nothing_is_said_of_them(
    api: Api, spec: dict[str, Any]
) -> None:
    if api.engine.info().engine == "ctransformers":
        return
    ask = ASK | {"tools": [{"type": "function", "function": {"name": "travel"} | spec}]}
    for seed in range(4):
        answer = api.client().chat.completions.create(
            **ask | {"tool_choice": "required", "seed": seed, "max_tokens": 60, "temperature": 1}
        )
        choice = answer.choices[0]
        if choice.finish_reason != "tool_calls":  # a city's name has no limit
            continue
        [call] = choice.message.tool_calls or []
        assert isinstance(call, ChatCompletionMessageFunctionToolCall)
        arguments = json.loads(call.function.arguments)
        assert isinstance(arguments, dict)
        assert arguments.keys() <= spec.get("parameters", {}).get("properties", {}).keys()


@pytest.mark.model
@pytest.mark.xdist_group("openai_api")
@pytest.mark.parametrize("path", ["chat/completions", "responses"])
def test_a_schema_that_cannot_be_kept_is_named_by_where_it_stands(api: Api, path: str) -> None:
    if api.engine.info().engine == "ctransformers":
        return
    endless = {"properties": {"next": {"$ref": "#"}}}
    chat, form = travel(endless), {"name": "a", "schema": endless}
    if path == "responses":
        chat = {"input": "a", "tools": [{"type": "function"} | chat["tools"][1]["function"]]}
    tools = api.post(path, chat | {"tool_choice": "required"})
    shape = (
        {"input": "a", "text": {"format": {"type": "json_schema"} | form}}
        if path == "responses"
        else {**ASK, "tools": None, "response_format": {"type": "json_schema", "json_schema": form}}
    )
    answer = api.post(path, shape)

    assert (tools.status_code, tools.json()["error"]["param"]) == (400, "tools")
    place = "text.format" if path == "responses" else "response_format"
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, place)
    assert answer.json()["error"]["message"].startswith("The definition “#”")
