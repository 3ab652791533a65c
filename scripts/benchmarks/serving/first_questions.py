"""How long the first visitors of a server wait, and what a question costs that nobody asked before.

Fills a server with five small sites of ``tests/answers``, then prints how long each of the first
questions took after a start, after a restart, and while several visitors ask at once; then what
answers cost each of the server's processes, and their memory after a thousand different questions.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice, zip_longest
from pathlib import Path

import httpx

from benchmarks.answers.question_sets import small_sites
from benchmarks.serving.visitors import percentile
from benchmarks.serving.web_server import Served, WebServer, processes, processor_seconds
from chatbot_server.bench.memory import pss_mb
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.curate.jobs import embed_all
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.index.embedder import make_embedder
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.site.sites import add_site

FOLDER = Path(__file__).resolve().parents[3] / "tests" / "answers" / "paraphrased"
SITES = ("secondary-school-en", "yoga-studio-en", "yarn-shop-en", "festival-fr", "copropriete-fr")
FIRST = 30

Asked = tuple[str, str]


def main() -> int:
    """Measure, and write the answers of the first questions to ``--save``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of sites and questions")
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--save", type=Path, help="where the first 200 answers are written")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatbot-first-") as folder:
        keys = fill(Path(folder), options.folder)
        sample = list(islice(questions(options.folder, keys), options.questions))
        served = Served(Path(folder), {"model": None}, {"retrieval": {"semantic": "on"}})
        for name in ("start", "restart"):
            server = served.start()
            try:
                report(name, server, sample[:FIRST], 1)
            finally:
                served.end()
        server = served.start()
        try:
            report(f"restart, {options.at_once} at once", server, sample[:FIRST], options.at_once)
            answers = report("the same and further", server, sample, 1)
            print_memory(server)
        finally:
            served.end()
    if options.save:
        options.save.write_text(json.dumps(answers[:200], indent=1, ensure_ascii=False))
    return 0


def fill(folder: Path, sites: Path) -> dict[str, str]:
    """A database with the sites of :data:`SITES`, indexed; their keys by name."""
    (folder / "data").mkdir()
    database = Database(f"sqlite:///{folder / 'data' / 'chatbot.db'}")
    database.migrate()
    pages = {name: drafts for name, drafts, _questions in small_sites(sites) if name in SITES}
    keys = {name: add_pages(database, name, drafts) for name, drafts in pages.items()}
    embedder = make_embedder("on")
    assert embedder is not None
    began = time.process_time()
    embed_all(database, embedder)
    embedder.close()
    database.close()
    size = (folder / "data" / "chatbot.db").stat().st_size / 1e6
    print(
        f"indexed; {time.process_time() - began:.1f} s here; {size:.1f} MB of database", flush=True
    )
    return keys


def add_pages(database: Database, name: str, drafts: Sequence[Draft]) -> str:
    """A site with these pages; its key."""
    with database.session() as session:
        site = add_site(session, name)
        source = open_source(session, site.id, "file", "pages")
        for draft in drafts:
            indexing.put(session, source, analyse(draft))
        return site.key


def questions(folder: Path, keys: dict[str, str]) -> Iterator[Asked]:
    """Different questions with the key of their site, of each site in turn."""
    by_site: dict[str, dict[str, None]] = {name: {} for name in SITES}
    for file in ("questions.jsonl", "training.jsonl"):
        for line in (folder / file).read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["site"] in by_site and not record.get("history"):
                by_site[record["site"]][record["q"]] = None
    turns = ([(keys[name], text) for text in texts] for name, texts in by_site.items())
    return filter(None, chain.from_iterable(zip_longest(*turns)))


def report(name: str, server: WebServer, sample: Sequence[Asked], at_once: int) -> list[str]:
    """Ask, and print how long it took; the answers."""
    before = processor_seconds(server.pid)
    seconds, answers = ask_all(server, sample, at_once)
    after = processor_seconds(server.pid)
    costs = ", ".join(
        f"{role} {1000 * (after[role] - before.get(role, 0.0)) / len(sample):.1f}"
        for role in ("web", "embedder")
    )
    p50, p95 = (percentile(seconds, share) for share in (0.5, 0.95))
    print(
        f"{name:32} {len(sample):5} questions  first {1000 * seconds[0]:5.0f}  p50 {p50:5.0f}"
        f"  p95 {p95:5.0f}  last {percentile(seconds, 1):5.0f} ms  processor ms each: {costs}",
        flush=True,
    )
    return answers


def ask_all(
    server: WebServer, sample: Sequence[Asked], at_once: int
) -> tuple[list[float], list[str]]:
    """The seconds that each took, and the answers."""
    limits = httpx.Limits(max_connections=at_once)
    with httpx.Client(base_url=server.url, timeout=60, limits=limits) as client:
        client.get("/healthz")

        def ask(question: Asked) -> tuple[float, str]:
            site, text = question
            began = time.monotonic()
            response = client.post("/api/chat", json={"site": site, "message": text})
            if response.is_error:
                raise RuntimeError(f"{response.status_code}: {response.text}")
            return time.monotonic() - began, answer_of(response.text)

        with ThreadPoolExecutor(at_once) as visitors:
            results = list(visitors.map(ask, sample))
    return [seconds for seconds, _answer in results], [answer for _seconds, answer in results]


def answer_of(events: str) -> str:
    """What the visitor reads, with its sources, and how it was found."""
    parts = []
    for event in events.split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in event.splitlines())
        data = json.loads(fields.get("data") or "{}")
        if fields.get("event") == "done":
            parts.append(data["origin"])
        elif fields.get("event") in ("token", "sources"):
            parts.append(json.dumps(data, sort_keys=True, ensure_ascii=False))
    return "\n".join(parts)


def print_memory(server: WebServer) -> None:
    """The memory of each process."""
    sizes = {role: pss_mb(pid) or 0.0 for role, pid in processes(server.pid).items()}
    print("PSS in MB:", ", ".join(f"{role} {size:.0f}" for role, size in sizes.items()))


if __name__ == "__main__":
    raise SystemExit(main())
