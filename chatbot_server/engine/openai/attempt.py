"""One request to one endpoint, read by a thread of its own so that no reader can hang."""

from __future__ import annotations

import contextlib
import json
import socket
from typing import Any

import httpx

from chatbot_server.engine.openai.endpoint import Server
from chatbot_server.engine.openai.wire import MAX_LINE, Piece, read_events, read_whole, reason
from chatbot_server.processes.threaded_stream import Put, ThreadedStream

# A request the server understood and will not fulfil; another one would not either.
REFUSALS = {400, 413, 422}


class Failure(Exception):
    """The endpoint gave no answer. ``refused``: because of the request itself."""

    def __init__(self, why: str, *, refused: bool = False) -> None:
        super().__init__(why)
        self.refused = refused


class Attempt:
    """A streaming request that has been sent."""

    def __init__(self, server: Server, body: dict[str, Any], *, seconds: float, limit: int) -> None:
        self._server = server
        self._body = body
        self._seconds = seconds
        self._limit = limit
        self._sockets: list[Any] = []
        self._stopped = False
        server.hold(1)
        # At most a few thousand pieces: the answer's length is bounded by *limit*.
        self._pieces: ThreadedStream[Piece] = ThreadedStream(self._run)

    def next(self, seconds: float) -> Piece | None:
        """The next piece; None at the end, or when it was stopped.

        Raises:
            Failure: whatever went wrong at the endpoint.
            TimeoutError: nothing came in *seconds*.
        """
        return self._pieces.next(seconds)

    def stop(self) -> None:
        """Wake the reader and hang up; the endpoint sees it and stops its work."""
        self._stopped = True
        self._pieces.close()
        for stream in self._sockets:
            found = stream.get_extra_info("socket")
            with contextlib.suppress(OSError, AttributeError):
                found.shutdown(socket.SHUT_RDWR)

    def _run(self, put: Put[Piece]) -> None:
        try:
            self._read(put)
        except Failure:
            raise
        except Exception as error:  # httpx, h11, ssl and the JSON of a stranger
            raise Failure(str(error)[:200] or type(error).__name__) from error
        finally:
            self._server.hold(-1)

    def _read(self, put: Put[Piece]) -> None:
        with (
            # Who reads has a clock of its own, which is to strike first and say what it was.
            self._server.client(2 * self._seconds) as client,
            client.stream(
                "POST",
                f"{self._server.url}/chat/completions",
                json=self._body,
                extensions={"trace": self._trace},
            ) as response,
        ):
            self._check(response)
            if _content_type(response) == "application/json":
                put(read_whole(response.iter_raw()))
                return
            for piece in read_events(response.iter_raw(), self._limit):
                put(piece)

    def _check(self, response: httpx.Response) -> None:
        if response.status_code != 200:
            refused = response.status_code in REFUSALS
            raise Failure(_error_of(response), refused=refused)
        kind = _content_type(response)
        coding = response.headers.get("content-encoding", "identity")
        if kind not in ("text/event-stream", "application/json") or coding != "identity":
            raise Failure(f"content type {kind or '?'} {coding}"[:100])

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        """Keep the connection as soon as there is one: an endpoint may hang before it answers."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._sockets.append(info["return_value"])
            if self._stopped:
                self.stop()


def _content_type(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).split(";")[0].strip().lower()


def _error_of(response: httpx.Response) -> str:
    body = b""
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > MAX_LINE:
            break
    words = ""
    with contextlib.suppress(ValueError, RecursionError):
        words = reason(json.loads(body))
    return f"{response.status_code} {words}".strip()
