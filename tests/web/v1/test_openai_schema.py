"""``response_format`` with a JSON Schema, asked for as the official client does it."""

from __future__ import annotations

import json
from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel
from support.servers.openai_server import Api

pytestmark = [pytest.mark.model, pytest.mark.xdist_group("openai_api")]
ASK: dict[str, Any] = {
    "model": "default",
    "messages": [{"role": "user", "content": "Is Paris in France? Answer in JSON."}],
    "max_tokens": 100,
    "temperature": 1.2,
}


class Verdict(BaseModel):
    """What the client makes a strict schema of, and reads the answer with."""

    answer: Literal["yes", "no"]
    sure: bool
    year: int | None


def test_an_answer_has_the_shape_that_was_asked_for(api: Api) -> None:
    if api.engine.info().engine == "ctransformers":
        with pytest.raises(openai.BadRequestError, match="llamacpp") as raised:
            api.client().chat.completions.parse(**ASK, response_format=Verdict)
        assert raised.value.param == "response_format"
        return
    said = [
        api.client().chat.completions.parse(**ASK, seed=seed, response_format=Verdict)
        for seed in range(3)
    ]

    assert all(isinstance(one.choices[0].message.parsed, Verdict) for one in said)


def test_a_stream_has_it_too(api: Api) -> None:
    if api.engine.info().engine == "ctransformers":
        return
    schema = {"name": "verdict", "strict": True, "schema": Verdict.model_json_schema()}
    form: Any = {"type": "json_schema", "json_schema": schema}
    chunks = api.client().chat.completions.create(**ASK, stream=True, response_format=form)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)

    Verdict.model_validate_json(text)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^(((a{99}){99}){99})$"},
        {"$ref": "#"},
        {"enum": ["x" * 60_000]},
        "{}",
        None,
        [],
    ],
    ids=["pattern", "recursive", "long", "text", "none", "list"],
)
def test_a_schema_that_cannot_be_kept_is_a_400(api: Api, schema: Any) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    answer = api.post("chat/completions", ASK | {"response_format": form, "max_tokens": 1})

    assert answer.status_code == 400
    assert api.post("chat/completions", ASK | {"max_tokens": 1}).status_code == 200


@pytest.mark.parametrize("inner", [b'{"items":', b'{"a":{"const":[', b"["])
def test_a_schema_too_deep_for_anything_is_a_400(api: Api, inner: bytes) -> None:
    ends = {ord("{"): b"}", ord("["): b"]"}
    closed = b"".join(ends[sign] for sign in reversed(inner) if sign in ends)
    schema = b'{"items":' + inner * 900 + b"1" + closed * 900 + b"}"
    ask = json.dumps(ASK | {"response_format": {"type": "json_schema"}})
    body = ask.encode()[:-2] + b',"json_schema":{"name":"a","schema":' + schema + b"}}}"
    answer = api.post("chat/completions", body)

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
