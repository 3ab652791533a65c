"""Many visitors ask one server at once: new questions answered from pages, and one question again.

Prints answers per second, percentiles, what was refused, how long somebody else waits for
``/healthz`` meanwhile, and what an answer costs each of the server's processes: the processor's
time, which is the same on a busy machine. The visitors take a part of the same machine: how much of
it, stands beside.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.public_data import XQUAD, add_data_argument
from benchmarks.serving.web_server import WebServer, processor_seconds, web_server
from chatbot_server.retrieval.curate.jobs import embed_all
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.retrieval.curate.quality.question_files import read_squad
from chatbot_server.retrieval.index.embedder import make_embedder
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site

PAGES = 60


def main() -> int:
    """Fill a server, then ask with more and more visitors."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_data_argument(parser, XQUAD)
    parser.add_argument("--visitors", default="1,8,24,48,100,200,500")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--kinds", default="new,again")
    parser.add_argument("--semantic", default="auto")
    options = parser.parse_args()
    paragraphs, squad_questions = read_squad(options.data / XQUAD)
    paragraphs = paragraphs[:PAGES]
    addresses = {paragraph.url for paragraph in paragraphs}
    texts = [each.text for each in squad_questions if each.relevant <= addresses]
    with tempfile.TemporaryDirectory(prefix="chatbot-visitors-") as folder:
        site = fill(Path(folder), [(each.title, each.text) for each in paragraphs])
        sections = {"retrieval": {"semantic": options.semantic}, "server": {"trusted_proxies": 1}}
        with web_server(Path(folder), {"model": None}, **sections) as server:
            for kind in options.kinds.split(","):
                print(f"\n{kind}", flush=True)
                asyncio.run(ladder(server, site, kind, texts, options))
    return 0


def fill(folder: Path, pages: list[tuple[str, str]], address: str = "") -> str:
    """A site with *pages*, indexed by words and meaning; its key.

    Args:
        address: of an empty database; empty: a file in *folder*.
    """
    (folder / "data").mkdir()
    database = Database(address or f"sqlite:///{folder / 'data' / 'chatbot.db'}")
    database.migrate()
    with database.session() as session:
        site = add_site(session, "Visited")
        key, site_id = site.key, site.id
    for title, text in pages:
        add_note(database, site_id, title, text)
    if embedder := make_embedder("auto"):
        embed_all(database, embedder)
        embedder.close()
    database.close()
    return key


async def ladder(
    server: WebServer, site: str, kind: str, texts: list[str], options: argparse.Namespace
) -> None:
    """One line for each number of visitors."""
    questions = new_questions(texts) if kind == "new" else again(texts)
    warm_up = Round(server, site, questions)
    await warm_up.ask_until(time.monotonic() + 2, "127.9.9.9")
    for visitors in map(int, options.visitors.split(",")):
        round_ = Round(server, site, questions)
        await round_.run(visitors, options.seconds)
        print(f"{visitors:5} visitors {round_.line()}", flush=True)


def new_questions(texts: list[str]) -> Iterator[str]:
    """Each another text than all before."""
    for number in count():
        text = texts[number % len(texts)]
        turn = number // len(texts)
        yield text if not turn else f"{text.rstrip('?')} ({turn})?"


def again(texts: list[str]) -> Iterator[str]:
    """Twenty questions in turns."""
    for number in count():
        yield texts[number % 20]


@dataclass
class Round:
    """A number of visitors who ask for some seconds, and what they got."""

    server: WebServer
    site: str
    questions: Iterator[str]
    seconds: float = 0.0
    answers: list[float] = field(default_factory=list)
    outsider: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    processor: dict[str, float] = field(default_factory=dict)

    async def run(self, visitors: int, seconds: float) -> None:
        """Ask, and look from outside meanwhile."""
        self.seconds = seconds
        end = time.monotonic() + seconds
        addresses = [f"127.1.{number // 200}.{1 + number % 200}" for number in range(visitors)]
        asking = (self.ask_until(end, address) for address in addresses)
        before = self._processor_seconds()
        await asyncio.gather(self.look_until(end), *asking)
        after = self._processor_seconds()
        self.processor = {role: after[role] - before.get(role, 0.0) for role in after}

    def _processor_seconds(self) -> dict[str, float]:
        """What the server's processes have taken, and the visitors, which are this process."""
        return processor_seconds(self.server.pid) | {"visitors": time.process_time()}

    async def ask_until(self, end: float, address: str) -> None:
        """One visitor: a new conversation with each question."""
        reader, writer = await self._connect()
        while time.monotonic() < end:
            body = json.dumps({"site": self.site, "message": next(self.questions)}).encode()
            began = time.monotonic()
            writer.write(
                b"POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"X-Forwarded-For: %b\r\nX-Forwarded-Proto: http\r\nContent-Length: %d\r\n\r\n"
                % (address.encode(), len(body))
                + body
            )
            try:
                head, text = await read_response(reader)
            except (OSError, asyncio.IncompleteReadError):
                self.refused["closed"] += 1
                reader, writer = await self._connect()
                continue
            if b"event: done" in text:
                self.answers.append(time.monotonic() - began)
            else:
                self.refused[head.split(b" ", 2)[1].decode()] += 1
                await asyncio.sleep(0.2)
        writer.close()

    async def look_until(self, end: float) -> None:
        """Somebody else asks whether the server lives, ten times a second."""
        reader, writer = await self._connect()
        while time.monotonic() < end:
            began = time.monotonic()
            with suppress(OSError, asyncio.IncompleteReadError):
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                await read_response(reader)
            self.outsider.append(time.monotonic() - began)
            await asyncio.sleep(0.1)
        writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = urlsplit(self.server.url).port
        return await asyncio.open_connection("127.0.0.1", port)

    def line(self) -> str:
        """The figures."""
        p50, p95, p99 = (percentile(self.answers, share) for share in (0.5, 0.95, 0.99))
        healthz = percentile(self.outsider, 0.99)
        costs = ", ".join(
            f"{role} {1000 * seconds / max(1, len(self.answers)):.1f}"
            for role, seconds in self.processor.items()
        )
        return (
            f"{len(self.answers) / self.seconds:7.1f} answers/s  p50 {p50:5.0f} p95 {p95:5.0f}"
            f" p99 {p99:5.0f} ms  /healthz p99 {healthz:4.0f} ms  refused {dict(self.refused)}"
            f"  processor ms an answer: {costs}"
        )


async def read_response(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of one response."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b"chunked" in head:
        return head, await reader.readuntil(b"\r\n0\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length")
    )
    return head, await reader.readexactly(length)


def percentile(values: list[float], share: float) -> float:
    """In milliseconds."""
    ordered = sorted(values) or [0.0]
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


if __name__ == "__main__":
    raise SystemExit(main())
