"""Whether a visitor is still there, on a server with very many open files."""

from __future__ import annotations

import fcntl
import resource
import socket
from collections.abc import Iterator

import pytest
from flask import Request

from chatbot_server.web.server.disconnect import disconnect_check

BEYOND_SELECT = 1100


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Our end, whose number ``select`` does not know, and the visitor's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    near, far = socket.socketpair()
    ours = socket.socket(fileno=fcntl.fcntl(near, fcntl.F_DUPFD, BEYOND_SELECT))
    near.close()
    with ours, far:
        yield ours, far
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_who_waits_is_there_until_the_connection_is_closed(
    connection: tuple[socket.socket, socket.socket],
) -> None:
    ours, far = connection
    assert ours.fileno() >= BEYOND_SELECT
    left = disconnect_check(Request({"gunicorn.socket": ours}))
    assert not left()
    far.sendall(b"GET /next")
    assert not left()
    ours.recv(100)
    far.close()
    assert left()


def test_a_connection_that_we_closed_counts_as_left() -> None:
    ours, far = socket.socketpair()
    left = disconnect_check(Request({"gunicorn.socket": ours}))
    ours.close()
    far.close()
    assert left()
