"""One completion of llama.cpp's server, as events of the engine contract."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

from chatbot_server.engine.base import (
    Event,
    Finished,
    FinishReason,
    Sampling,
    Timings,
    Token,
    Usage,
)
from chatbot_server.engine.text import TextStream
from chatbot_server.errors import EngineCrashed, EngineTimeout
from chatbot_server.processes.threaded_stream import Put, StreamSilent, ThreadedStream

# By how much the library may exceed the time limit: one piece of a prompt on a slow machine.
GRACE = 20.0


@dataclass(frozen=True)
class Request:
    """One prompt as tokens, with what ends its completion, and the *grammar* it must keep to."""

    tokens: list[int]
    stop: tuple[str, ...]
    sampling: Sampling
    seconds: float
    queue_seconds: float
    grammar: str = ""

    def body(self) -> dict[str, Any]:
        """The request in the words of llama.cpp's server."""
        sampling = self.sampling
        # Never the library's own “random” seed: SystemRandom is not shared by slots.
        seed = SystemRandom().getrandbits(31) if sampling.seed is None else sampling.seed % 2**31
        body = {
            "prompt": self.tokens,
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_k": sampling.top_k,
            "top_p": sampling.top_p,
            "min_p": 0.0,
            "repeat_penalty": sampling.repetition_penalty,
            "frequency_penalty": sampling.frequency_penalty,
            "presence_penalty": sampling.presence_penalty,
            "seed": seed,
            # No stop strings: what the library holds back for one, it drops at the length limit.
            "stream": True,
            "timings_per_token": True,
            # Heard after each piece of the prompt, so that it can be cancelled there.
            "return_progress": True,
            "cache_prompt": True,
        }
        return body | {"grammar": self.grammar} if self.grammar else body


def complete(
    call: Callable[..., Any], request: Request, cancelled: Callable[[], bool]
) -> Iterator[Event]:
    """Run *request* by *call* (``Server.handle_completions``) and yield its events.

    The call blocks until the completion ends, so it has a thread of its own.
    """
    started_at = time.monotonic()
    body = request.body()

    def produce(put: Put[Any]) -> None:
        def is_over(chunk: Any) -> bool:
            late = time.monotonic() - started_at > request.seconds
            return not put(chunk) or cancelled() or late

        try:
            call(body, is_over)
        except Exception as error:  # what the library raises is not written down
            put({"error": {"message": str(error)}})

    stream = ThreadedStream(produce)
    try:
        for event in _events(stream, request, started_at):
            if cancelled():
                return
            yield event
    finally:
        # The slot is free when the call has returned, not before.
        stream.close(GRACE)


def _events(stream: ThreadedStream[Any], request: Request, started_at: float) -> Iterator[Event]:
    text = TextStream((*request.stop, *request.sampling.stop))
    chunk: Any = None
    deadline = time.monotonic() + request.seconds + GRACE
    reason: FinishReason | None = None
    try:
        while reason is None and (next_chunk := stream.next(deadline - time.monotonic())):
            chunk = next_chunk
            if "error" in chunk:
                raise EngineCrashed("llamacpp_failed", why=str(chunk["error"].get("message"))[:200])
            choice = chunk["choices"][0]
            if piece := text.feed(choice["text"].encode()):
                yield Token(piece)
            if text.stopped:
                reason = "stop"
            elif choice["finish_reason"]:
                reason = "length" if choice["finish_reason"] == "length" else "stop"
    except StreamSilent:
        raise EngineTimeout("llamacpp_silent", seconds=round(request.seconds + GRACE)) from None
    if piece := text.flush():
        yield Token(piece)
    yield _finished(chunk, reason or "time", request, time.monotonic() - started_at)


def _finished(chunk: Any, reason: FinishReason, request: Request, seconds: float) -> Finished:
    """The end of the completion, from the last *chunk*; None if none came within *seconds*."""
    if chunk is None:
        timings = Timings(request.queue_seconds, seconds, 0.0)
        return Finished(reason, Usage(len(request.tokens), 0), timings)
    times = chunk["timings"]
    return Finished(
        reason,
        Usage(len(request.tokens), int(times["predicted_n"]), int(times["cache_n"])),
        Timings(request.queue_seconds, times["prompt_ms"] / 1000, times["predicted_ms"] / 1000),
    )
