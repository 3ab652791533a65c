"""The wire format of ``/v1/responses``: answers, and the events of a stream."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from chatbot_server.engine.base import Event, Finished, Token, ToolCallPiece, Usage
from chatbot_server.errors import ChatbotError, EngineError
from chatbot_server.web.v1.wire import data_line, problem

# Why an answer is not whole, in OpenAI's words.
INCOMPLETE = {
    "length": "max_output_tokens",
    "time": "max_output_tokens",
    "content_filter": "content_filter",
}


@dataclass
class ResponseReply:
    """One response in the making: a message, and the calls that come with it.

    Attributes:
        request_fields: those that the response repeats.
    """

    model: str
    request_fields: dict[str, Any]
    id: str = field(default_factory=lambda: secrets.token_hex(24))
    created: int = field(default_factory=lambda: int(time.time()))
    _text: str | None = None
    _calls: dict[int, ToolCallPiece] = field(default_factory=dict)
    _end: Finished | None = None
    _number: int = 0

    def whole(self, events: Iterable[Event]) -> dict[str, Any]:
        """The response in one piece.

        Raises:
            ChatbotError: what the engine raised.
        """
        for _ in self.pieces(events, with_usage=True):
            pass
        if self._end is None:
            raise EngineError("engine_no_answer", retry_after=5)
        return self._response()

    def pieces(self, events: Iterable[Event | None], *, with_usage: bool) -> Iterator[str]:
        """The response as server-sent events; an empty piece where nothing has come yet."""
        for name in ("created", "in_progress"):
            yield self._event(f"response.{name}", response=self._response())
        for event in events:
            if event is None:
                yield ""
            elif isinstance(event, Token):
                yield from self._add_text(event.text)
            elif isinstance(event, ToolCallPiece):
                yield from self._add_call(event)
            elif isinstance(event, Finished):
                if self._text is None and not self._calls:
                    yield from self._add_text("")
                self._end = event
                yield from self._ends()
                name = self._response()["status"]
                yield self._event(f"response.{name}", response=self._response())

    def broken_off(self, error: ChatbotError, language: str) -> str:
        """An error in the middle of a stream, in the words of OpenAI's description and of its API.

        They differ: clients look for ``error``, or for its fields beside ``type``.
        """
        raw = problem(error, language)
        fields = {key: raw["error"][key] for key in ("code", "message", "param")}
        return self._event("error", **fields, **raw)

    def _add_text(self, text: str) -> Iterator[str]:
        place = {"item_id": f"msg_{self.id}", "output_index": 0, "content_index": 0}
        if self._text is None:
            self._text = ""
            opening = self._message() | {"content": []}
            yield self._event("response.output_item.added", output_index=0, item=opening)
            yield self._event("response.content_part.added", **place, part=_part(""))
        self._text += text
        if text:
            delta = {"delta": text, "logprobs": []}
            yield self._event("response.output_text.delta", **place, **delta)

    def _add_call(self, piece: ToolCallPiece) -> Iterator[str]:
        before = self._calls.get(piece.index)
        whole = before.joined(piece) if before else piece
        self._calls[piece.index] = whole
        index = list(self._calls).index(piece.index) + (self._text is not None)
        item = self._call(whole)
        if before is None:
            opening = item | {"arguments": ""}
            yield self._event("response.output_item.added", output_index=index, item=opening)
        place = {"item_id": item["id"], "output_index": index, "delta": piece.arguments}
        yield self._event("response.function_call_arguments.delta", **place)

    def _ends(self) -> Iterator[str]:
        """The events that repeat each item when it is complete."""
        for index, item in enumerate(self._output()):
            place = {"item_id": item["id"], "output_index": index}
            if item["type"] == "message":
                within = place | {"content_index": 0}
                whole: dict[str, Any] = {"text": self._text, "logprobs": []}
                yield self._event("response.output_text.done", **within, **whole)
                yield self._event("response.content_part.done", **within, part=item["content"][0])
            else:
                call = {"arguments": item["arguments"], "name": item["name"]}
                yield self._event("response.function_call_arguments.done", **place, **call)
            yield self._event("response.output_item.done", output_index=index, item=item)

    def _event(self, kind: str, **fields: Any) -> str:
        raw = {"type": kind, "sequence_number": self._number} | fields
        self._number += 1
        return f"event: {kind}\n{data_line(raw)}"

    def _response(self) -> dict[str, Any]:
        reason = INCOMPLETE.get(self._end.reason) if self._end else None
        status = "incomplete" if reason else "completed"
        return self.request_fields | {
            "id": f"resp_{self.id}",
            "object": "response",
            "created_at": self.created,
            "status": status if self._end else "in_progress",
            "background": False,
            "error": None,
            "incomplete_details": {"reason": reason} if reason else None,
            "model": self.model,
            "output": self._output() if self._end else [],
            "previous_response_id": None,
            "store": False,
            "usage": _usage(self._end.usage) if self._end else None,
        }

    def _output(self) -> list[dict[str, Any]]:
        message = [] if self._text is None else [self._message()]
        return message + [self._call(call) for call in self._calls.values()]

    def _message(self) -> dict[str, Any]:
        return {
            "id": f"msg_{self.id}",
            "type": "message",
            "role": "assistant",
            "status": self._status(),
            "content": [_part(self._text or "")],
        }

    def _call(self, call: ToolCallPiece) -> dict[str, Any]:
        return {
            "id": f"fc_{self.id}_{call.index}",
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
            "status": self._status(),
        }

    def _status(self) -> str:
        if self._end is None:
            return "in_progress"
        return "incomplete" if self._end.reason in INCOMPLETE else "completed"


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
