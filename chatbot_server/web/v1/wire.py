"""OpenAI's wire format: answers, pieces of answers, and errors."""

from __future__ import annotations

import base64
import json
import re
import secrets
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from chatbot_server.engine.base import (
    EngineInfo,
    Event,
    Finished,
    FinishReason,
    Thought,
    Token,
    ToolCallPiece,
    Usage,
)
from chatbot_server.errors import BadRequest, ChatbotError, EngineError, Unavailable

DONE = "data: [DONE]\n\n"
# Line ends of Python's splitlines that are not escaped in JSON.
LINE_ENDS = re.compile("[\x85\u2028\u2029]")
KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
}
# Codes that client libraries look for.
CODES = {
    "api_missing_key": "invalid_api_key",
    "api_wrong_key": "invalid_api_key",
    "api_model_unknown": "model_not_found",
    "engine_prompt_too_long": "context_length_exceeded",
    "limit_api_key": "rate_limit_exceeded",  # pragma: allowlist secret
}


@dataclass(frozen=True)
class Reply:
    """The wire format of one answer.

    Attributes:
        chat: whether it is the message of a chat, not the text of a bare completion.
        count: the number of choices; their events come one after the other.
        each: how many of them answer the same prompt, whose tokens are counted once.
    """

    model: str
    chat: bool
    count: int = 1
    each: int = 1
    id: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, events: Iterable[Event]) -> dict[str, Any]:
        """The answer in one piece.

        Raises:
            ChatbotError: the engine failed.
        """
        choices: list[dict[str, Any]] = []
        calls: dict[int, ToolCallPiece] = {}
        text, thoughts, usage = "", "", Usage(0, 0)
        for event in events:
            if isinstance(event, Token):
                text += event.text
            elif isinstance(event, Thought):
                thoughts += event.text
            elif isinstance(event, ToolCallPiece):
                before = calls.get(event.index)
                calls[event.index] = before.joined(event) if before else event
            elif isinstance(event, Finished):
                content = self._content(text, thoughts, list(calls.values()))
                usage = self._sum(usage, event.usage, len(choices))
                choices.append(_choice(len(choices), content, event.reason))
                text, thoughts, calls = "", "", {}
        if len(choices) < self.count:
            raise EngineError("engine_no_answer", retry_after=5)
        kind = "chat.completion" if self.chat else "text_completion"
        return self._frame(kind, choices) | {"usage": _usage(usage)}

    def pieces(self, events: Iterable[Event | None], *, with_usage: bool) -> Iterator[str]:
        """The answer as server-sent events; an empty piece means that nothing has come yet."""
        blank: dict[str, Any] = {"usage": None} if with_usage else {}
        kind = "chat.completion.chunk" if self.chat else "text_completion"
        index, usage = 0, Usage(0, 0)

        def piece(content: dict[str, Any], reason: FinishReason | None = None) -> str:
            return data_line(self._frame(kind, [_choice(index, content, reason)]) | blank)

        opening = {"delta": {"role": "assistant", "content": ""}}
        if self.chat:
            yield piece(opening)
        for event in events:
            if event is None:
                yield ""
            elif isinstance(event, Token | Thought | ToolCallPiece):
                yield piece(self._delta(event))
            elif isinstance(event, Finished):
                yield piece({"delta": {}} if self.chat else {"text": ""}, event.reason)
                index, usage = index + 1, self._sum(usage, event.usage, index)
                if self.chat and index < self.count:
                    yield piece(opening)
        if index == self.count:
            if with_usage:
                yield data_line(self._frame(kind, []) | {"usage": _usage(usage)})
            yield DONE

    def broken_off(self, error: ChatbotError, language: str) -> str:
        """An error in the middle of a stream; no ``[DONE]`` comes after it."""
        return data_line(problem(error, language))

    def _sum(self, one: Usage, other: Usage, index: int) -> Usage:
        """*one* with *other* of choice *index*; a prompt counts with the first of its answers."""
        is_first = index % self.each == 0
        return Usage(
            one.prompt_tokens + is_first * other.prompt_tokens,
            one.completion_tokens + other.completion_tokens,
            one.cached_tokens + is_first * other.cached_tokens,
        )

    def _delta(self, event: Token | Thought | ToolCallPiece) -> dict[str, Any]:
        """The ``delta`` of a piece of a choice."""
        if isinstance(event, ToolCallPiece):
            call = _call(event, is_first=bool(event.id)) | {"index": event.index}
            return {"delta": {"tool_calls": [call]}}
        if not self.chat:
            return {"text": event.text}
        name = "reasoning_content" if isinstance(event, Thought) else "content"
        return {"delta": {name: event.text}}

    def _content(self, text: str, thoughts: str, calls: list[ToolCallPiece]) -> dict[str, Any]:
        """The content of a choice; reasoning has the field of DeepSeek, vLLM and llama.cpp."""
        if not self.chat:
            return {"text": text}
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        if thoughts:
            message["reasoning_content"] = thoughts
        if calls:
            message["content"] = text or None
            message["tool_calls"] = [_call(call) for call in calls]
        return {"message": message}

    def _frame(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": f"{'chatcmpl' if self.chat else 'cmpl'}-{self.id}",
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }


def model_id(name: str) -> str:
    """The name of a model as applications write it: without spaces."""
    return re.sub(r"[^\w.:/@+-]+", "-", name).strip("-") or "model"


def models(info: EngineInfo, created: int) -> list[dict[str, Any]]:
    """The entry of a model in ``/v1/models``, with the context length as in vLLM."""
    return [
        {
            "id": model_id(info.model),
            "object": "model",
            "created": created,
            "owned_by": "chatbot-server",
            "max_model_len": info.context_length,
        }
    ]


def embeddings(
    vectors: Sequence[Sequence[float]], model: str, tokens: int, encoding: str
) -> dict[str, Any]:
    """The answer of ``/v1/embeddings``."""
    rows: list[dict[str, object]] = []
    for number, vector in enumerate(vectors):
        embedding: list[float] | str = list(vector)
        if encoding != "float":
            embedding = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        rows.append({"object": "embedding", "index": number, "embedding": embedding})
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": rows, "model": model, "usage": usage}


def problem(error: ChatbotError, language: str) -> dict[str, Any]:
    """An error in OpenAI's shape, with all details for an application that has a key.

    Errors of the database have none: they may come before the key was checked.
    """
    is_before_key = isinstance(error, Unavailable) and not isinstance(error, EngineError)
    words = error.public_sentence(language) if is_before_key else error.sentence(language)
    message = {
        "message": words,
        "type": KINDS.get(error.status, "server_error"),
        "param": error.field if isinstance(error, BadRequest) else None,
        "code": CODES.get(error.code, error.code),
    }
    return {"error": message}


def data_line(raw: dict[str, Any]) -> str:
    """A server-sent event of one line, also for clients that split at Unicode's line ends."""
    text = json.dumps(raw, ensure_ascii=False, separators=(",", ":"))
    one_line = LINE_ENDS.sub(lambda end: f"\\u{ord(end.group()):04x}", text)
    return f"data: {one_line}\n\n"


def _choice(index: int, content: dict[str, Any], reason: FinishReason | None) -> dict[str, Any]:
    # OpenAI has no reason for a time limit; “length” says that the answer is incomplete.
    why = "length" if reason == "time" else reason
    return {"index": index, **content, "logprobs": None, "finish_reason": why}


def _call(call: ToolCallPiece, *, is_first: bool = True) -> dict[str, Any]:
    """A call; a piece that is not the first has arguments alone."""
    if not is_first:
        return {"function": {"arguments": call.arguments}}
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }
