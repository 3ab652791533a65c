"""The description of the public routes for programs says what the routes are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from support.browser import Browser

from chatbot_server.web.v1.bodies import ChatCompletionBody, CompletionBody, EmbeddingBody
from chatbot_server.web.v1.responses.body import ResponseBody
from chatbot_server.web.visitor.chat import ChatBody
from chatbot_server.web.visitor.contact import ContactBody
from chatbot_server.web.visitor.feedback import FeedbackBody

DESCRIPTION = yaml.safe_load((Path(__file__).parents[2] / "docs" / "openapi.yaml").read_text())
SCHEMAS = DESCRIPTION["components"]["schemas"]
# The owner's pages, files and signs that show a wrong address the right one.
NOT_DESCRIBED = re.compile(
    r"/(?:admin(?:/.*)?|setup(?:/.*)?|<path:filename>|v1/(?:v1/.*|<path:path>)?"
    r"|chat/completions|completions|embeddings|models|responses)?"
)
BODIES: dict[str, type[BaseModel]] = {
    "Chat": ChatBody,
    "Feedback": FeedbackBody,
    "Contact": ContactBody,
    "ChatCompletion": ChatCompletionBody,
    "Completion": CompletionBody,
    "Response": ResponseBody,
    "Embedding": EmbeddingBody,
}


def test_every_public_route_is_described_and_no_other(tmp_path: Path) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in Browser(tmp_path).client.application.url_map.iter_rules()
        if not NOT_DESCRIBED.fullmatch(rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {
        (path, method)
        for path, operations in DESCRIPTION["paths"].items()
        for method in operations.keys() - {"parameters"}
    }
    assert described == routes


def test_what_is_not_there_is_answered_as_described(tmp_path: Path) -> None:
    client, parts = Browser(tmp_path).client, DESCRIPTION["components"]["responses"]
    wrong = {}
    for path, operations in DESCRIPTION["paths"].items():
        if "{" not in path or "get" not in operations:
            continue
        answer = client.get(re.sub(r"{\w+}", "nothing", path))
        responses = operations["get"]["responses"]
        described = responses.get(str(answer.status_code), responses["default"])
        name = described.get("$ref", "").rpartition("/")[2]
        types = (parts[name] if name else described)["content"]
        if answer.status_code < 400 or answer.mimetype not in types:
            wrong[path] = answer.status_code, answer.mimetype, types
    assert not wrong


@pytest.mark.parametrize("name", BODIES)
def test_bodies_have_the_fields_that_are_described(name: str) -> None:
    real, described = BODIES[name].model_json_schema(), SCHEMAS[name]
    assert properties(described).keys() == real["properties"].keys()
    assert set(described["required"]) == set(real["required"])


def properties(schema: dict[str, Any]) -> dict[str, Any]:
    """Those of its own, and of what it takes in."""
    parts = [SCHEMAS[part["$ref"].rpartition("/")[2]] for part in schema.get("allOf", ())]
    merged: dict[str, Any] = {}
    for part in [*parts, schema]:
        merged |= part["properties"]
    return merged
