"""However a client cuts what it sends, it is read as gunicorn's parser reads the whole of it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.http.errors import (  # type: ignore[import-untyped]
    InvalidChunkSize,
    LimitRequestHeaders,
    NoMoreData,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from chatbot_server.web.server.incoming import ReceiveTimeout, RequestReader

CLIENT = ("192.0.2.1", 5000)
LIMIT, TIMEOUT = 5000, ReceiveTimeout()
GET = b"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab\r\n\r\ncde"
CHUNKED = b"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = b'6;a="b"\r\nab\r\n\r\n\r\n2\r\ncd\r\n'
RIGHT = [
    GET,
    POST,
    b"\r\n" + POST,
    GET + POST + GET,
    CHUNKED + CHUNKS + b"0\r\n\r\n" + POST + GET,
    CHUNKED + CHUNKS + b"0\r\nX-Sum: 1\r\n\r\n" + GET,
    CHUNKED + b"0\r\n\r\n",
]
WRONG = [
    b"GET / HTTP/1.1\nHost: x\n\n",
    b"GET / HTTP/1.1\r\nHost: x\n\r\n",
    b"GET /\r\n\r\n",
    b"\r\n\r\n" + GET,
    b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    CHUNKED + b"zz\r\nab\r\n0\r\n\r\n",
    CHUNKED + b"-2\r\nab\r\n0\r\n\r\n",
    CHUNKED + b"2\r\nabc\r\n0\r\n\r\n",
    CHUNKED + b"2\r\nab\r\n0\r\nHost: y\r\n\r\n",
]


def reader(timeout: ReceiveTimeout = TIMEOUT) -> RequestReader:
    return RequestReader(Config(), CLIENT, timeout, lambda head: LIMIT)


def describe(head: Any, body: bytes) -> tuple[Any, ...]:
    return head.method, head.uri, head.headers, head.trailers, body


def status_of(error: Exception) -> int:
    """As gunicorn's worker answers; what is wrong first may be told otherwise."""
    return 501 if isinstance(error, UnsupportedTransferCoding) else 400


def read(pieces: list[bytes]) -> list[Any]:
    """The requests of *pieces*, and the status of the error they end with."""
    requests: list[Any] = []
    incoming = reader()
    try:
        incoming.begin()
        for piece in pieces:
            request = incoming.feed(piece)
            while request:
                requests.append(describe(request.head, request.body))
                request = incoming.begin()
    except ParseException as error:
        requests.append(status_of(error))
    return requests


def read_by_gunicorn(raw: bytes) -> list[Any]:
    """The same by gunicorn alone."""
    parser, requests = RequestParser(Config(), iter([raw]), CLIENT), []
    try:
        while True:
            head = next(parser)
            requests.append(describe(head, head.body.read()))
    except (NoMoreData, StopIteration):
        return requests
    except ParseException as error:
        return [*requests, status_of(error)]


@pytest.mark.parametrize("raw", RIGHT + WRONG)
def test_byte_by_byte_it_is_what_gunicorn_reads_at_once(raw: bytes) -> None:
    requests = read_by_gunicorn(raw)
    assert read([bytes([byte]) for byte in raw]) == requests
    assert read([raw]) == requests
    assert requests
    assert (raw in WRONG) == isinstance(requests[-1], int)


def test_lines_of_chunks_without_carriage_return_are_not_waited_for() -> None:
    assert read([CHUNKED + b"2\nab\n0\n\n"]) == [400]


@given(st.sampled_from(RIGHT), st.lists(st.integers(1, 40)))
def test_cuts_change_nothing(raw: bytes, sizes: list[int]) -> None:
    pieces, rest = [], raw
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    assert read([*pieces, rest]) == read_by_gunicorn(raw)


def test_half_a_request_is_none() -> None:
    for raw in (GET[:-1], POST[:-1], CHUNKED + CHUNKS + b"0\r\n\r"):
        assert read([raw]) == []


def test_a_body_longer_than_wanted_is_not_collected() -> None:
    by_length = reader()
    by_length.begin()
    request = by_length.feed(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n")
    assert request is not None
    assert (request.body, request.head.should_close()) == (b"", True)
    in_chunks = reader()
    in_chunks.begin()
    request = in_chunks.feed(CHUNKED)
    while request is None:
        request = in_chunks.feed(b"100\r\n" + b"x" * 256 + b"\r\n")
    assert (len(request.body), request.head.should_close()) == (LIMIT + 1, True)


@pytest.mark.parametrize(
    ("begin", "more", "error"),
    [
        (b"GET / HTTP/1.1\r\n", b"X: " + b"x" * 4000 + b"\r\n", LimitRequestHeaders),
        (CHUNKED, b"1;" + b"x" * 1000 + b"\r\na\r\n", InvalidChunkSize),
    ],
)
def test_neither_heads_nor_small_chunks_fill_the_memory(
    begin: bytes, more: bytes, error: type[Exception]
) -> None:
    incoming = reader()
    incoming.begin()
    incoming.feed(begin)
    for _ in range(10):
        assert incoming.feed(more) is None
    with pytest.raises(error):
        incoming.feed(100 * more)


def test_a_client_that_expects_continue_is_told_so_once() -> None:
    incoming = reader()
    incoming.begin()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert incoming.feed(head) is None
    assert incoming.expects_continue()
    assert not incoming.expects_continue()
    request = incoming.feed(b"ab")
    assert request is not None
    assert request.body == b"ab"


def test_a_body_that_keeps_coming_earns_time() -> None:
    incoming = reader(ReceiveTimeout(10.0, 100.0))
    incoming.begin()
    before = incoming.deadline - time.monotonic()
    assert 9 < before <= 10
    incoming.feed(POST[:50])
    assert incoming.deadline - time.monotonic() > before


def test_a_body_in_small_chunks_holds_the_loop_no_longer_than_another() -> None:
    chunk = b"c8\r\n" + b"x" * 200 + b"\r\n"
    in_chunks = RequestReader(Config(), CLIENT, TIMEOUT, lambda head: 2_000_000)
    in_chunks.begin()
    began = time.process_time()
    assert in_chunks.feed(CHUNKED + chunk * 9000) is None
    request = in_chunks.feed(b"0\r\n\r\n" + GET)
    assert request is not None
    assert len(request.body) == 1_800_000
    assert in_chunks.begin() is not None  # the request behind it
    assert time.process_time() - began < 5  # it was a minute


def test_the_smallest_chunks_are_counted_not_only_their_bytes() -> None:
    in_chunks = RequestReader(Config(), CLIENT, TIMEOUT, lambda head: 2_000_000)
    in_chunks.begin()
    with pytest.raises(InvalidChunkSize, match="small chunks"):
        in_chunks.feed(CHUNKED + b"1\r\nx\r\n" * 20_000)
