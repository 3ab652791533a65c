"""What ordinary clients send without being told to: each is answered, or refused in words."""

from __future__ import annotations

import gzip
import json
import logging
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from support.browser import Browser
from support.patience import LONG
from support.servers.openai_server import PUBLIC_URL, Api

from chatbot_server.config.sections import LimitsSection
from chatbot_server.engine.base import Sampling
from chatbot_server.storage.owners.api_keys import create_key
from chatbot_server.web.middleware.limits.rate_limits import RateLimits
from chatbot_server.web.v1.routes import openai_blueprint
from chatbot_server.web.v1.wire import data_line

pytestmark = pytest.mark.xdist_group("openai_requests")
ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "Hi"}]}
TOOL = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object"}}}
CONTEXT = 2048


def test_several_prompts_are_answered_each_in_its_place(parrot_api: Api) -> None:
    answer = parrot_api.post("completions", {"prompt": ["a", "b b b"], "max_tokens": 3}).json()
    alone = [
        parrot_api.post("completions", {"prompt": prompt, "max_tokens": 3}).json()
        for prompt in ("a", ["b b b"])
    ]

    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    assert [choice["finish_reason"] for choice in answer["choices"]] == ["length", "length"]
    counts = [one["usage"]["prompt_tokens"] for one in alone]
    assert answer["usage"]["prompt_tokens"] == sum(counts)
    assert answer["usage"]["completion_tokens"] == 6


def test_several_prompts_are_streamed_one_after_the_other(parrot_api: Api) -> None:
    ask = {"prompt": ["a", "b"], "max_tokens": 3, "stream": True}
    usage = {"stream_options": {"include_usage": True}}
    stream = parrot_api.post("completions", ask | usage).text
    lines = [line.removeprefix("data: ") for line in stream.splitlines() if line]
    chunks = [json.loads(line) for line in lines[:-1]]
    indices = [chunk["choices"][0]["index"] for chunk in chunks if chunk["choices"]]
    ends = [
        chunk["choices"][0]["index"]
        for chunk in chunks
        if chunk["choices"] and chunk["choices"][0]["finish_reason"]
    ]

    assert lines[-1] == "[DONE]"
    assert (indices, ends) == (sorted(indices), [0, 1])
    assert chunks[-1]["usage"]["completion_tokens"] == 6


@pytest.mark.parametrize("prompt", [[5, 6, 7], [[5, 6, 7]], [[5, 6], [7]]])
def test_prompts_may_be_the_models_own_token_numbers(parrot_api: Api, prompt: Any) -> None:
    answer = parrot_api.post("completions", {"prompt": prompt, "max_tokens": 2}).json()

    assert answer["usage"]["prompt_tokens"] == 3


def test_an_answer_without_a_length_is_as_long_as_the_context_leaves(parrot_api: Api) -> None:
    ask = ASK | {"ignored": 1, "stop": None}
    ended = parrot_api.post("chat/completions", ask).json()
    endless = {"prompt": "a", "temperature": 2, "top_k": 0, "top_p": 1, "seed": 1}
    usage = parrot_api.post("completions", endless).json()["usage"]

    assert ended["choices"][0]["finish_reason"] == "stop"
    assert usage["total_tokens"] <= CONTEXT


@pytest.mark.parametrize(
    ("turns", "param"),
    [
        ([{"role": "user", "content": [{"type": "text", "content": "hi"}]}], "0.content.0.text"),
        ([{"role": "user", "content": []}], "0.content"),
        (
            [{"role": "user", "content": ["a", {"type": "file", "file": {}}]}],
            "0.content.1",
        ),
        (
            [{"role": "user", "content": "a"}, {"role": "assistant", "audio": {"id": "a"}}],
            "1.audio",
        ),
    ],
)
def test_what_would_be_lost_in_a_message_is_named(
    parrot_api: Api, turns: list[Any], param: str
) -> None:
    answer = parrot_api.post("chat/completions", {"messages": turns})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, f"messages.{param}")


@pytest.mark.parametrize(
    ("turns", "same"),
    [
        ([{"role": "user", "content": ["a", "b"]}], "a\nb"),
        ([{"role": "user", "content": ["a", {"type": "text", "text": "b"}]}], "a\nb"),
        ([{"role": "user", "content": [{"type": "text", "text": ""}, "a"]}], "\na"),
        ([{"role": "user", "content": "a", "name": "Anna"}], "Anna: a"),
        ([{"role": "user", "content": "a", "name": None, "tool_calls": None}], "a"),
    ],
)
def test_what_stands_in_a_message_is_read(parrot_api: Api, turns: list[Any], same: str) -> None:
    counts = [
        parrot_api.post("chat/completions", {"messages": messages}).json()["usage"]["prompt_tokens"]
        for messages in (turns, [{"role": "user", "content": same}])
    ]

    assert counts[0] == counts[1]


def test_a_refusal_of_before_is_part_of_the_conversation(parrot_api: Api) -> None:
    def tokens(answer: dict[str, Any]) -> int:
        turns = [*ASK["messages"], {"role": "assistant", **answer}, *ASK["messages"]]
        body = parrot_api.post("chat/completions", {"messages": turns}).json()
        return int(body["usage"]["prompt_tokens"])

    assert tokens({"content": None, "refusal": "no no no"}) == tokens({"content": "no no no"})


@pytest.mark.parametrize(
    "change",
    [
        {"tools": [TOOL]},
        {"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": True},
        {"tools": [TOOL], "tool_choice": "none"},
        {"functions": [TOOL["function"]], "function_call": "auto"},
        {"model": None, "stream_options": None, "response_format": None, "logit_bias": None},
        {"stop": "", "repeat_penalty": 1.2, "chat_template_kwargs": {"enable_thinking": False}},
    ],
)
def test_what_need_not_be_had_is_answered_without_it(
    parrot_api: Api, change: dict[str, Any]
) -> None:
    assert parrot_api.post("chat/completions", ASK | change).status_code == 200


def test_only_the_penalty_that_is_there_changes_the_answer(parrot_api: Api) -> None:
    refused = parrot_api.post("chat/completions", ASK | {"presence_penalty": 1})

    assert refused.json()["error"]["param"] == "presence_penalty"
    assert "repetition_penalty" in refused.json()["error"]["message"]


@pytest.mark.parametrize("path", ["chat/completions", "models", "v1/v1/chat/completions"])
def test_an_address_without_v1_is_corrected(parrot_api: Api, path: str) -> None:
    answer = httpx.post(f"{parrot_api.url}/{path}", json=ASK, timeout=LONG)

    assert answer.status_code == 404
    assert f"{PUBLIC_URL}/v1:" in answer.json()["error"]["message"]


def test_a_base_url_that_ends_with_a_slash_works(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    with browser.database.session() as session:
        _, key = create_key(session, "tests")
    headers = {"Authorization": f"Bearer {key}"}

    def status(method: str, path: str) -> int:
        arrived = {"PATH_INFO": path}  # a whole address would begin with two slashes, too
        return browser.client.open(
            method=method, headers=headers, json=ASK, environ_overrides=arrived
        ).status_code

    for path in ("/v1//models", "//v1/models", "/v1//chat///completions"):
        method = "POST" if "chat" in path else "GET"
        assert status(method, path) == 200
    refused = browser.client.get("/v1//models")
    assert refused.get_json()["error"]["code"] == "invalid_api_key"  # an error of this API


@pytest.mark.parametrize(
    "phrase",
    [
        "prompt is too long",  # langchain-openai 1.7
        "this model's maximum context length is",  # as OpenAI said it for years
        "maximum context length is 512 tokens",  # agents that shorten what they sent
    ],
)
def test_clients_that_read_the_sentence_know_that_the_prompt_is_too_long(
    parrot_api: Api, phrase: str
) -> None:
    ask = {"messages": [{"role": "user", "content": "bird " * 5000}]}
    error = parrot_api.post("chat/completions", ask).json()["error"]

    assert error["code"] == "context_length_exceeded"
    assert phrase in error["message"]


def test_no_proxy_may_hold_a_stream_back_to_compress_it(parrot_api: Api) -> None:
    stream = parrot_api.post("chat/completions", ASK | {"stream": True})

    assert "no-transform" in stream.headers["cache-control"]


def test_a_body_that_is_not_plain_json_says_why(parrot_api: Api) -> None:
    headers = {"Authorization": f"Bearer {parrot_api.key}", "Content-Encoding": "gzip"}
    where = f"{parrot_api.url}/v1/chat/completions"
    body = gzip.compress(json.dumps(ASK).encode())
    answer = httpx.post(where, content=body, headers=headers, timeout=LONG)
    utf16 = parrot_api.post("chat/completions", json.dumps(ASK).encode("utf-16"))

    assert "gzip" in answer.json()["error"]["message"]
    assert utf16.status_code == 200


def test_no_line_end_of_unicode_cuts_a_line_of_a_stream() -> None:
    text = "a\x85b\u2028c\u2029d\n\x0b\x0c\x1c\x1d\x1e"
    line = data_line({"text": text})

    assert len(line.splitlines()) == 2
    assert json.loads(line.removeprefix("data: ")) == {"text": text}


def test_an_application_that_left_is_no_fault_of_the_engine(
    parrot_api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    app, limits = Flask(__name__), LimitsSection(api_key=("100000 per minute",))
    engine, database = parrot_api.engine, parrot_api.database
    app.register_blueprint(openai_blueprint(engine, database, RateLimits(limits), Sampling()))
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        answer = app.test_client().post(
            "/v1/completions",
            json={"prompt": "Hi"},
            headers={"Authorization": f"Bearer {parrot_api.key}"},
            environ_overrides={"gunicorn.socket": ours},
        )
    assert answer.status_code == 499
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
