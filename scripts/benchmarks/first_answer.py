"""The seconds from the installer's first line to a visitor's first right answer.

    PYTHONPATH=scripts python -m benchmarks.first_answer [--offline BUNDLE] [--text SITE.md]

Installs these sources, sends the forms of the set-up as a browser without scripts does, and asks as
a visitor. The owner's site has twenty pages, is made of SITE (see ``answers/written_sites``) and is
served on loopback; it is read as politely as any other. What the owner reads and types takes no
time here. BUNDLE is a folder of ``scripts/offline-bundle``; without it, packages come from where
pip finds them. Everything is removed at the end. Ends with 1 where nothing was answered.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import mkdtemp

import httpx

from benchmarks.answers.written_sites import Section, parse

ROOT = Path(__file__).resolve().parents[2]
TEXT = ROOT / "tests/answers/texts/hotel-les-arolles-fr.md"
PAGES = 20
SECONDS = 900
PASSWORD = "four words for sleeping"  # noqa: S105  # pragma: allowlist secret


@dataclass
class Clock:
    """Tells when each part was done, in seconds since the beginning."""

    began: float = field(default_factory=time.monotonic)
    last: float = 0.0

    def tell(self, part: str) -> None:
        passed = time.monotonic() - self.began
        print(f"{passed:7.1f} s  (+{passed - self.last:5.1f})  {part}", flush=True)
        self.last = passed


def write_site(sections: list[Section], folder: Path) -> dict[str, str]:
    """Write twenty pages, the first with links to all; each page's first question, by its path."""
    parts: list[list[Section]] = [[] for _ in range(PAGES)]
    for number, section in enumerate(sections):
        parts[number % PAGES].append(section)
    names = ["", *(f"page-{number}.html" for number in range(1, PAGES))]
    menu = "".join(
        f'<li><a href="/{name}">{html.escape(part[0].heading)}</a></li>'
        for name, part in zip(names, parts, strict=True)
    )
    for name, part in zip(names, parts, strict=True):
        text = "".join(
            f"<h2>{html.escape(each.heading)}</h2><p>{html.escape(' '.join(each.lines))}</p>"
            for each in part
        )
        title = html.escape(part[0].page)
        page = (
            f"<title>{title}</title><nav><ul>{menu}</ul></nav><main><h1>{title}</h1>{text}</main>"
        )
        (folder / (name or "index.html")).write_text(f"<!doctype html>{page}", encoding="utf-8")
    return {f"/{name}": part[0].questions[0] for name, part in zip(names, parts, strict=True)}


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        return


@contextmanager
def serve_site(folder: Path) -> Iterator[str]:
    """The address at which *folder* is served for as long as this lasts."""
    handler = partial(_QuietHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def install(prefix: Path, port: int, offline: Path | None, clock: Clock) -> str:
    """Install and start the server, telling what the installer says; returns the set-up's code."""
    words = ["sh", str(ROOT / "install.sh"), "--run", "--yes", "--no-service"]
    words += ["--prefix", str(prefix), "--port", str(port)]
    words += ["--offline", str(offline)] if offline else []
    code = ""
    # The site is on this machine, which a crawl does not ask without this.
    names = os.environ | {"CHATBOT_RETRIEVAL_PRIVATE_HOSTS": '["127.0.0.1"]', "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(words, env=names, stdout=subprocess.PIPE, text=True) as installer:
        assert installer.stdout
        for line in installer.stdout:
            code = code or "".join(re.findall(r"/setup#(\S+)", line))
            if line[:1].isalpha() and not code:
                clock.tell(line.strip())
    assert installer.returncode == 0, "the installer failed"
    clock.tell("installed and ready")
    return code


def wait(clock: Clock, part: str, is_done: Callable[[], object]) -> None:
    """Look every half second."""
    until = time.monotonic() + SECONDS
    while not is_done():
        assert time.monotonic() < until, f"never: {part}"
        time.sleep(0.5)
    clock.tell(part)


def set_up(browser: httpx.Client, code: str, site: str, clock: Clock) -> str:
    """Send the forms of the set-up until the site is read; returns the site's key."""
    account = {"token": code, "name": "Ann", "password": PASSWORD}
    assert browser.post("/setup", data=account).status_code == 303
    start = browser.post("/admin/start", data={"name": "My site", "address": site})
    key = start.headers["Location"].split("/")[2]
    clock.tell("account and address of the site given")
    pages, trial = f"/admin/{key}/pages", f"/admin/{key}/trial?setup=yes"

    def shown_pages() -> list[str]:
        return re.findall(r'name="shown" value="([^"]+)"', browser.get(pages).text)

    wait(clock, "pages found", lambda: len(shown_pages()) >= PAGES - 1)
    every_path = shown_pages()
    (number,) = re.findall(r'id="source-(\d+)"', browser.get(pages).text)
    chosen = {"shown": every_path, "ticked": every_path, "next": "yes"}
    assert browser.post(f"{pages}/{number}", data=chosen).status_code == 303

    def answer_count() -> int:
        return browser.get(trial).text.count('<div class="answer"')

    wait(clock, "a first answer is shown in the set-up", answer_count)
    wait(clock, "all pages read", lambda: 'data-live="done"' in browser.get(pages).text)
    wait(clock, "three answers are shown in the set-up", lambda: answer_count() >= 3)
    return key


def ask(browser: httpx.Client, key: str, question: str) -> tuple[str, str]:
    """A visitor's question: the origin of the answer, and the path of its first source."""
    events = browser.post("/api/chat", json={"site": key, "message": question}).text
    event_data = dict(re.findall(r"event: (\w+)\ndata: (.*)", events))
    assert "done" in event_data, events
    items = json.loads(event_data.get("sources", '{"items": []}'))["items"]
    path = httpx.URL(items[0]["url"]).path if items else ""
    return json.loads(event_data["done"])["origin"], path


def measure(options: argparse.Namespace, folder: Path) -> int:
    """From the installer's first line to the answers; 0 if any was right."""
    site_folder, prefix = folder / "site", folder / "chatbot"
    site_folder.mkdir()
    sections, _ = parse(options.text.read_text(encoding="utf-8"))
    questions = write_site(sections, site_folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    clock, right = Clock(), 0
    with serve_site(site_folder) as site:
        code = install(prefix, port, options.offline, clock)
        headers = {"Origin": address}
        with httpx.Client(base_url=address, headers=headers, timeout=SECONDS) as browser:
            key = set_up(browser, code, site, clock)
            for path, question in questions.items():
                is_right = ask(browser, key, question) == ("pages", path)
                if is_right and not right:
                    clock.tell(f"a visitor is answered: {question}")
                right += is_right
    clock.tell(f"of {len(questions)} visitors' questions, one a page, answered from it: {right}")
    return 0 if right else 1


def main() -> int:
    """Measure in a folder of its own, and remove what was installed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offline", type=Path)
    parser.add_argument("--text", type=Path, default=TEXT)
    folder = Path(mkdtemp(prefix="first-answer-"))
    try:
        return measure(parser.parse_args(), folder)
    finally:
        purge = ["sh", str(ROOT / "install.sh"), "--purge", "--yes", "--quiet"]
        subprocess.run([*purge, "--prefix", str(folder / "chatbot")])
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
