"""One answer from whichever endpoint gives it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

from chatbot_server.engine.base import Event, Finished, FinishReason, Queued, Timings, Token, Usage
from chatbot_server.engine.openai.attempt import Attempt, Failure
from chatbot_server.engine.openai.endpoint import Server
from chatbot_server.engine.openai.pool import Pool
from chatbot_server.engine.openai.wire import BYTES_PER_TOKEN, MAX_LINE, Piece
from chatbot_server.engine.slot_queue import SlotQueue
from chatbot_server.errors import BadRequest, EngineCrashed, EngineTimeout

# Longer between two tokens, and the endpoint is taken for dead.
PAUSE_SECONDS = 30.0
# Words of llama-server, vLLM and others that some servers do not know; left out for those.
EXTRAS = ("top_k", "repeat_penalty", "repetition_penalty", "stream_options")


class RemoteCompletion:
    """See :class:`chatbot_server.engine.base.Completion`."""

    def __init__(
        self,
        pool: Pool,
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
        """Hang up; from any thread."""
        self._closed.set()
        if self._attempt:
            self._attempt.stop()
        # Where another thread is inside it, it ends there by itself.
        with contextlib.suppress(ValueError):
            self._events.close()

    def _run(self) -> Generator[Event, None, None]:
        waiting = self._queue.wait(self._closed.is_set)
        taken = False
        try:
            for position in waiting:
                taken = position == 0
                yield Queued(position)
            if taken:
                yield from self._answer()
        finally:
            waiting.close()
            if taken:
                self._queue.release()

    def _answer(self) -> Generator[Event, None, None]:
        self._started = time.monotonic()
        for server in self._pool.in_order(self._conversation):
            first = self._first_piece(server)
            if self._closed.is_set():
                return
            if first:
                yield from self._rest(server, first)
                return
        raise self._pool.nobody()

    def _first_piece(self, server: Server) -> Piece | None:
        """The first piece with text, or None: another endpoint may be asked.

        Raises:
            BadRequest: the endpoint understood, and refuses.
        """
        body = self._body | {"model": server.model}
        plain = {key: value for key, value in body.items() if key not in EXTRAS}
        try:
            if server.plain:
                return self._begin(server, plain)
            try:
                return self._begin(server, body)
            except Failure as failure:
                if not failure.refused:
                    raise
                return self._begin(server, plain)  # perhaps it does not know some word
        except Failure as failure:
            if failure.refused:
                why = str(failure)
                raise BadRequest("openai_refused", endpoint=server.name, why=why) from None
            server.failed(str(failure))
            return None

    def _begin(self, server: Server, body: dict[str, Any]) -> Piece:
        limit = MAX_LINE + BYTES_PER_TOKEN * int(body["max_tokens"])
        attempt = Attempt(server, body, seconds=self._seconds, limit=limit)
        self._attempt = attempt
        if self._closed.is_set():
            attempt.stop()
        try:
            piece = self._spoken(attempt, self._patience())
        except BaseException:
            attempt.stop()
            raise
        server.well()
        server.plain = server.plain or "stream_options" not in body
        return piece

    def _patience(self) -> float:
        """Seconds for the first token: with other endpoints left, half of what remains."""
        left = self._started + self._seconds - time.monotonic()
        return left / 2 if len(self._pool) > 1 else left

    def _spoken(self, attempt: Attempt, seconds: float) -> Piece:
        """The first piece that says something; the first ones often only name a role."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                piece = attempt.next(deadline - time.monotonic())
            except TimeoutError:
                raise Failure(f"no answer in {seconds:.0f} s") from None
            if piece is None and self._closed.is_set():
                return Piece()
            if piece is None:
                raise Failure("hung up without an answer")
            if piece.text or piece.finish:
                return piece

    def _rest(self, server: Server, first: Piece) -> Generator[Event, None, None]:
        begun = time.monotonic()
        heard = _Heard()
        piece: Piece | None = first
        try:
            while piece is not None:
                heard.add(piece)
                if piece.text:
                    yield Token(piece.text)
                piece = self._next_piece(server, heard)
        finally:
            if self._attempt:
                self._attempt.stop()
        if self._closed.is_set():
            return
        if heard.finish is None:
            self._broken(server, "hung up in the middle")
        waits = (self._started - self._accepted, begun - self._started)
        timings = Timings(*waits, time.monotonic() - begun)
        yield Finished(heard.reason(), heard.usage or heard.guess(self._body), timings)

    def _next_piece(self, server: Server, heard: _Heard) -> Piece | None:
        left = self._started + self._seconds - time.monotonic()
        try:
            # Nothing but the usage comes after the end.
            pause = 2.0 if heard.finish else PAUSE_SECONDS
            return self._attempt.next(min(pause, left)) if self._attempt else None
        except Failure as failure:
            if heard.finish:
                return None
            self._broken(server, str(failure))
        except TimeoutError:
            if heard.finish:
                return None
            if left > PAUSE_SECONDS:
                server.failed("silent")
                raise EngineTimeout("openai_silent", endpoint=server.name) from None
            heard.finish = "time"
        return None

    def _broken(self, server: Server, why: str) -> None:
        server.failed(why)
        raise EngineCrashed("openai_broken_off", endpoint=server.name, why=why)


class _Heard:
    """What has come of an answer so far."""

    def __init__(self) -> None:
        self.finish: str | None = None
        self.usage: Usage | None = None
        self._chars = 0

    def add(self, piece: Piece) -> None:
        self.finish = piece.finish or self.finish
        self.usage = piece.usage or self.usage
        self._chars += len(piece.text.encode())

    def reason(self) -> FinishReason:
        """In the contract's words; whatever else a server calls it, it has stopped."""
        if self.finish == "length":
            return "length"
        return "time" if self.finish == "time" else "stop"

    def guess(self, body: dict[str, Any]) -> Usage:
        """For servers that do not count: by length."""
        asked = sum(estimate(str(message["content"])) for message in body["messages"])
        return Usage(asked, -(-self._chars // 4))


def estimate(text: str) -> int:
    """Tokens of *text*, on the safe side: there is no route that counts them.

    English has about 4.2 bytes to a token, French 3.5, Chinese 3; digits and code fewer.
    """
    return -(-len(text.encode("utf-8", "replace")) // 3)
