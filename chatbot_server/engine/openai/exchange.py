"""One request to one endpoint, and what comes back, read without trust.

A thread of its own reads it, so that no reader can hang.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from chatbot_server.engine.base import ToolCallPiece, Usage
from chatbot_server.engine.openai.endpoints import MAX_LINE, RemoteEndpoint
from chatbot_server.processes.threaded_stream import Put, ThreadedStream

# A token takes about 250 bytes on the wire (vLLM, llama-server).
MOST_BYTES_PER_TOKEN = 8192
# A request that the server understood and will not fulfil; another one would not either.
REFUSALS = {400, 413, 422}


class InvalidReply(Exception):
    """The endpoint did not answer as the OpenAI API has it. The text says what it sent."""


@dataclass(frozen=True)
class AnswerDelta:
    """A part of an answer.

    Attributes:
        text: the next characters.
        finish: the finish reason in the server's words, in the last part.
        thought: the next characters of the model's reasoning, if the server sends it apart.
        usage: the counts of tokens, in the last part or after it.
        calls: pieces of tool calls.
    """

    text: str = ""
    finish: str | None = None
    thought: str = ""
    usage: Usage | None = None
    calls: tuple[ToolCallPiece, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether it has content, and not only a role or a count."""
        return bool(self.text or self.thought or self.calls)


class AttemptFailed(Exception):
    """The endpoint gave no answer; *is_refusal* if the request itself is the reason."""

    def __init__(self, why: str, *, is_refusal: bool = False) -> None:
        super().__init__(why)
        self.is_refusal = is_refusal


class Attempt:
    """A streaming request that has been sent."""

    def __init__(
        self, endpoint: RemoteEndpoint, body: dict[str, Any], *, seconds: float, limit: int
    ) -> None:
        self._endpoint = endpoint
        self._body = body
        self._seconds = seconds
        self._limit = limit
        self._sockets: list[Any] = []
        self._stopped = False
        endpoint.count_answer(1)
        # At most a few thousand deltas: the answer's length is bounded by *limit*.
        self._deltas: ThreadedStream[AnswerDelta] = ThreadedStream(self._run)

    def next(self, seconds: float) -> AnswerDelta | None:
        """The next delta; None at the end, or when it was stopped.

        Raises:
            AttemptFailed: whatever went wrong at the endpoint.
            TimeoutError: nothing came in *seconds*.
        """
        return self._deltas.next(seconds)

    def stop(self) -> None:
        """Wake the reader and close the connection, so that the endpoint stops its work."""
        self._stopped = True
        self._deltas.close()
        for stream in self._sockets:
            connection = stream.get_extra_info("socket")
            with contextlib.suppress(OSError, AttributeError):
                connection.shutdown(socket.SHUT_RDWR)

    def _run(self, put: Put[AnswerDelta]) -> None:
        try:
            self._read(put)
        except AttemptFailed:
            raise
        except Exception as error:  # httpx, h11, ssl and the JSON of a stranger
            raise AttemptFailed(str(error)[:200] or type(error).__name__) from error
        finally:
            self._endpoint.count_answer(-1)

    def _read(self, put: Put[AnswerDelta]) -> None:
        with (
            # The reader of the deltas has a shorter time limit, whose error says more.
            self._endpoint.client(2 * self._seconds) as client,
            client.stream(
                "POST",
                f"{self._endpoint.url}/chat/completions",
                json=self._body,
                extensions={"trace": self._trace},
            ) as response,
        ):
            chunks = response.iter_raw()
            if response.status_code != 200:
                why = f"{response.status_code} {error_text(_read_body(chunks))}".strip()
                raise AttemptFailed(why, is_refusal=response.status_code in REFUSALS)
            kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
            coding = response.headers.get("content-encoding", "identity")
            if kind not in ("text/event-stream", "application/json") or coding != "identity":
                raise AttemptFailed(f"content type {kind or '?'} {coding}"[:100])
            if kind == "application/json":  # a server that does not stream
                body = _read_body(chunks)
                if len(body) > MAX_LINE:
                    raise InvalidReply(f"more than {MAX_LINE} bytes")
                answer = read_delta(body)
                text = WholeCharacters().feed(answer.text)
                put(replace(answer, text=text, finish=answer.finish or "stop"))
                return
            for delta in read_events(chunks, self._limit):
                put(delta)

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        """Keep the connection as soon as there is one: an endpoint may hang before it answers."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._sockets.append(info["return_value"])
            if self._stopped:
                self.stop()


def _read_body(chunks: Iterable[bytes]) -> bytes:
    """The whole body; of one longer than :data:`MAX_LINE`, the first bytes, more than that."""
    body = b""
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_LINE:
            break
    return body


def read_events(chunks: Iterable[bytes], limit: int) -> Iterator[AnswerDelta]:
    """The deltas in a stream of server-sent events, up to ``[DONE]`` or its end.

    Raises:
        InvalidReply: no JSON, no newline in :data:`MAX_LINE` bytes, more than *limit* bytes,
            or an error of the endpoint.
    """
    characters, thoughts = WholeCharacters(), WholeCharacters()
    is_finished, has_text = False, False
    for line in _lines(chunks, limit):
        field, _, value = line.partition(b":")
        if field != b"data":
            continue  # comments, event names: nothing an answer needs
        if value.strip() == b"[DONE]":
            if has_text and not is_finished:  # some servers never say why
                yield AnswerDelta(finish="stop")
            return
        delta = read_delta(value)
        is_finished, has_text = is_finished or bool(delta.finish), has_text or delta.says_something
        text, thinking = characters.feed(delta.text), thoughts.feed(delta.thought)
        yield replace(delta, text=text, thought=thinking)


class WholeCharacters:
    r"""Joins the halves of a character that a server sent apart: ``\ud83d``, then ``\ude00``."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, text: str) -> str:
        """The complete characters; an unpaired half becomes U+FFFD."""
        text = self._half + text
        self._half = text[-1] if "\ud800" <= text[-1:] <= "\udbff" else ""
        whole = text[: len(text) - len(self._half)]
        return whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_delta(data: bytes) -> AnswerDelta:
    """A ``chat.completion`` or ``chat.completion.chunk``, checked."""
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        raise InvalidReply(f"no JSON: {data.strip()[:60].decode('utf-8', 'replace')}") from None
    if not isinstance(raw, dict):
        raise InvalidReply("JSON that is no object")
    if raw.get("error"):
        raise InvalidReply(_message_of(raw))
    choices = raw.get("choices")
    if not isinstance(choices, list):
        raise InvalidReply("JSON without choices")
    usage = _usage(raw.get("usage"))
    if not choices:
        return AnswerDelta(usage=usage)
    first = choices[0]
    message = isinstance(first, dict) and (first.get("delta") or first.get("message") or {})
    if not isinstance(message, dict):
        raise InvalidReply("a choice without a message")
    text, finish = message.get("content") or "", first.get("finish_reason")
    thinking = message.get("reasoning_content") or message.get("reasoning") or ""
    if not isinstance(text, str) or not isinstance(finish, str | None):
        raise InvalidReply("a message that is no text")
    thinking = thinking if isinstance(thinking, str) else ""
    return AnswerDelta(text, finish, thinking, usage, _calls(message.get("tool_calls")))


def _calls(raw: Any) -> tuple[ToolCallPiece, ...]:
    """The pieces of calls in a delta, or whole calls in a message."""
    pieces = []
    for at, call in enumerate(raw if isinstance(raw, list) else ()):
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            raise InvalidReply("a tool call without a function")
        index = call.get("index", at)
        texts = [call.get("id") or "", function.get("name") or "", function.get("arguments") or ""]
        if not isinstance(index, int) or not all(isinstance(text, str) for text in texts):
            raise InvalidReply("a tool call that is no text")
        pieces.append(ToolCallPiece(index, *texts))
    return tuple(pieces)


def error_text(body: bytes) -> str:
    """The message in the body of an error; empty if there is none."""
    try:
        return _message_of(json.loads(body))
    except (ValueError, RecursionError):
        return ""


def _message_of(raw: Any) -> str:
    """The message of an error in one line: a string, or ``message`` in one of several shapes."""
    error = raw.get("error", raw) if isinstance(raw, dict) else raw
    text = error.get("message") if isinstance(error, dict) else error
    return " ".join(str(text).split())[:200]


def _usage(raw: Any) -> Usage | None:
    if not isinstance(raw, dict):
        return None
    details = raw.get("prompt_tokens_details")
    cached_tokens = details.get("cached_tokens") if isinstance(details, dict) else 0
    counts = [raw.get("prompt_tokens"), raw.get("completion_tokens"), cached_tokens or 0]
    numbers = [count for count in counts if isinstance(count, int) and 0 <= count < 10**9]
    return Usage(*numbers) if len(numbers) == len(counts) else None


def _lines(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """The lines of a stream, each of at most :data:`MAX_LINE` bytes, and *limit* bytes in all."""
    pending, total = b"", 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            raise InvalidReply(f"more than {limit} bytes for one answer")
        *lines, pending = (pending + chunk).split(b"\n")
        yield from (line.rstrip(b"\r") for line in lines)
        if len(pending) > MAX_LINE:
            raise InvalidReply(f"no end of line in {MAX_LINE} bytes")
    yield pending
