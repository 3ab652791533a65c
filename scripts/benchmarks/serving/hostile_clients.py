"""Clients that send or read slowly, or never, against honest visitors of the same server.

For each shape, 200 sockets from 127.0.0.2, opened again as often as the server closes them; or,
with ``--addresses 200``, each from an address of its own. Prints how long honest visitors (from
127.0.0.1) wait for an answer, and somebody else for ``/healthz``, ÷ a quiet round just before; and
what an answer costs the web server's processor, with all that it does meanwhile, in milliseconds.
``--through`` asks all of it of a web server in front. Exit 1 if the answers' p95 was doubled.

    PYTHONPATH=scripts python -m benchmarks.serving.hostile_clients --through nginx
"""

from __future__ import annotations

import argparse
import asyncio
import math
import multiprocessing
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.serving.front_servers import NAMES, front_server
from benchmarks.serving.visitors import Round, fill, new_questions, percentile
from benchmarks.serving.web_server import WebServer, web_server

PAGES = [(f"Room {number}", f"Room {number} has {number + 2} chairs.") for number in range(20)]
QUESTIONS = [f"How many chairs has room {number}?" for number in range(20)]
POST = b"POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
PUSH = b"POST /api/knowledge/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n"
MANY = b"GET /widget.js HTTP/1.1\r\nHost: x\r\n\r\n" * 400
TICK = 1.0


@dataclass(frozen=True)
class Shape:
    """What a socket sends at its beginning, and what it sends and reads each second."""

    begin: bytes = b""
    more: bytes = b""
    reads: int = 0


SHAPES = {
    "silent": Shape(),
    "half a head": Shape(POST),
    "half a body": Shape(POST + b"Content-Length: 90\r\n\r\n{"),
    "a head by bytes": Shape(POST + b"X-Long: ", b"x"),
    "a body by bytes": Shape(POST + b"Content-Length: 9000\r\n\r\n{", b" "),
    "2 MB without a signature": Shape(PUSH, b"x" * 2100),
    "chunks without end": Shape(
        POST + b"Transfer-Encoding: chunked\r\n\r\n", b"834\r\n" + b" " * 2100 + b"\r\n"
    ),
    "never reads": Shape(MANY, MANY),
    "reads by bytes": Shape(MANY, MANY, 1),
}


def main() -> int:
    """One line for each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", default=",".join(SHAPES))
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--addresses", type=int, default=1)
    parser.add_argument("--visitors", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--through", choices=NAMES)
    options = parser.parse_args()
    # Behind a web server, the visitors' addresses are those that it names.
    sections = {"server": {"trusted_proxies": 1}} if options.through else {}
    with tempfile.TemporaryDirectory(prefix="chatbot-hostile-") as name, ExitStack() as running:
        folder = Path(name)
        site = fill(folder, PAGES)
        semantic = {"semantic": "off"}
        server = running.enter_context(
            web_server(folder, {"model": None}, retrieval=semantic, **sections)
        )
        if options.through:
            front = front_server(options.through, server.url, folder / "front")
            server = replace(server, url=running.enter_context(front))
        return int(worst_ratio(server, site, options) >= 2)


def worst_ratio(server: WebServer, site: str, options: argparse.Namespace) -> float:
    """Let each shape attack, and print what visitors saw; the highest p95 ÷ that of a quiet round.

    Infinite where no visitor got an answer.
    """
    honest(server, site, options, 2)
    worst = 0.0
    for name in options.shapes.split(","):
        quiet = honest(server, site, options, options.seconds)
        with attack(SHAPES[name], server, options):
            held = honest(server, site, options, options.seconds)
        before, meanwhile = (percentile(each.answers, 0.95) for each in (quiet, held))
        ratio = meanwhile / before if held.answers and before else math.inf
        worst = max(worst, ratio)
        print(f"{name:25} {figures_of(quiet)} → {figures_of(held)}: p95 × {ratio:.2f}", flush=True)
    return worst


def honest(server: WebServer, site: str, options: argparse.Namespace, seconds: float) -> Round:
    """Visitors who ask for some seconds, each question another one."""
    results = Round(server, site, new_questions(QUESTIONS))
    asyncio.run(results.run(options.visitors, seconds))
    return results


def figures_of(results: Round) -> str:
    """The figures of a round."""
    p50, p95 = (percentile(results.answers, share) for share in (0.5, 0.95))
    healthz = percentile(results.outsider, 0.99)
    refusals = f", refused {dict(results.refused)}" if results.refused else ""
    times = f"p50 {p50:.0f} p95 {p95:.0f} /healthz {healthz:.0f} ms"
    return f"{len(results.answers)} answers, {times}, processor {cost(results):.1f}{refusals}"


def cost(results: Round) -> float:
    """Milliseconds of the web server's processor for each answer, whatever else it did."""
    return 1000 * results.processor.get("web", 0.0) / max(1, len(results.answers))


@contextmanager
def attack(shape: Shape, server: WebServer, options: argparse.Namespace) -> Iterator[None]:
    """*shape* in a process of its own, so that it does not slow who measures."""
    port = urlsplit(server.url).port
    values = (shape, port, options.sockets, options.addresses)
    process = multiprocessing.get_context("spawn").Process(target=hold_all, args=values)
    process.start()
    time.sleep(2)  # until all are there
    try:
        yield
    finally:
        process.kill()
        process.join()


def hold_all(shape: Shape, port: int, sockets: int, addresses: int) -> None:
    """Keep *sockets* open, until this process is killed."""

    async def run() -> None:
        places = [f"127.0.{2 + number // 200}.{2 + number % 200}" for number in range(addresses)]
        await asyncio.gather(
            *(hold(shape, port, places[number % addresses]) for number in range(sockets))
        )

    asyncio.run(run())


async def hold(shape: Shape, port: int, address: str) -> None:
    """One socket, and the next when the server has closed it."""
    loop = asyncio.get_running_loop()
    while True:
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.bind((address, 0))
            connection.setblocking(False)
            try:
                await loop.sock_connect(connection, ("127.0.0.1", port))
                unsent = shape.begin
                while True:
                    unsent = send(connection, unsent) or shape.more
                    await asyncio.sleep(TICK)
                    receive(connection, shape.reads)
            except OSError:
                await asyncio.sleep(0.05)


def send(connection: socket.socket, data: bytes) -> bytes:
    """What could not be sent of *data*, because nothing is read at the other end."""
    try:
        return data[connection.send(data) :] if data else b""
    except BlockingIOError:
        return data


def receive(connection: socket.socket, size: int) -> None:
    """Read *size* bytes, if there are any.

    Raises:
        ConnectionResetError: the server has closed the connection.
    """
    try:
        data = connection.recv(size or 1, 0 if size else socket.MSG_PEEK)
    except BlockingIOError:
        return
    if not data:
        raise ConnectionResetError


if __name__ == "__main__":
    raise SystemExit(main())
