"""What strangers send is neither in the log nor able to forge or fill it."""

from __future__ import annotations

import io
import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.patience import LONG, wait_for
from support.servers.ports import free_port

from chatbot_server.service import processes
from chatbot_server.web.middleware.log_lines import LINES_A_MINUTE, ServerLog, make_plain

WRONG = [
    b"GET / my name is Bob HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nX-Bob: \x1b[31m\r\n\r\n",
    b"GET /bob HTTP/1.1\r\nHost: x\r\nCookie: bob=" + b"b" * 9000 + b"\r\n\r\n",
    b"POST /bob HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nbob\r\n",
]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a logger named “plain” writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    make_plain(handler)
    logger = logging.getLogger("plain")
    logger.addHandler(handler)
    logger.propagate = False
    yield stream
    logger.removeHandler(handler)


def test_no_line_looks_like_another_and_no_terminal_obeys(written: io.StringIO) -> None:
    logging.getLogger("plain").warning("got %s", "x\n2026 ERROR forged\x1b[31m\u202e")
    try:
        raise ValueError("y\n2026 ERROR forged\x9b")
    except ValueError:
        logging.getLogger("plain").exception("failed")
    lines = written.getvalue().splitlines()
    assert lines[0].endswith("got x\\n2026 ERROR forged\\x1b[31m\\u202e")
    assert not [line for line in lines if line.startswith("2026 ERROR")]
    assert lines[-1].endswith("ERROR | ValueError")  # its words may be a visitor's


def test_one_place_warns_so_often_a_minute_and_answers_are_told_on(written: io.StringIO) -> None:
    logger = logging.getLogger("plain")
    logger.setLevel(logging.INFO)
    for number in range(3 * LINES_A_MINUTE):
        logger.warning("warned %d", number)
        logger.info("answered %d", number)
    logger.warning("another")
    text = written.getvalue()
    assert LINES_A_MINUTE <= text.count("warned") <= 2 * LINES_A_MINUTE  # a minute may end in it
    assert text.count("answered") == 3 * LINES_A_MINUTE
    assert "(no more of these this minute)" in text
    assert text.endswith("another\n")


def test_a_refused_request_leaves_neither_its_words_nor_its_address(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    words = [
        "support.servers.impatient:app",
        "--worker-class",
        processes.WORKER,
        "--no-control-socket",
    ]
    words += ["--bind", f"127.0.0.1:{port}", "--logger-class", processes.LOGGER]
    words += ["--no-control-socket"]
    words += ["--log-level", "warning"]
    with log.open("wb") as file:
        command = [sys.executable, "-m", "gunicorn", *words]
        server = subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=file)
    address = ("127.0.0.1", port)

    def up() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(address) == 0

    wait_for(up)
    statuses = []
    for request in 10 * WRONG:
        with socket.create_connection(address, LONG) as connection:
            connection.sendall(request)
            statuses.append(connection.recv(65_536).split()[1])
    server.terminate()
    server.wait(LONG)
    text = log.read_text()
    assert set(statuses) == {b"400", b"431"}
    assert "a request was refused: InvalidChunkSize" in text
    assert "a request was refused: LimitRequestHeaders" in text
    assert "Traceback" not in text
    assert "bob" not in text.lower()
    assert "127.0.0.1" not in text.replace(f"http://127.0.0.1:{port}", "")
    assert text.count("refused") <= 2 * LINES_A_MINUTE


def test_the_server_runs_it() -> None:
    assert f"{ServerLog.__module__}.{ServerLog.__qualname__}" == processes.LOGGER
