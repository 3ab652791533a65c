"""The protocol of the engine's socket: one JSON object per line.

A connection carries one request; closing it cancels the work. A request is
``{"op": "info" | "status" | "count" | "count_prompt" | "embed" | "generate", …}``. The answer is
``{"result": …}`` or ``{"error": …}``, or for ``generate`` one line for each event.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from chatbot_server import errors
from chatbot_server.engine.base import (
    Event,
    Finished,
    Queued,
    Sampling,
    Timings,
    Token,
    Usage,
)
from chatbot_server.errors import BadRequest, ChatbotError, EngineError

# A full context of 131,072 tokens is about 0.7 MB of text, twice in a prompt.
LINE_BYTES = 8_000_000


def encode(record: dict[str, Any]) -> bytes:
    """*record* as one line.

    Raises:
        BadRequest: a text contains half a character (a lone surrogate).
    """
    try:
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        return text.encode() + b"\n"
    except UnicodeEncodeError as error:
        raise BadRequest("engine_text_invalid") from error


def read_lines(connection: socket.socket) -> Iterator[dict[str, Any]]:
    """The records that arrive, until the other side closes.

    Raises:
        EngineError: a line is too long, or is not a JSON object.
    """
    pending = bytearray()
    while data := connection.recv(65536):
        pending += data
        # Only new data can contain the end of the line.
        if b"\n" in data:
            *lines, pending = pending.split(b"\n")
            for line in lines:
                yield decode(line)
        elif len(pending) > LINE_BYTES:
            raise EngineError("engine_protocol")


def decode(line: bytes | bytearray) -> dict[str, Any]:
    """The record of one line.

    Raises:
        EngineError: not a JSON object.
    """
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EngineError("engine_protocol") from error
    if not isinstance(record, dict):
        raise EngineError("engine_protocol")
    return record


def sampling_of(record: dict[str, Any]) -> Sampling:
    """The :class:`Sampling` whose ``asdict`` is *record*."""
    return Sampling(**{**record, "stop": tuple(record["stop"])})


def event_record(event: Event) -> dict[str, Any]:
    """*event* as plain values."""
    if isinstance(event, Token):
        return {"token": event.text}
    if isinstance(event, Queued):
        return {"queued": event.position}
    return {"finished": asdict(event)}


def event_of(record: dict[str, Any]) -> Event:
    """The inverse of :func:`event_record`.

    Raises:
        ChatbotError: the error in *record*.
        EngineError: *record* is not an event.
    """
    if "token" in record:
        return Token(record["token"])
    if "queued" in record:
        return Queued(record["queued"])
    if "finished" in record:
        end = record["finished"]
        return Finished(end["reason"], Usage(**end["usage"]), Timings(**end["timings"]))
    if "error" in record:
        raise error_of(record["error"])
    raise EngineError("engine_protocol")


def error_record(error: ChatbotError) -> dict[str, Any]:
    """*error* as plain values."""
    return {
        "kind": type(error).__name__,
        "code": error.code,
        "field": error.field,
        "retry_after": error.retry_after,
        "values": {name: str(value) for name, value in error.values.items()},
    }


def error_of(record: dict[str, Any]) -> ChatbotError:
    """The inverse of :func:`error_record`."""
    kind = getattr(errors, str(record["kind"]), EngineError)
    if not (isinstance(kind, type) and issubclass(kind, ChatbotError)):
        kind = EngineError
    return kind(
        record["code"],
        field=record["field"],
        retry_after=record["retry_after"],
        **record["values"],
    )
