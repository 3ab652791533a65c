"""Visitors who each ask once and keep their stream open, all at the same time; and the memory.

    PYTHONPATH=scripts python -m benchmarks.serving.open_streams MODEL.gguf [--streams 500]

The model writes to as many as it has slots for; the others wait in its queue with their place. Each
visitor has an address of its own, as behind a web server. Prints how many streams are open, and the
memory of all of the server's processes (PSS) before and while they are. Ends after ``--seconds``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.serving.web_server import WebServer, processes, web_server
from chatbot_server.bench.memory import pss_mb

MOST_SECONDS = 120


async def keep_open(server: WebServer, number: int, states: list[str]) -> None:
    """Ask, and read what comes until this task is cancelled; notes the last event's name."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.url).port)
    message = f"Write a long story about the number {number}."
    body = json.dumps({"site": server.site, "message": message}).encode()
    writer.write(
        b"POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"X-Forwarded-For: 127.2.%d.%d\r\nX-Forwarded-Proto: http\r\nContent-Length: %d\r\n\r\n"
        % (number // 200, 1 + number % 200, len(body))
        + body
    )
    try:
        states[number] = (await reader.readline()).split(b" ", 2)[1].decode()
        while line := await reader.readline():
            if line.startswith(b"event: "):
                states[number] = line[7:].strip().decode()
        states[number] = "closed"
    finally:
        writer.close()


async def hold(server: WebServer, count: int, seconds: float) -> None:
    """Print memory and states every few seconds while *count* streams are open."""
    states = ["not answered"] * count
    print(f"before: {told(server)}", flush=True)
    tasks = [asyncio.create_task(keep_open(server, number, states)) for number in range(count)]
    for _ in range(max(1, int(seconds // 5))):
        await asyncio.sleep(5)
        print(f"{dict(Counter(states))}: {told(server)}", flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def told(server: WebServer) -> str:
    """The memory of each process, and of all, in MB."""
    sizes = {role: pss_mb(pid) or 0 for role, pid in processes(server.pid).items()}
    each = ", ".join(f"{role} {size:.0f}" for role, size in sizes.items())
    return f"{sum(sizes.values()):.0f} MB ({each})"


def main() -> None:
    """Open them, look, and close them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    engine = {"model": str(options.model.absolute()), "queue": min(1000, options.streams)}
    limits: dict[str, Any] = {name: ["100000 per minute"] for name in ("visitor", "site")}
    limits |= {"streams": options.streams}
    with (
        tempfile.TemporaryDirectory(prefix="chatbot-streams-") as folder,
        web_server(Path(folder), engine, server={"trusted_proxies": 1}, limits=limits) as server,
    ):
        seconds = min(options.seconds, MOST_SECONDS)
        asyncio.run(hold(server, options.streams, seconds))


if __name__ == "__main__":
    main()
