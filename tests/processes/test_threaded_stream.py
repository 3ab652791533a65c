"""A stream read from another thread: in order, with patience, and with an end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from chatbot_server.processes.threaded_stream import Put, StreamSilent, ThreadedStream

SECONDS = 10


def test_items_come_in_order_and_the_end_is_none() -> None:
    stream = ThreadedStream.of(["a", "b"])
    assert [stream.next(SECONDS) for _ in range(3)] == ["a", "b", None]


def test_what_is_raised_there_is_raised_here_after_what_came_before() -> None:
    def items() -> Iterator[str]:
        yield "a"
        raise TimeoutError("its own")

    stream = ThreadedStream.of(items())
    assert stream.next(SECONDS) == "a"
    with pytest.raises(TimeoutError, match="its own") as caught:
        stream.next(SECONDS)
    assert not isinstance(caught.value, StreamSilent)
    assert stream.next(SECONDS) is None


def test_silence_is_told_and_the_stream_goes_on() -> None:
    over = threading.Event()

    def produce(put: Put[str]) -> None:
        over.wait(SECONDS)
        put("late")

    stream = ThreadedStream(produce)
    with pytest.raises(StreamSilent):
        stream.next(0.01)
    over.set()
    assert stream.next(SECONDS) == "late"


def test_closing_wakes_the_reader_and_ends_the_thread() -> None:
    more, ended = threading.Event(), threading.Event()

    def produce(put: Put[str]) -> None:
        while put("x"):
            more.wait(SECONDS)
        ended.set()

    stream = ThreadedStream(produce)
    assert stream.next(SECONDS) == "x"
    threading.Timer(0.05, stream.close).start()
    assert stream.next(SECONDS) is None
    more.set()
    stream.close(patience=SECONDS)
    assert ended.is_set()
