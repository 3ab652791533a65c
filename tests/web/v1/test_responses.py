"""``/v1/responses``, as the official client asks for it."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from openai.types.responses import ResponseErrorEvent
from support.servers.openai_server import PARROT, Api

from chatbot_server.engine.base import Event, Finished, Timings, Token, ToolCallPiece, Usage
from chatbot_server.errors import EngineCrashed
from chatbot_server.web.v1.responses.wire import ResponseReply

pytestmark = pytest.mark.xdist_group("openai_requests")
END = Finished("tool_calls", Usage(3, 4), Timings(0, 0, 0))


def test_a_text_is_answered_with_its_usage(parrot_api: Api) -> None:
    answer = parrot_api.client().responses.create(model="default", input="Hi", store=True)

    assert answer.output_text.strip() == PARROT
    assert (answer.status, answer.object) == ("completed", "response")
    assert answer.to_dict()["store"] is False
    assert answer.output[0].type == "message"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


def test_a_stream_builds_the_same_response(parrot_api: Api) -> None:
    with parrot_api.client().responses.stream(model="default", input="Hi") as stream:
        events = list(stream)
        final = stream.get_final_response()

    assert final.output_text.strip() == PARROT
    assert [event.type for event in events[:4]] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert events[-1].type == "response.completed"
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == final.output_text
    assert [event.sequence_number for event in events] == sorted(
        {event.sequence_number for event in events}
    )


def test_instructions_and_a_conversation_are_read(parrot_api: Api) -> None:
    def tokens(**asked: Any) -> int:
        answer = parrot_api.client().responses.create(model="default", **asked)
        return int(answer.usage.input_tokens)

    conversation: Any = [
        {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "function_call", "call_id": "c", "name": "clock", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "noon"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "It is noon."}]},
        {"type": "message", "role": "user", "content": "And now?"},
    ]

    assert tokens(input=conversation) > tokens(input="Hi") + 20
    assert tokens(input="Hi", instructions="Be short.") > tokens(input="Hi")


def test_a_short_length_is_told_as_incomplete(parrot_api: Api) -> None:
    asked: Any = {"model": "default", "input": "Hi", "max_output_tokens": 2}
    answer = parrot_api.client().responses.create(**asked)
    *_, last = parrot_api.client().responses.create(**asked, stream=True)

    assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert answer.max_output_tokens == 2
    assert last.type == "response.incomplete"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"background": True}, "background"),
        ({"n": 2}, "n"),
        ({"input": []}, "input"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input.0"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input.0.content.0"),
        ({"text": {"format": {"type": "json_object"}}}, "text.format"),
        ({"tools": [{"type": "web_search"}], "tool_choice": "required"}, "tools"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
    ],
)
def test_what_cannot_be_had_is_refused_by_name(
    parrot_api: Api, change: dict[str, Any], param: str
) -> None:
    answer = parrot_api.post("responses", {"input": "Hi"} | change)

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize(
    "form", [{"type": "xml"}, {"type": "json_schema"}, {"type": "json_object"}]
)
def test_a_format_is_named_as_the_request_has_it(parrot_api: Api, form: dict[str, str]) -> None:
    asked = {"messages": [{"role": "user", "content": "Hi"}], "response_format": form}
    chat = parrot_api.post("chat/completions", asked).json()["error"]
    response = parrot_api.post("responses", {"input": "Hi", "text": {"format": form}})

    assert (chat["param"], "text.format" in chat["message"]) == ("response_format", False)
    error = response.json()["error"]
    assert (error["param"], "response_format" in error["message"]) == ("text.format", False)


def test_tools_that_need_not_be_called_may_stand(parrot_api: Api) -> None:
    tools: Any = [{"type": "web_search"}, {"type": "function", "name": "a", "parameters": {}}]
    answer = parrot_api.client().responses.create(model="default", input="Hi", tools=tools)

    assert answer.output_text


def test_what_is_repeated_of_a_request_is_only_words(parrot_api: Api) -> None:
    deep = json.loads('{"a":' * 900 + "1" + "}" * 900)
    asked = {"input": "Hi", "metadata": {"app": "x", "deep": deep}}
    answer = parrot_api.post("responses", asked)

    assert answer.status_code == 200
    assert answer.json()["metadata"] == {"app": "x"}


def test_calls_come_after_the_text(parrot_api: Api) -> None:
    pieces: list[Event] = [
        Token("Let me look."),
        ToolCallPiece(0, "c1", "clock", '{"a":'),
        ToolCallPiece(0, "", "", "1}"),
        END,
    ]
    streamed = "".join(ResponseReply("m", {}).pieces(pieces, with_usage=False))
    events = [json.loads(line[6:]) for line in streamed.splitlines() if line.startswith("data:")]
    message, call = events[-1]["response"]["output"]

    assert message["content"][0]["text"] == "Let me look."
    assert (call["call_id"], call["arguments"]) == ("c1", '{"a":1}')
    deltas = [one for one in events if one["type"] == "response.function_call_arguments.delta"]
    assert [one["output_index"] for one in deltas] == [1, 1]
    assert events[-1]["type"] == "response.completed"


def test_an_error_in_a_stream_is_an_event_of_its_own() -> None:
    reply = ResponseReply("m", {})
    *_, last = reply.pieces(iter([Token("Half an")]), with_usage=True)
    event, data = reply.broken_off(EngineCrashed("engine_crashed"), "en").splitlines()[:2]
    said = json.loads(data.removeprefix("data: "))
    before = json.loads(last.splitlines()[1].removeprefix("data: "))["sequence_number"]
    assert (event, said["type"], said["sequence_number"]) == ("event: error", "error", before + 1)
    assert said["message"] == said["error"]["message"]
    assert ResponseErrorEvent.model_validate(said).code == "engine_crashed"


def test_an_error_says_what_it_is_to_the_client(parrot_api: Api) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        parrot_api.client().responses.create(model="default", input="bird " * 5000)

    assert raised.value.code == "context_length_exceeded"
