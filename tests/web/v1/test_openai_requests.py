"""Keys, limits and wrong requests of ``/v1``: errors in OpenAI's shape, never a 500."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from pydantic import AnyHttpUrl
from support.patience import LONG
from support.servers.openai_server import PARROT, Api, serve

from chatbot_server.config.sections import EndpointSection, EngineSection, LimitsSection
from chatbot_server.engine.openai import OpenAIEngine
from chatbot_server.messages import LANGUAGES, say, with_command
from chatbot_server.storage.owners.api_keys import all_keys, create_key, find_key, revoke_key

pytestmark = pytest.mark.xdist_group("openai_requests")

ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "Hi"}]}
TOOL = {"type": "function", "function": {"name": "clock"}}


@pytest.fixture
def limited_api(tmp_path: Path) -> Iterator[Api]:
    """An API whose keys are good for three requests a minute, and whose engine is nowhere."""
    endpoint = EndpointSection(url=AnyHttpUrl("http://127.0.0.1:9/v1"))
    engine = OpenAIEngine(EngineSection(kind="openai", endpoints=(endpoint,)))
    yield from serve(engine, tmp_path, LimitsSection(api_key=("3 per minute",)))
    engine.close()


def test_the_answer_arrives_whole_with_accents_and_emoji(parrot_api: Api) -> None:
    answer = parrot_api.post("chat/completions", ASK).json()

    assert answer["choices"][0]["message"]["content"].strip() == PARROT


def test_a_stream_is_framed_as_clients_expect(parrot_api: Api) -> None:
    answer = parrot_api.post("chat/completions", ASK | {"stream": True})
    lines = [line for line in answer.text.split("\n\n") if line and not line.startswith(":")]

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert all(line.startswith("data: ") and "\n" not in line for line in lines)
    assert lines[-1] == "data: [DONE]"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "invalid_api_key"),
        ({"Authorization": "Bearer sk-wrong"}, "invalid_api_key"),
        ({"Authorization": "Basic c2std3Jvbmc="}, "invalid_api_key"),
        ({"Authorization": "Bearer"}, "invalid_api_key"),
    ],
)
@pytest.mark.parametrize("path", ["models", "chat/completions", "no/such/path"])
def test_without_a_key_nothing_is_had(
    parrot_api: Api, headers: dict[str, str], code: str, path: str
) -> None:
    answer = httpx.post(f"{parrot_api.url}/v1/{path}", headers=headers, json={}, timeout=LONG)

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["type"] == "authentication_error"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stranger_does_not_read_where_the_server_is_installed(language: str) -> None:
    told = with_command(say("api_missing_key", language), "/home/jane/bin/chatbot-server")
    assert "api-key create" in told
    assert "jane" not in told


@pytest.mark.parametrize(
    ("change", "param"),
    [
        pytest.param({"messages": []}, "messages", id="no messages"),
        pytest.param({"messages": None}, "messages", id="null"),
        pytest.param({"messages": "Hi"}, "messages", id="a text"),
        pytest.param({"messages": [3]}, "messages.0", id="no message"),
        pytest.param(
            {"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role", id="a robot"
        ),
        pytest.param(
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages.0.content",
            id="an image",
        ),
        pytest.param(
            {"messages": [{"role": "user", "content": "\ud800"}]},
            "messages.0.content",
            id="half a character",
        ),
        pytest.param({"messages": [{"role": "user", "content": " "}] * 501}, "messages", id="501"),
        pytest.param({"messages": [{"role": "user"}]}, "messages.0.content", id="no content"),
        pytest.param({"n": 17}, "n", id="too many answers"),
        pytest.param({"best_of": 2}, "best_of", id="the best of two"),
        pytest.param({"logprobs": True}, "logprobs", id="logprobs"),
        pytest.param(
            {"tools": [TOOL], "tool_choice": "required"}, "tool_choice", id="a forced call"
        ),
        pytest.param({"grammar": "root ::= a"}, "grammar", id="a grammar"),
        pytest.param({"guided_choice": ["a", "b"]}, "guided_choice", id="a choice"),
        pytest.param({"min_p": 0.1}, "min_p", id="min_p"),
        pytest.param({"logit_bias": {"5": 1}}, "logit_bias", id="logit_bias"),
        pytest.param({"frequency_penalty": 0.5}, "frequency_penalty", id="penalty"),
        pytest.param({"temperature": 3}, "temperature", id="too hot"),
        pytest.param({"temperature": "hot"}, "temperature", id="a text for a number"),
        pytest.param({"temperature": True}, "temperature", id="true for a number"),
        pytest.param({"max_tokens": 0}, "max_tokens", id="no tokens"),
        pytest.param({"max_tokens": 10**30}, "max_tokens", id="10^30 tokens"),
        pytest.param({"seed": 2**70}, "seed", id="a seed too large"),
        pytest.param({"stop": ["a"] * 5}, "stop", id="five stop strings"),
        pytest.param({"stop": ["a", ""]}, "stop", id="an empty stop string"),
        pytest.param(
            {"response_format": {"type": "json_schema"}}, "response_format", id="a schema"
        ),
    ],
)
def test_what_cannot_be_had_is_refused_by_name(
    parrot_api: Api, change: dict[str, Any], param: str
) -> None:
    answer = parrot_api.post("chat/completions", ASK | change)
    error = answer.json()["error"]

    assert answer.status_code == 400
    assert error["type"] == "invalid_request_error"
    assert str(error["param"]).startswith(param)
    assert param.split(".")[0] in error["message"]


@pytest.mark.parametrize(
    ("path", "body", "param", "told"),
    [
        ("chat/completions", {"stop": ["a"] * 5}, "stop", "au plus 4"),
        ("chat/completions", {"stop": 5}, "stop", "un texte"),
        ("chat/completions", {"temperature": "hot"}, "temperature", "un nombre"),
        ("chat/completions", {"temperature": 3}, "temperature", "2 ou moins"),
        ("chat/completions", {"messages": []}, "messages", "au moins 1"),
        ("chat/completions", {"messages": [3]}, "messages.0", "un objet"),
        (
            *("chat/completions", {"messages": [{"role": "user", "content": "\ud800"}]}),
            *("messages.0.content", "moitié d’un caractère"),
        ),
        ("completions", {"prompt": ["a"] * 129}, "prompt", "au plus 128"),
        ("completions", {"prompt": ["a", ""]}, "prompt.1", "vide"),
        ("completions", {"prompt": "a " * 2000}, "prompt", ""),
        ("embeddings", {"input": ["a"] * 2049}, "input", "au plus 2048"),
        ("embeddings", {"input": ""}, "input", "Envoyez du texte"),
        ("embeddings", {"input": []}, "input", "au moins 1"),
        (
            "embeddings",
            {"input": "a", "encoding_format": "hex"},
            "encoding_format",
            "float | base64",
        ),
        ("embeddings", b"[]", "body", "objet JSON"),
        ("embeddings", b" " * 17_000_000, "body", "octets"),
        ("embeddings", '{"input": "café"}'.encode("latin-1"), "body", "UTF-8"),
        ("embeddings", b"{'input': 'a'}", "body", "ligne 1, caractère 2"),
        ("embeddings", b'{"input":\n ["a",]}', "body", "ligne 2"),
        ("embeddings", b"", "body", "objet JSON"),
    ],
)
def test_a_wrong_field_is_explained_in_the_readers_language(
    parrot_api: Api, path: str, body: Any, param: str, told: str
) -> None:
    whole = ASK | body if path.startswith("chat") else body
    answer = httpx.post(
        f"{parrot_api.url}/v1/{path}",
        content=body if isinstance(body, bytes) else json.dumps(whole),
        headers={"Authorization": f"Bearer {parrot_api.key}", "Accept-Language": "fr"},
        timeout=LONG,
    )
    error = answer.json()["error"]
    assert (answer.status_code // 100, error["param"]) == (4, param)
    assert told in error["message"]


def test_a_route_asked_with_another_method_says_which(parrot_api: Api) -> None:
    headers = {"Authorization": f"Bearer {parrot_api.key}"}
    for method, path in (("GET", "chat/completions"), ("PUT", "models"), ("DELETE", "models/x")):
        where = f"{parrot_api.url}/v1/{path}"
        answer = httpx.request(method, where, headers=headers, timeout=LONG)
        assert answer.status_code == 405
        assert answer.headers["Allow"] in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "method"), [("chat/completions", "POST"), ("models", "GET"), ("models/x", "GET")]
)
def test_the_options_of_a_route_are_its_method(parrot_api: Api, path: str, method: str) -> None:
    answer = httpx.options(f"{parrot_api.url}/v1/{path}", headers={"Origin": "https://a.example"})
    assert (answer.status_code, answer.headers["Allow"]) == (204, f"{method}, OPTIONS")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_address_of_the_api_itself_names_its_routes(parrot_api: Api) -> None:
    headers = {"Authorization": f"Bearer {parrot_api.key}"}
    answer = httpx.get(f"{parrot_api.url}/v1", headers=headers)
    assert (answer.status_code, "/v1/chat/completions" in answer.text) == (404, True)


@pytest.mark.parametrize(
    "change",
    [
        {"n": 1, "logprobs": False, "tools": [], "frequency_penalty": 0.0, "user": "someone"},
        {"store": False, "metadata": {"a": "b"}, "parallel_tool_calls": True, "unknown": [1]},
        {"stop": None, "stream": None, "max_tokens": None, "temperature": None, "seed": None},
        {"temperature": 1, "top_p": 1, "response_format": {"type": "text"}},
        {"top_p": 0},
        {"max_tokens": -1},
        {"max_completion_tokens": -1},
    ],
)
def test_fields_that_change_nothing_may_stand(parrot_api: Api, change: dict[str, Any]) -> None:
    assert parrot_api.post("chat/completions", ASK | change).status_code == 200


@pytest.mark.parametrize("path", ["chat/completions", "completions", "embeddings"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"seed": ' + b"9" * 5000 + b"}",  # more digits than Python reads
    ],
)
def test_a_body_that_is_no_json_object_is_a_400(parrot_api: Api, path: str, body: bytes) -> None:
    answer = parrot_api.post(path, body)

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("completions", {"prompt": [1, 2, 10_000_000]}),
        ("completions", {"prompt": [-1]}),
        ("completions", {"prompt": [1, "a"]}),
        ("completions", {"prompt": [[1], "a"]}),
        ("completions", {"prompt": [[[1]]]}),
        ("completions", {"prompt": [True]}),
        ("completions", {"prompt": []}),
        ("completions", {"prompt": [[]]}),
        ("completions", {"prompt": ""}),
        ("completions", {"prompt": "a", "echo": True}),
        ("embeddings", {"input": [[1, 2]]}),
        ("embeddings", {"input": ["a", [1]]}),
    ],
)
def test_token_numbers_that_mean_nothing_are_refused(
    parrot_api: Api, path: str, body: object
) -> None:
    assert parrot_api.post(path, body).status_code == 400


def test_too_much_text_is_a_413(parrot_api: Api) -> None:
    twice = [{"role": "user", "content": "é" * 390_000}] * 2
    text = parrot_api.post("chat/completions", {"messages": twice})
    body = parrot_api.post("chat/completions", b" " * 3_000_000)

    assert text.status_code == body.status_code == 413


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_route_is_named(parrot_api: Api, method: str) -> None:
    headers = {"Authorization": f"Bearer {parrot_api.key}"}
    answer = httpx.request(
        method, f"{parrot_api.url}/v1/audio/speech", headers=headers, timeout=LONG
    )

    assert answer.status_code == 404
    assert "/v1/audio/speech" in answer.json()["error"]["message"]


def test_errors_are_told_in_the_readers_language(parrot_api: Api) -> None:
    headers = {"Accept-Language": "fr-FR", "Authorization": f"Bearer {parrot_api.key}"}
    where = f"{parrot_api.url}/v1/chat/completions"
    answer = httpx.post(where, headers=headers, content=b"[]", timeout=LONG)

    assert "n’est pas un objet JSON" in answer.json()["error"]["message"]


def test_a_key_used_too_often_has_to_wait(limited_api: Api) -> None:
    answers = [limited_api.post("nothing") for _ in range(4)]
    with limited_api.database.session() as session:
        _, other = create_key(session, "other")

    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
    assert answers[3].json()["error"]["type"] == "rate_limit_error"
    assert int(answers[3].headers["Retry-After"]) > 0
    with pytest.raises(openai.NotFoundError):
        limited_api.client(other).get("/nothing", cast_to=object)


def test_an_engine_that_is_away_is_a_503_in_words(limited_api: Api) -> None:
    with pytest.raises(openai.InternalServerError, match=r"127\.0\.0\.1:9") as raised:
        limited_api.client().chat.completions.create(model="default", messages=ASK["messages"])

    assert raised.value.status_code == 503


def test_only_the_digest_of_a_key_is_kept(limited_api: Api, tmp_path: Path) -> None:
    with limited_api.database.session() as session:
        key = find_key(session, limited_api.key)
        assert key is not None
        assert key.used is not None
        assert limited_api.key.startswith(key.prefix)
        assert key.digest == hashlib.sha256(limited_api.key.encode()).hexdigest()
        assert find_key(session, limited_api.key[:-1]) is None
        assert find_key(session, "\ud800") is None
    rows = sqlite3.connect(tmp_path / "chatbot.db")
    dump = "\n".join(rows.iterdump())
    rows.close()
    assert key.digest in dump
    assert limited_api.key not in dump


def test_a_revoked_key_is_refused_at_once(limited_api: Api) -> None:
    with limited_api.database.session() as session:
        revoke_key(session, all_keys(session)[0].id)

    assert limited_api.post("models").status_code == 401
