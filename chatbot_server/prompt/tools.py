"""Tools in words, for models that are given text: what they are, who called them, what they said.

The wording is Hermes's, which Qwen and SmolLM were trained on, too; others follow it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from chatbot_server.prompt.base import Message, ToolCall

OPENING, CLOSING = "<tool_call>", "</tool_call>"
INSTRUCTIONS = """\
You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""


def write_out(messages: Sequence[Message], tools: Sequence[str] = ()) -> list[Message]:
    """*messages* without calls and roles that chat formats do not know.

    Args:
        tools: each as JSON, to be told of in the instructions.
    """
    plain: list[Message] = []
    follows_answer = False
    for message in messages:
        if message.role == "tool":
            text = f"<tool_response>\n{message.content}\n</tool_response>"
            if follows_answer:  # of several calls, in one turn
                text = f"{plain.pop().content}\n{text}"
            plain.append(Message("user", text))
        else:
            calls = [f"{OPENING}\n{_call_json(call)}\n{CLOSING}" for call in message.calls]
            text = "\n".join(part for part in (message.content, *calls) if part)
            plain.append(replace(message, content=text, calls=()))
        follows_answer = message.role == "tool"
    if not tools:
        return plain
    # All instructions of a conversation are joined by whoever writes it in its format.
    return [Message("system", INSTRUCTIONS.format(tools="\n".join(tools))), *plain]


def read_call(text: str) -> tuple[str, str] | None:
    """Name and arguments (as JSON) of the call that *text* makes; None: it makes none."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
        return None
    arguments = raw.get("arguments", raw.get("parameters", {}))
    if isinstance(arguments, str):  # already written out
        return raw["name"], arguments
    return raw["name"], json.dumps(arguments, ensure_ascii=False)


def _call_json(call: ToolCall) -> str:
    """The call as JSON; arguments that cannot be read, or not be written again, stay a text."""
    with suppress(ValueError, RecursionError):
        call_object = {"name": call.name, "arguments": json.loads(call.arguments or "{}")}
        return json.dumps(call_object, ensure_ascii=False)
    return json.dumps({"name": call.name, "arguments": call.arguments}, ensure_ascii=False)
