"""The request to an endpoint, with control strings in people's texts made harmless.

A remote server applies the chat format itself and reads the whole as one text, so
``<|im_start|>`` typed by a visitor would become a control token there. Here a space is put
after its first character: ``< |im_start|>``. People still see what was typed, no tokenizer
takes it for its own. Ordinary text, HTML included, is left as it is.
"""

from __future__ import annotations

import json
import re
from typing import Any

from chatbot_server.engine.base import Sampling
from chatbot_server.errors import BadRequest
from chatbot_server.prompt.base import Message, Prompt

# Control strings of the common families: Llama 2 and 3, Mistral, ChatML, Zephyr, Phi, Gemma,
# DeepSeek, GLM, StableLM, OpenAssistant, Falcon, Granite, Command R; and the marks that several
# share: BOS, EOS, thinking, tools.
_NAMES = (
    "s|bos|eos|pad|unk|mask|cls|sep|sop|eop|start_of_turn|end_of_turn|start_of_image|"
    "end_of_image|start_of_role|end_of_role|end_of_text|end_of_utterance|think|thinking|"
    "tool_call|tool_calls|tool_response|tools|image|audio|video|seed:bos|seed:eos"
)
CONTROL = re.compile(
    r"<[|｜][^\s<>]{1,60}>"  # <|im_start|>, <｜User｜>, <|turn>
    r"|<[^\s<>]{1,60}[|｜]>"  # <turn|>
    rf"|</?(?:{_NAMES})>"
    r"|<</?SYS>>"
    r"|<(?:unused|extra_id_|reserved_)\w{1,20}>"
    r"|<(?:fim|issue|jupyter|commit)[_-][a-z]{1,20}>"  # StarCoder's
    r"|<(?:filename|gh_stars|reponame|empty_output)>"
    r"|>>[A-Z]{4,20}<<"  # Falcon's
    r"|(?-i:\[/?[A-Z][A-Z_]{1,40}\])"  # [INST], [/INST], [SYSTEM_PROMPT], [TOOL_CALLS]
    r"|\[gMASK\]",
    re.IGNORECASE,
)


def chat_request(prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
    """The request as OpenAI, llama-server and vLLM understand it.

    Raises:
        BadRequest: *prompt* has no messages.
    """
    stop = tuple(dict.fromkeys(text for text in (*sampling.stop, *prompt.stop) if text))
    messages = [_message(turn) for turn in prompt.messages]
    if not messages or prompt.tokens:
        raise BadRequest("openai_only_chat")
    body: dict[str, Any] = {
        "messages": messages,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k or -1,
        "repeat_penalty": sampling.repetition_penalty,  # llama-server's word
        "repetition_penalty": sampling.repetition_penalty,  # vLLM's
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    optional: dict[str, Any] = {
        "max_tokens": sampling.max_tokens or None,  # else what the context leaves there
        "frequency_penalty": sampling.frequency_penalty or None,
        "presence_penalty": sampling.presence_penalty or None,
        "seed": sampling.seed,
        "stop": list(stop[:4]) or None,  # OpenAI takes no more
        "response_format": {"type": "json_object"} if sampling.json else None,
    }
    if sampling.schema:
        schema = {"name": "answer", "strict": True, "schema": json.loads(sampling.schema)}
        optional["response_format"] = {"type": "json_schema", "json_schema": schema}
    tools = json.loads(escape_control(sampling.tools)) if sampling.tools else {}
    return body | {key: value for key, value in optional.items() if value is not None} | tools


def _message(turn: Message) -> dict[str, Any]:
    message: dict[str, Any] = {"role": turn.role, "content": escape_control(turn.content)}
    if turn.answers:
        message["tool_call_id"] = turn.answers
    if turn.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": escape_control(call.arguments)},
            }
            for call in turn.calls
        ]
    return message


def escape_control(text: str) -> str:
    """*text* with a space in every control string; other text is returned unchanged.

    One pass is not enough: within what was a control string, there may be another one.
    """
    while CONTROL.search(text):
        text = CONTROL.sub(lambda match: f"{match.group()[0]} {match.group()[1:]}", text)
    return text
