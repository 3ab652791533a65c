"""A request that never ends keeps no thread; a slow one, and any answer, may take its time."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from support.patience import LONG, wait_for
from support.ports import free_port

from chatbot_server.service import processes
from chatbot_server.web.worker import TimedConnection, Worker

HALF_A_HEADER = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Le"
HALF_A_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"
SLOW = b"x" * 400_000  # earns the rest minutes
THREADS = 3

Connect = Callable[[bytes], socket.socket]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A gunicorn with the impatient worker and few threads."""
    port = free_port()
    words = ["support.impatient:app", "--worker-class", "support.impatient.Impatient"]
    words += ["--bind", f"127.0.0.1:{port}", "--threads", str(THREADS), "--no-control-socket"]
    words += ["--graceful-timeout", "1", "--log-level", "error", "--keep-alive", str(LONG)]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *words], cwd=Path(__file__).parents[1]
    )

    def up() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_for(up)
    yield port
    server.terminate()
    server.wait(LONG)


@pytest.fixture
def connect(port: int) -> Iterator[Connect]:
    """Sends something on a connection of its own."""
    with ExitStack() as opened:

        def begun(request: bytes) -> socket.socket:
            connection = socket.create_connection(("127.0.0.1", port), LONG)
            opened.enter_context(connection)
            connection.sendall(request)
            return connection

        yield begun


def hung_up(connection: socket.socket) -> bool:
    """Wait for the server's end of the connection."""
    while connection.recv(4096):
        pass
    return True


@pytest.mark.parametrize("half", [HALF_A_HEADER, HALF_A_BODY])
def test_requests_that_never_end_do_not_silence_the_server(
    port: int, connect: Connect, half: bytes
) -> None:
    silent = [connect(half) for _ in range(THREADS)]
    assert httpx.get(f"http://127.0.0.1:{port}/", timeout=LONG).text == "0"
    assert all(hung_up(connection) for connection in silent)


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
        whole.request("POST", "/go-on", b"xx")
        assert whole.getresponse().read() == b"2"
        assert "".join(pieces) == "end"
    whole.close()


def test_what_has_come_is_read_and_what_comes_too_late_is_not() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        patience = TimedConnection(ours, 0.0, 1e9)
        theirs.sendall(b"GET")
        assert patience.recv(100) == b"GET"
        assert patience.recv(100) == b""
        with pytest.raises(BrokenPipeError):
            theirs.sendall(b" /")
        patience.begin()
        assert patience.recv(100) == b""


def test_the_server_runs_it() -> None:
    assert f"{Worker.__module__}.{Worker.__qualname__}" == processes.WORKER
