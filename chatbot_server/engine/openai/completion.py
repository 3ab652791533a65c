"""One completion, from the first endpoint that gives it."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

from chatbot_server.engine.base import (
    Event,
    Finished,
    FinishReason,
    Queued,
    Thought,
    Timings,
    Token,
    Usage,
)
from chatbot_server.engine.openai.endpoints import MAX_LINE, EndpointPool, RemoteEndpoint
from chatbot_server.engine.openai.exchange import (
    MOST_BYTES_PER_TOKEN,
    AnswerDelta,
    Attempt,
    AttemptFailed,
)
from chatbot_server.engine.slot_queue import SlotQueue
from chatbot_server.errors import BadRequest, EngineCrashed, EngineTimeout

# After a longer pause between two tokens, the endpoint is taken for dead.
PAUSE_SECONDS = 30.0
# Tokens of an answer to which no limit was set: the most that ``engine.context_length`` may be.
LONGEST_ANSWER = 131_072
# Fields of llama-server, vLLM and others; left out for servers that do not know them.
EXTRAS = ("top_k", "repeat_penalty", "repetition_penalty", "stream_options")
TOOLS = ("tools", "tool_choice", "parallel_tool_calls")


class RemoteCompletion:
    """See :class:`chatbot_server.engine.base.Completion`."""

    def __init__(
        self,
        pool: EndpointPool,
        queue: SlotQueue,
        body: dict[str, Any],
        *,
        conversation: str | None,
        seconds: float,
    ) -> None:
        self._pool = pool
        self._queue = queue
        self._body = body
        self._conversation = conversation
        self._seconds = seconds
        self._accepted = time.monotonic()
        self._started = self._accepted
        self._closed = threading.Event()
        self._attempt: Attempt | None = None
        self._events = self._run()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        if self._closed.is_set():
            raise StopIteration
        return next(self._events)

    def close(self) -> None:
        """Close the connection; from any thread."""
        self._closed.set()
        if self._attempt:
            self._attempt.stop()
        # Where another thread is inside it, it ends there by itself.
        with contextlib.suppress(ValueError):
            self._events.close()

    def _run(self) -> Generator[Event, None, None]:
        positions = self._queue.wait(self._closed.is_set)
        has_slot = False
        try:
            for position in positions:
                has_slot = position == 0
                yield Queued(position)
            if not has_slot:
                return
            self._started = time.monotonic()
            for endpoint in self._pool.in_order(self._conversation):
                first = self._first_delta(endpoint)
                if self._closed.is_set():
                    return
                if first:
                    yield from self._events_from(endpoint, first)
                    return
            raise self._pool.unavailable_error()
        finally:
            positions.close()
            if has_slot:
                self._queue.release()

    def _first_delta(self, endpoint: RemoteEndpoint) -> AnswerDelta | None:
        """The first delta with content; None if the endpoint failed and another may be asked.

        Raises:
            BadRequest: the endpoint understood the request, and refuses it.
        """
        body = self._body | {"model": endpoint.model}
        openai_body = {key: value for key, value in body.items() if key not in EXTRAS}
        # An endpoint that refuses may not know some of the extras,
        bodies = [openai_body] if endpoint.openai_fields_only else [body, openai_body]
        if body.get("tool_choice") == "auto":  # or no tools; these need not be called
            bodies += [{key: value for key, value in openai_body.items() if key not in TOOLS}]
        for body_to_try in bodies:
            try:
                first = self._begin(endpoint, body_to_try)
            except AttemptFailed as failure:
                if failure.is_refusal and body_to_try is not bodies[-1]:
                    continue
                if failure.is_refusal:
                    why = str(failure)
                    raise BadRequest("openai_refused", endpoint=endpoint.name, why=why) from None
                endpoint.mark_failed(str(failure))
                return None
            endpoint.mark_well()
            if "tools" in body_to_try or "tools" not in body:
                endpoint.openai_fields_only = body_to_try is openai_body
            return first
        return None

    def _begin(self, endpoint: RemoteEndpoint, body: dict[str, Any]) -> AnswerDelta:
        """The first delta with content; the very first often has only a role."""
        limit = MAX_LINE + MOST_BYTES_PER_TOKEN * int(body.get("max_tokens", LONGEST_ANSWER))
        self._attempt = attempt = Attempt(endpoint, body, seconds=self._seconds, limit=limit)
        if self._closed.is_set():
            attempt.stop()
        # With other endpoints left, this one may take half of what remains.
        seconds = self._remaining_seconds() / min(2, len(self._pool))
        deadline = time.monotonic() + seconds
        try:
            while delta := attempt.next(deadline - time.monotonic()):
                if delta.says_something or delta.finish:
                    return delta
            if self._closed.is_set():
                return AnswerDelta()
            raise AttemptFailed("hung up without an answer")
        except TimeoutError:
            attempt.stop()
            raise AttemptFailed(f"no answer in {seconds:.0f} s") from None
        except BaseException:
            attempt.stop()
            raise

    def _remaining_seconds(self) -> float:
        return self._started + self._seconds - time.monotonic()

    def _events_from(
        self, endpoint: RemoteEndpoint, first: AnswerDelta
    ) -> Generator[Event, None, None]:
        first_token = time.monotonic()
        answer = _AnswerSoFar()
        delta: AnswerDelta | None = first
        try:
            while delta is not None:
                answer.add(delta)
                if delta.thought:
                    yield Thought(delta.thought)
                if delta.text:
                    yield Token(delta.text)
                yield from delta.calls
                delta = self._next_delta(endpoint, answer)
        finally:
            if self._attempt:
                self._attempt.stop()
        if self._closed.is_set():
            return
        if answer.finish is None:
            raise _broken_off(endpoint, "hung up in the middle")
        waits = (self._started - self._accepted, first_token - self._started)
        timings = Timings(*waits, time.monotonic() - first_token)
        yield Finished(answer.reason(), answer.usage or answer.estimated_usage(self._body), timings)

    def _next_delta(self, endpoint: RemoteEndpoint, answer: _AnswerSoFar) -> AnswerDelta | None:
        remaining = self._remaining_seconds()
        try:
            # Nothing but the usage comes after the end.
            pause = 2.0 if answer.finish else PAUSE_SECONDS
            return self._attempt.next(min(pause, remaining)) if self._attempt else None
        except AttemptFailed as failure:
            if not answer.finish:
                raise _broken_off(endpoint, str(failure)) from failure
        except TimeoutError:
            if not answer.finish and remaining > PAUSE_SECONDS:
                endpoint.mark_failed("silent")
                raise EngineTimeout("openai_silent", endpoint=endpoint.name) from None
            answer.finish = answer.finish or "time"
        return None


def _broken_off(endpoint: RemoteEndpoint, why: str) -> EngineCrashed:
    endpoint.mark_failed(why)
    return EngineCrashed("openai_broken_off", endpoint=endpoint.name, why=why)


class _AnswerSoFar:
    """What the deltas of an answer have said so far of its end and its length.

    Attributes:
        finish: the finish reason in the server's words; None if it has not come yet.
        usage: the counts that the server reported; None if it has not.
    """

    def __init__(self) -> None:
        self.finish: str | None = None
        self.usage: Usage | None = None
        self._text_bytes = 0

    def add(self, delta: AnswerDelta) -> None:
        """Take note of the next *delta*."""
        self.finish = delta.finish or self.finish
        self.usage = delta.usage or self.usage
        self._text_bytes += len((delta.text + delta.thought).encode())

    def reason(self) -> FinishReason:
        """The finish reason in our words; one that is not known becomes “stop”."""
        reasons: dict[str | None, FinishReason] = {
            "length": "length", "time": "time", "content_filter": "content_filter",
            "tool_calls": "tool_calls",
        }  # fmt: skip
        return reasons.get(self.finish, "stop")

    def estimated_usage(self, body: dict[str, Any]) -> Usage:
        """The usage of the request *body*, estimated for servers that do not report it.

        Four bytes of the answer count as a token, and of the prompt as :func:`estimate` has it.
        """
        prompt_tokens = sum(estimate(str(message["content"])) for message in body["messages"])
        return Usage(prompt_tokens, math.ceil(self._text_bytes / 4))


def estimate(text: str) -> int:
    """An estimate of the tokens of *text*, rather too high: no route of the API counts them.

    It is a third of the bytes. English has about 4.2 bytes to a token, French 3.5, Chinese 3;
    digits and code have fewer.
    """
    return math.ceil(len(text.encode("utf-8", "replace")) / 3)
