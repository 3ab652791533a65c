"""``/v1`` of a whole running server, with a key made on its command line."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from support.servers.live_server import LiveServer

pytestmark = [pytest.mark.model, pytest.mark.xdist_group("live")]


def test_an_application_asks_a_running_server(live_server: LiveServer) -> None:
    made = json.loads(live_server.cli("api-key", "create", "--name", "live", "--json"))
    client = openai.OpenAI(base_url=f"{live_server.url}/v1", api_key=made["key"], max_retries=0)
    messages: list[Any] = [{"role": "user", "content": "What is the capital of France?"}]
    ask: dict[str, Any] = {
        "model": "default",
        "messages": messages,
        "max_tokens": 8,
        "temperature": 0,
    }
    whole = client.chat.completions.create(**ask)
    chunks = list(client.chat.completions.create(**ask, stream=True))
    live_server.cli("api-key", "revoke", str(made["id"]))

    assert whole.choices[0].message.content
    assert "".join(c.choices[0].delta.content or "" for c in chunks)
    with pytest.raises(openai.AuthenticationError):
        client.models.list()
