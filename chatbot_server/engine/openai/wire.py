"""What comes back from an endpoint, read without trust."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from chatbot_server.engine.base import Usage

# A token takes about 250 bytes on the wire (vLLM, llama-server).
MAX_LINE = 1_000_000
BYTES_PER_TOKEN = 8192


class Garbled(Exception):
    """The endpoint does not speak the OpenAI API. The text says what it sent."""


@dataclass(frozen=True)
class Piece:
    """A part of an answer: some text, perhaps the reason of its end, perhaps its usage."""

    text: str = ""
    finish: str | None = None
    usage: Usage | None = None


def read_events(chunks: Iterable[bytes], limit: int) -> Iterator[Piece]:
    """The pieces in a stream of server-sent events, up to ``[DONE]`` or its end.

    Raises:
        Garbled: no JSON, no newline in :data:`MAX_LINE` bytes, more than *limit* bytes,
            or an error of the endpoint.
    """
    for line in _lines(chunks, limit):
        field, _, value = line.partition(b":")
        if field != b"data":
            continue  # comments, event names: nothing an answer needs
        if value.strip() == b"[DONE]":
            return
        yield piece(_json(value))


def read_whole(chunks: Iterable[bytes]) -> Piece:
    """The piece in a body that is one JSON object: a server that does not stream."""
    body = b""
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_LINE:
            raise Garbled(f"more than {MAX_LINE} bytes")
    found = piece(_json(body))
    return Piece(found.text, found.finish or "stop", found.usage)


def piece(raw: Any) -> Piece:
    """A ``chat.completion`` or ``chat.completion.chunk``, checked."""
    if not isinstance(raw, dict):
        raise Garbled("JSON that is no object")
    if raw.get("error"):
        raise Garbled(reason(raw))
    choices = raw.get("choices")
    if not isinstance(choices, list):
        raise Garbled("JSON without choices")
    usage = _usage(raw.get("usage"))
    if not choices:
        return Piece(usage=usage)
    first = choices[0]
    said = isinstance(first, dict) and (first.get("delta") or first.get("message") or {})
    if not isinstance(said, dict):
        raise Garbled("a choice without a message")
    text, finish = said.get("content") or "", first.get("finish_reason")
    if not isinstance(text, str) or not isinstance(finish, str | None):
        raise Garbled("a message that is no text")
    return Piece(text, finish, usage)


def reason(raw: Any) -> str:
    """The words of an error body, whatever its shape."""
    error = raw.get("error", raw) if isinstance(raw, dict) else raw
    text = error.get("message") if isinstance(error, dict) else error
    return " ".join(str(text).split())[:200]


def _usage(raw: Any) -> Usage | None:
    if not isinstance(raw, dict):
        return None
    details = raw.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    counts = [raw.get("prompt_tokens"), raw.get("completion_tokens"), cached or 0]
    numbers = [count for count in counts if isinstance(count, int) and 0 <= count < 10**9]
    return Usage(*numbers) if len(numbers) == len(counts) else None


def _lines(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    pending, total = b"", 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            raise Garbled(f"more than {limit} bytes for one answer")
        *lines, pending = (pending + chunk).split(b"\n")
        yield from (line.rstrip(b"\r") for line in lines)
        if len(pending) > MAX_LINE:
            raise Garbled(f"no end of line in {MAX_LINE} bytes")
    yield pending


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Garbled(f"no JSON: {data.strip()[:60].decode('utf-8', 'replace')}") from None
