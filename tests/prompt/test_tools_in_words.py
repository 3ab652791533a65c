"""Calls of tools, written out for models that are given text."""

from __future__ import annotations

import json

import pytest

from chatbot_server.prompt.base import Message, ToolCall
from chatbot_server.prompt.tools import CLOSING, OPENING, write_out


def written_call(arguments: str) -> object:
    message = Message("assistant", "", calls=(ToolCall("1", "f", arguments),))
    [plain] = write_out([message])
    written = plain.content.removeprefix(OPENING).removesuffix(CLOSING)
    return json.loads(written)["arguments"]


def test_arguments_are_json_inside_the_call() -> None:
    assert written_call('{"city": "Hull"}') == {"city": "Hull"}


@pytest.mark.parametrize("arguments", ["{", "9" * 5000, "[" * 100_000])
def test_arguments_that_cannot_be_read_stay_a_text(arguments: str) -> None:
    assert written_call(arguments) == arguments


def test_arguments_as_deep_as_can_be_read_are_written_again_or_stay_a_text() -> None:
    """The call around them is one level more than was read."""
    for depth in range(900, 1000):
        message = Message("assistant", "", calls=(ToolCall("1", "f", depth * "[" + depth * "]"),))
        [plain] = write_out([message])
        assert depth * "[" in plain.content
