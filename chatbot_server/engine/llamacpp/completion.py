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
from chatbot_server.errors import EngineCrashed, EngineTimeout
from chatbot_server.processes.threaded_stream import Put, StreamSilent, ThreadedStream

# What the library may take over the time limit: one piece of a prompt on a slow machine.
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
            "seed": seed,
            "stop": [text for text in (*self.stop, *sampling.stop) if text],
            "stream": True,
            "stream_options": {"include_usage": True},
            # Heard after each piece of the prompt, so that it can be cancelled there.
            "return_progress": True,
            "cache_prompt": True,
        }
        return body | {"grammar": self.grammar} if self.grammar else body


def complete(
    call: Callable[..., Any], request: Request, cancelled: Callable[[], bool]
) -> Iterator[Event]:
    """Run *request* by *call* (``Server.handle_completions``) and yield what comes of it.

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
    tokens = 0
    first_token_at = started_at
    deadline = time.monotonic() + request.seconds + GRACE
    try:
        while chunk := stream.next(deadline - time.monotonic()):
            if "error" in chunk:
                raise EngineCrashed("llamacpp_failed", why=str(chunk["error"].get("message"))[:200])
            choice = chunk["choices"][0]
            if choice["text"]:
                first_token_at = first_token_at if tokens else time.monotonic()
                tokens += 1
                yield Token(choice["text"])
            if choice["finish_reason"]:
                yield _finished(chunk, choice["finish_reason"], request.queue_seconds)
                return
    except StreamSilent:
        raise EngineTimeout("llamacpp_silent", seconds=round(request.seconds + GRACE)) from None
    now = time.monotonic()
    if not tokens:
        first_token_at = now
    timings = Timings(request.queue_seconds, first_token_at - started_at, now - first_token_at)
    yield Finished("time", Usage(len(request.tokens), tokens), timings)


def _finished(chunk: Any, reason: str, queue_seconds: float) -> Finished:
    usage, timings = chunk["usage"], chunk["timings"]
    cached_tokens = int(usage["prompt_tokens_details"]["cached_tokens"])
    finish: FinishReason = "length" if reason == "length" else "stop"
    return Finished(
        finish,
        Usage(int(usage["prompt_tokens"]), int(usage["completion_tokens"]), cached_tokens),
        Timings(queue_seconds, timings["prompt_ms"] / 1000, timings["predicted_ms"] / 1000),
    )
