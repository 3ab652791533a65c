"""What is measured in processes of its own: a whole server, and the libraries alone."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

START_SECONDS = 180


class Raw:
    """A library alone (:mod:`chatbot_server.bench.raw`)."""

    def __init__(self, library: str, file: Path, threads: int, slots: int) -> None:
        words = [library, str(file), str(threads), str(slots)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "chatbot_server.bench.raw", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._read()

    def ask(self, **request: object) -> Any:
        """The answer to one request."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _read(self) -> Any:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        return json.loads(self._process.stdout.readline())


@dataclass(frozen=True)
class Heard:
    """One answer over HTTP: seconds to its first token and to its end, and its tokens."""

    first: float
    whole: float
    tokens: int
    conversation: str
    secret: str

    @property
    def write_speed(self) -> float:
        """Tokens per second after the first."""
        return (self.tokens - 1) / max(1e-9, self.whole - self.first)


@dataclass(frozen=True)
class WebServer:
    """A running ``chatbot-server serve``."""

    pid: int
    url: str
    site: str
    run_dir: Path
    start_seconds: float

    def ask(self, message: str, before: Heard | None = None) -> Heard:
        """Ask as a visitor's browser does; *before* goes on with that conversation."""
        body = {"site": self.site, "message": message}
        headers = {"Origin": self.url}
        if before:
            body["conversation"] = before.conversation
            headers["Authorization"] = f"Bearer {before.secret}"
        began = time.monotonic()
        first, start, done = 0.0, {}, {}
        with httpx.stream(
            "POST", f"{self.url}/api/chat", json=body, headers=headers, timeout=300
        ) as response:
            response.raise_for_status()
            for name, data in _events(response.iter_lines()):
                if name == "token":
                    first = first or time.monotonic() - began
                elif name == "start":
                    start = data
                elif name in ("done", "error"):
                    done = data
        whole = time.monotonic() - began
        if "usage" not in done or not done["usage"]:
            raise RuntimeError(f"no answer of the model: {done}")
        secret = start.get("secret") or (before.secret if before else "")
        return Heard(
            first, whole, done["usage"]["completion_tokens"], start["conversation"], secret
        )


@contextmanager
def web_server(folder: Path, engine: dict[str, Any]) -> Iterator[WebServer]:
    """A server with a folder of its own and the settings *engine*."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    file = folder / "config.yaml"
    limits: dict[str, Any] = {"visitor": ["100000 per minute"], "site": ["100000 per minute"]}
    limits["visitor_streams"] = 200  # all come from one address
    settings = {"server": {"port": port}, "engine": engine, "limits": limits, "data_dir": "data"}
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = [sys.executable, "-m", "chatbot_server", "--config", str(file)]
    began = time.monotonic()
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([*command, "serve"], stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_ready(process, url)
        seconds = time.monotonic() - began
        sites = subprocess.run(
            [*command, "site", "list", "--json"], capture_output=True, check=True
        )
        site = next(site["key"] for site in json.loads(sites.stdout) if site["demo"])
        yield WebServer(process.pid, url, site, folder / "data" / "run", seconds)
    finally:
        process.terminate()
        process.wait(30)


def _wait_ready(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.02)
    raise RuntimeError("the server did not become ready")


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)
