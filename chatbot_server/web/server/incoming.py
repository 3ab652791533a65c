"""Reads requests as their bytes arrive, completely and in bounded memory, before they are answered.

gunicorn's parser reads from a socket that blocks; here, nothing may block. So bytes are collected
until a request is complete, and are then given to that parser, which alone decides what they mean.
The end of a body that comes in chunks is found by gunicorn's second parser, which can be fed.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gunicorn.asgi.parser import ParseError, PythonProtocol  # type: ignore[import-untyped]
from gunicorn.http.body import LengthReader  # type: ignore[import-untyped]
from gunicorn.http.errors import (  # type: ignore[import-untyped]
    InvalidChunkSize,
    LimitRequestHeaders,
    NoMoreData,
)
from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]

# The longest head, enough for a browser with many cookies. gunicorn allows sixty fields of 8 KB.
HEAD_BYTES = 65_536
BLANK_LINE = b"\r\n\r\n"
# The most bytes that the sizes and extensions of chunks may take besides their contents.
CHUNK_OVERHEAD = 65_536
# The number of bytes that gunicorn's parser reads beyond those that it is asked for.
READ_AHEAD = 2048
# It gets a body in pieces of so many bytes: with each chunk, it copies the rest of its piece.
PIECE_BYTES = 8192

BodyLimit = Callable[[Any], int]


@dataclass(frozen=True)
class ReceiveTimeout:
    """How long a request may take to come.

    Attributes:
        seconds: the time for head and body of a short one.
        bytes_per_second: for each time that it has as many bytes, it gets one second more.
    """

    seconds: float = 20.0
    bytes_per_second: float = 2000.0


@dataclass(frozen=True)
class WholeRequest:
    """A request of gunicorn's parser, and its body.

    Attributes:
        body: the whole body; of one beyond the limit, its beginning or nothing; of a streamed one,
            what has come of it.
        missing: the number of bytes that are still to come of a streamed body.
    """

    head: Any
    body: bytes
    missing: int = 0


def expects_continue(head: Any) -> bool:
    """Whether the client of gunicorn's *head* waits for “100 Continue”; true only once."""
    is_waiting, head._expected_100_continue = bool(head._expected_100_continue), False
    return is_waiting


class RequestReader:
    """Turns what one client sends into requests, one after the other.

    Args:
        settings: gunicorn's configuration.
        client: the client's address.
        body_limit: the most bytes of a body that are read, given the head of the request.
        streams: whether a request with this head is handed on before its body is complete.
    """

    def __init__(
        self,
        settings: Any,
        client: Any,
        timeout: ReceiveTimeout,
        body_limit: BodyLimit,
        streams: Callable[[Any], bool] = lambda head: False,  # noqa: ARG005
    ) -> None:
        self._streams = streams
        self._parser = RequestParser(settings, iter(()), client)
        self._timeout = timeout
        self._body_limit = body_limit
        self._bytes = bytearray()
        self._searched = 0
        self._head: Any = None
        self._limit = 0
        self._chunks: _ChunksEnd | None = None
        self.deadline = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nothing of a next request has arrived."""
        return not self._bytes and self._head is None

    @property
    def size(self) -> int:
        """The number of bytes in memory."""
        return len(self._bytes)

    @property
    def head(self) -> Any:
        """gunicorn's head of the request whose body is still coming; else None."""
        return self._head

    def drop(self) -> None:
        """Free the memory of a request that is not to be answered."""
        self._bytes = bytearray()

    def begin(self) -> WholeRequest | None:
        """Begin with the next request; returns it if it has come completely already.

        Raises:
            ParseException: gunicorn's, about a wrong request.
        """
        self.deadline = time.monotonic() + self._timeout.seconds
        return self.feed(b"")

    def feed(self, data: bytes) -> WholeRequest | None:
        """Add *data* that the client sent; returns the request once it is complete.

        Raises:
            ParseException: gunicorn's, about a wrong request.
        """
        self.deadline += len(data) / self._timeout.bytes_per_second
        self._bytes += data
        if self._head is None:
            self._read_head()
            data = bytes(self._bytes)
        if self._head is None:
            return None
        if not self._chunks and self._streams(self._head):
            return self._hand_on(WholeRequest(self._head, *self._begin_stream()))
        body = self._read_chunks(self._chunks, data) if self._chunks else self._read_length()
        return None if body is None else self._hand_on(WholeRequest(self._head, body))

    def _hand_on(self, request: WholeRequest) -> WholeRequest:
        """*request*; the reader is then ready for the next one."""
        self._head = self._chunks = None
        return request

    def _begin_stream(self) -> tuple[bytes, int]:
        """The beginning of the body that has come, and the number of bytes that are missing."""
        length = self._head.body.reader.length
        beginning = bytes(self._bytes[:length])
        self._bytes = bytearray()
        self._head.force_close()  # the application may not read all of it
        return beginning, length - len(beginning)

    def expects_continue(self) -> bool:
        """Whether the client waits for “100 Continue” before it sends the body; true only once."""
        return self._head is not None and expects_continue(self._head)

    def _read_head(self) -> None:
        """Parse the head as soon as it is complete, or certainly invalid."""
        before, self._searched = self._searched, len(self._bytes)
        if self._bytes.find(BLANK_LINE, max(0, before - 3)) < 0:
            fresh = self._bytes[max(0, before - 1) :]
            has_bare_newline = fresh.count(b"\n") != fresh.count(b"\r\n")
            if not has_bare_newline and len(self._bytes) <= HEAD_BYTES:
                return
        unreader = self._parser.unreader
        unreader.buf = io.BytesIO(self._bytes)
        try:
            self._head = next(self._parser)
        except NoMoreData:
            if len(self._bytes) > HEAD_BYTES:
                raise LimitRequestHeaders("limit of all header fields") from None
            return
        self._bytes, self._searched = bytearray(unreader.take_buffered()), 0
        self._limit = self._body_limit(self._head)
        if not isinstance(self._head.body.reader, LengthReader):
            self._chunks = _ChunksEnd()

    def _read_length(self) -> bytes | None:
        length = self._head.body.reader.length
        if length > self._limit:
            self._head.force_close()  # it cannot be known where the next request begins
            return b""
        if len(self._bytes) < length:
            return None
        return self._decode(length)

    def _read_chunks(self, chunks: _ChunksEnd, data: bytes) -> bytes | None:
        is_over = chunks.feed(data)
        if not is_over and chunks.length > self._limit + READ_AHEAD:
            self._head.force_close()
            return self._decode(self._limit + 1)
        if len(self._bytes) - chunks.length > CHUNK_OVERHEAD and not is_over:
            raise InvalidChunkSize(b"too many small chunks")
        return self._decode(None) if is_over else None

    def _decode(self, length: int | None) -> bytes:
        """The first *length* bytes of the body, or all, read by gunicorn's strict parser."""
        unreader = self._parser.unreader
        pieces = _pieces(self._bytes)
        unreader.buf, unreader.iter = io.BytesIO(), pieces
        try:
            body: bytes = self._head.body.read(length)
        except NoMoreData:  # the other parser saw an end, or an error, where this one does not
            raise InvalidChunkSize(b"no end") from None
        self._bytes = bytearray(unreader.take_buffered()) + b"".join(pieces)
        return body


def _pieces(data: bytes | bytearray) -> Iterator[bytes]:
    """*data*, a piece after the other."""
    for start in range(0, len(data), PIECE_BYTES):
        yield bytes(data[start : start + PIECE_BYTES])


class _ChunksEnd:
    """Finds the end of a body that is sent in chunks."""

    def __init__(self) -> None:
        self.length = 0
        self._parser = PythonProtocol(on_body=self._count)
        self._parser.feed(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")

    def feed(self, data: bytes) -> bool:
        """Add *data*; whether the body has ended, or is invalid, so that no more of it is read."""
        try:
            self._parser.feed(data)
        except ParseError:
            return True
        return bool(self._parser.is_complete)

    def _count(self, chunk: bytes) -> None:
        self.length += len(chunk)
