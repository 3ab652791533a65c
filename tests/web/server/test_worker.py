"""A request that never ends keeps no thread; a slow one, and any answer, may take its time."""

from __future__ import annotations

import http.client
import os
import selectors
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import httpx
import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]
from support.patience import LONG, wait_for
from support.servers.impatient_server import THREADS, start_gunicorn
from support.servers.ports import free_port

from chatbot_server.service import processes
from chatbot_server.web.server.connection import MOST_UNSENT, Connection
from chatbot_server.web.server.incoming import ReceiveTimeout, RequestReader
from chatbot_server.web.server.worker import NEW_OBJECTS, Worker

HALF_A_HEADER = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Le"
HALF_A_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"
SLOW = b"x" * 400_000  # earns the rest minutes
END = b"0\r\n\r\n"
CROWD = 30

Connect = Callable[[bytes], socket.socket]


@pytest.fixture
def port() -> Iterator[int]:
    """A gunicorn with the impatient worker and few threads."""
    port = free_port()
    server = start_gunicorn(port, 4)
    yield port
    server.terminate()
    server.wait(LONG)


@pytest.fixture
def connect(port: int) -> Iterator[Connect]:
    """Sends something on a connection of its own."""
    with ExitStack() as opened:

        def begun(request: bytes) -> socket.socket:
            connection = socket.socket()
            opened.enter_context(connection)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            connection.settimeout(LONG)
            connection.connect(("127.0.0.1", port))
            connection.sendall(request)
            return connection

        yield begun


def get(port: int, path: str = "/") -> str:
    return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=LONG).text


def received_until(connection: socket.socket, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        piece = connection.recv(4096)
        assert piece, data
        data += piece
    return data


def hung_up(connection: socket.socket) -> bool:
    """Wait for the server's end of the connection."""
    with suppress(ConnectionResetError):
        while connection.recv(65_536):
            pass
    return True


def test_a_worker_that_loads_for_long_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = "import time\ntime.sleep(5)\nfrom support.servers.impatient import app as app\n"
    (tmp_path / "loads_slowly.py").write_text(slow)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    port = free_port()
    server = start_gunicorn(port, 4, ("loads_slowly:app", "--timeout", "2"))
    assert get(port) == "0"
    server.terminate()
    server.wait(LONG)


@pytest.mark.parametrize("half", [b"", HALF_A_HEADER, HALF_A_BODY])
def test_requests_that_never_end_do_not_silence_the_server(
    port: int, connect: Connect, half: bytes
) -> None:
    silent = [connect(half) for _ in range(CROWD)]
    assert get(port) == "0"
    assert all(hung_up(connection) for connection in silent)


def test_clients_that_never_read_do_not_silence_the_server(port: int, connect: Connect) -> None:
    much = b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n"
    silent = [connect(3 * much) for _ in range(CROWD)]
    for _ in range(THREADS + 1):
        assert get(port) == "0"
    wait_for(lambda: all(has_been_closed(connection) for connection in silent))


def test_the_system_takes_little_for_a_client_that_never_reads() -> None:
    much = 100 * [bytes(100_000)]
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        client.connect(listener.getsockname())
        sock, address = listener.accept()
        reader = RequestReader(Config(), address, ReceiveTimeout(), lambda _: 0, lambda _: False)
        with (
            selectors.DefaultSelector() as selector,
            closing(Connection(sock, address, reader, selector)) as connection,
        ):
            for piece in much:
                connection.outbox.sendall(piece)
            connection.send(LONG)
            assert 10_000_000 - connection.outbox.size < 4 * MOST_UNSENT


def has_been_closed(connection: socket.socket) -> bool:
    """Whether the server has given the client up, told without reading what it sent before."""
    try:
        connection.sendall(b"x")
    except OSError:
        return True
    return False


def test_a_request_that_trickles_is_answered_and_others_meanwhile(
    port: int, connect: Connect
) -> None:
    # Its beginning earns it the time that a busy machine may take for the others.
    slow = connect(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400004\r\n\r\n" + SLOW)
    for byte in (b"a", b"b", b"c"):
        slow.sendall(byte)
        assert get(port) == "0"
    slow.sendall(b"d")
    assert b"200 OK" in slow.recv(4096)


def test_a_body_that_comes_before_it_is_asked_for_is_read(port: int, connect: Connect) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert connect(head + b"ab").recv(4096).startswith(b"HTTP/1.1 200 OK")


def test_a_long_body_is_read_while_it_comes_one_at_a_time(port: int, connect: Connect) -> None:
    head = b"POST /long HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n"
    first = connect(head + SLOW)
    second = connect(head + SLOW)
    assert b"503" in second.recv(4096)
    for _ in range(9):
        first.sendall(SLOW)
        assert get(port) == "0"
    assert b"\r\n4000000\r\n" in received_until(first, END)
    assert hung_up(first)
    waiting = connect(head.replace(b"Host", b"Expect: 100-continue\r\nHost"))
    assert b"100 Continue" in waiting.recv(4096)
    waiting.sendall(SLOW * 10)
    assert b"\r\n4000000\r\n" in received_until(waiting, END)


def test_a_long_body_that_does_not_come_is_given_up(port: int, connect: Connect) -> None:
    head = b"POST /long HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n"
    assert hung_up(connect(head))
    assert hung_up(connect(head + b"ab"))  # the place is free again
    longer = connect(head.replace(b"/long", b"/other") + SLOW)
    assert b"200" in longer.recv(4096)
    assert get(port) == "0"


def test_who_watches_the_server_is_answered_while_every_thread_is_busy(
    port: int, connect: Connect
) -> None:
    busy = [connect(b"GET /stream HTTP/1.0\r\n\r\n") for _ in range(THREADS)]
    for connection in busy:
        assert b"begin" in connection.recv(4096)
    assert get(port, "/healthz") == "0"
    assert get(port, "/healthz?go-on") == "0"
    assert all(hung_up(connection) for connection in busy)


def test_streams_of_events_keep_no_thread_and_notice_who_leaves(
    port: int, connect: Connect
) -> None:
    streams = [connect(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(CROWD)]
    for connection in streams:
        assert b"begin" in connection.recv(4096)
    assert get(port, "/readers") == str(CROWD)
    leaving, staying = streams[: CROWD // 2], streams[CROWD // 2 :]
    for connection in leaving:
        connection.close()
    wait_for(lambda: get(port, "/readers") == str(len(staying)))
    get(port, "/healthz?go-on")
    for connection in staying:
        assert received_until(connection, b"0\r\n\r\n").endswith(b"end\r\n0\r\n\r\n")
    assert get(port, "/readers") == "0"
    staying[0].sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")  # the connection goes on
    assert received_until(staying[0], b"0\r\n\r\n").endswith(b"1\r\n0\r\n0\r\n\r\n")


def test_an_answer_that_is_there_at_once_is_sent_whole_and_closed(
    port: int, connect: Connect
) -> None:
    whole = connect(2 * b"GET /whole HTTP/1.1\r\nHost: x\r\n\r\n")
    data = b""
    while data.count(b"5\r\nwhole\r\n0\r\n\r\n") < 2:  # one packet may hold both
        data += received_until(whole, b"0\r\n\r\n")
    assert get(port, "/readers") == "0"


def test_pipelined_requests_are_answered_in_turn(port: int, connect: Connect) -> None:
    many = connect(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 2000)
    many.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
    assert b"".join(iter(lambda: many.recv(65_536), b"")).count(b"200 OK") == 2001


def test_a_body_that_keeps_coming_and_a_long_answer_are_left_alone(
    port: int, connect: Connect
) -> None:
    whole = http.client.HTTPConnection("127.0.0.1", port, LONG)
    for length in (0, 1, 100_000):  # on one connection that is kept alive
        whole.request("POST", "/", b"x" * length)
        assert whole.getresponse().read() == b"%d" % length
    slow = connect(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 800000\r\n\r\n" + SLOW)
    with httpx.stream("GET", f"http://127.0.0.1:{port}/stream", timeout=LONG) as stream:
        pieces = stream.iter_text()
        assert next(pieces) == "begin "
        assert hung_up(connect(HALF_A_HEADER))  # so the time of both others is over, too
        slow.sendall(SLOW)
        slow.shutdown(socket.SHUT_WR)
        assert b"800000" in b"".join(iter(lambda: slow.recv(4096), b""))
        whole.request("POST", "/healthz?go-on", b"xx")
        assert whole.getresponse().read() == b"2"
        assert "".join(pieces) == "end"
    whole.close()


def test_a_worker_whose_parent_was_killed_lets_the_next_server_have_the_port() -> None:
    port = free_port()
    server = start_gunicorn(port, 2 * LONG)
    with socket.create_connection(("127.0.0.1", port), LONG) as stream:
        stream.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"begin" in stream.recv(4096)
        server.kill()
        server.wait()

        def is_free() -> bool:
            with socket.socket() as probe, suppress(OSError):
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
                return True
            return False

        wait_for(is_free)
        stream.setblocking(False)
        with pytest.raises(BlockingIOError):  # who reads an answer still does
            stream.recv(4096)


def test_the_server_runs_it() -> None:
    assert f"{Worker.__module__}.{Worker.__qualname__}" == processes.WORKER


def test_no_garbage_collection_looks_at_many_new_objects_while_visitors_wait(port: int) -> None:
    assert int(get(port, "/objects")) == NEW_OBJECTS
