"""A JSON Schema on its way to another server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import AnyHttpUrl

from chatbot_server.config.sections import EndpointSection, EngineSection
from chatbot_server.engine.base import Sampling, Token
from chatbot_server.engine.openai import OpenAIEngine
from chatbot_server.prompt.base import Message, Prompt

pytestmark = [pytest.mark.model, pytest.mark.xdist_group("llama_server")]


def test_the_server_behind_is_held_to_the_schema(
    llama_server: tuple[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url, key = llama_server
    file = tmp_path / "key"
    file.write_text(key)
    endpoint = EndpointSection(url=AnyHttpUrl(url), api_key_file=file)
    engine = OpenAIEngine(EngineSection(kind="openai", answer_seconds=120, endpoints=(endpoint,)))
    request.addfinalizer(engine.close)
    schema = json.dumps({"type": "object", "properties": {"n": {"enum": [4, 5]}}, "required": ["n"],
                         "additionalProperties": False})  # fmt: skip
    events = engine.generate(
        Prompt(messages=(Message("user", "Hello"),)), Sampling(max_tokens=60, schema=schema)
    )

    text = "".join(event.text for event in events if isinstance(event, Token))
    assert json.loads(text)["n"] in (4, 5)
