"""Who is refused when long bodies take too much memory together."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest
from support.patience import LONG as PATIENCE
from support.patience import wait_for
from support.servers.impatient import LARGEST
from support.servers.impatient_server import THREADS, start_gunicorn
from support.servers.ports import free_port

from chatbot_server.web.server.long_bodies import LONG_TOGETHER

ATTACKER, HONEST = "127.0.0.2", "127.0.0.3"
LONG_BODY = b"x" * 2_000_000

Post = Callable[..., socket.socket]


@pytest.fixture
def post() -> Iterator[Post]:
    """Begins a request of an address: its whole body has *length*, and *sent* bytes come."""
    port = free_port()
    server = start_gunicorn(port, 4)
    with ExitStack() as opened:

        def begin(
            address: str, length: int, sent: int, path: str = "/form", cookie: str = ""
        ) -> socket.socket:
            connection = socket.create_connection(("127.0.0.1", port), PATIENCE, (address, 0))
            opened.enter_context(connection)
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n"
            head += f"Cookie: {cookie}\r\n" if cookie else ""
            connection.sendall(f"{head}\r\n".encode())
            with suppress(ConnectionError):  # refused meanwhile
                connection.sendall(b"x" * sent)
            return connection

        yield begin
    server.terminate()
    server.wait(PATIENCE)


def status(connection: socket.socket) -> str:
    return connection.recv(4096).decode().split(" ")[1]


def is_refused(connection: socket.socket) -> bool:
    """Whether the server has answered a request of which it was still reading."""
    connection.setblocking(False)
    try:
        return status(connection) == "503"
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(PATIENCE)


def test_who_holds_most_is_refused_and_anothers_long_body_comes_through(post: Post) -> None:
    share = LONG_TOGETHER // 2
    held = [post(ATTACKER, LARGEST, share) for _ in range(2)]
    for _ in range(3):
        assert status(post(HONEST, len(LONG_BODY), len(LONG_BODY))) == "200"
    wait_for(lambda: any(is_refused(each) for each in held))


def test_of_a_household_the_shortest_body_goes_and_the_longest_comes_to_its_end(post: Post) -> None:
    longest = post(ATTACKER, LARGEST, LARGEST - 1)
    shorter = [post(ATTACKER, LARGEST, LONG_TOGETHER // 4) for _ in range(2)]
    wait_for(lambda: any(is_refused(each) for each in shorter))
    longest.sendall(b"x")
    assert status(longest) == "200"


def test_who_is_logged_in_is_refused_after_strangers(post: Post) -> None:
    owner = post(HONEST, LARGEST, LARGEST - 1, "/owner", "logged-in")
    stranger = post(ATTACKER, LARGEST, LONG_TOGETHER - LARGEST + 1_000_000)
    assert status(stranger) == "503"
    owner.sendall(b"x")
    assert status(owner) == "200"


def test_bodies_that_wait_for_a_thread_count_like_those_that_come(post: Post) -> None:
    answers = [post(f"127.0.0.{number}", 0, 0, "/stream") for number in range(4, 4 + THREADS)]
    for answer in answers:
        assert status(answer) == "200"  # which keeps a thread
    share = LONG_TOGETHER // 2 - 100_000
    waiting = [post(ATTACKER, share, share) for _ in range(2)]
    honest = post(HONEST, len(LONG_BODY), len(LONG_BODY))
    wait_for(lambda: any(is_refused(each) for each in waiting))
    post("127.0.0.9", 0, 0, "/healthz?go-on")
    assert status(honest) == "200"


def test_a_long_body_that_needs_a_log_in_is_not_read_without_one(post: Post) -> None:
    for cookie in ("", "guessed"):
        stranger = post(ATTACKER, LARGEST, 0, "/owner", cookie)
        assert status(stranger) == "200"  # answered without its body
    owner = post(HONEST, LARGEST, LARGEST, "/owner", "logged-in")
    assert status(owner) == "200"
